/**
 * Where places lie in a text that comes in pieces, in the units that APIs count in: code points and
 * bytes of UTF-8.
 *
 * The text itself is not kept: what is kept grows with the changes of width in it, two numbers for
 * each, up to `MARKS_MAX`; a text with more is measured no further, and what follows lies beyond
 * it. A character that is cut between two pieces is one; half of one alone counts as what UTF-8 has
 * for it, three bytes.
 */

/** From `start` to before `end`, both from 0; never empty. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Null for what holds nothing. Google leaves a start of 0 out. */
export function spanOf(start: number | undefined, end: number | undefined): Span | null {
  const from = start ?? 0
  return end === undefined || end <= from ? null : { start: from, end }
}

/** What of a place lies in a piece of the text, counted from its start; null when nothing does. */
export function cutSpan(span: Span | null, piece: Span): Span | null {
  if (span === null) return null
  const start = Math.max(span.start, piece.start) - piece.start
  return spanOf(start, Math.min(span.end, piece.end) - piece.start)
}

/** 16 MB of numbers; languages whose words change width have a change every few characters. */
const MARKS_MAX = 1_000_000

export class TextRuler {
  /** Where the width of characters changes, in either unit, and last the end of what was read. */
  private readonly pointMarks = [0]
  private readonly byteMarks = [0]
  private lastWidth = 0
  /** First half of a character whose other half may follow. */
  private half = ""

  add(piece: string): void {
    if (this.pointMarks.length >= MARKS_MAX) return
    const text = this.half + piece
    const isCut = isFirstHalf(text.charCodeAt(text.length - 1))
    const end = isCut ? text.length - 1 : text.length
    this.half = text.slice(end)
    for (let index = 0; index < end; index++) {
      const unit = text.charCodeAt(index)
      const isPair = isFirstHalf(unit) && isOtherHalf(text.charCodeAt(index + 1))
      if (isPair) index++
      this.note(isPair ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3)
    }
  }

  get points(): number {
    return endOf(this.pointMarks) + this.half.length
  }

  get bytes(): number {
    return endOf(this.byteMarks) + this.half.length * HALF_BYTES
  }

  /** What lies beyond the text is cut off; null when nothing is left. */
  bytesOf(span: Span): Span | null {
    return spanOf(this.byteAt(span.start), this.byteAt(span.end))
  }

  /** A character that a place cuts belongs to it whole; what lies beyond the text is cut off. */
  pointsOf(bytes: Span): Span | null {
    const start = Math.floor(this.pointAt(bytes.start))
    return spanOf(start, Math.ceil(this.pointAt(bytes.end)))
  }

  private byteAt(point: number): number {
    const beyond = (point - endOf(this.pointMarks)) * HALF_BYTES
    if (beyond > 0) return Math.min(endOf(this.byteMarks) + beyond, this.bytes)
    return convert(point, this.pointMarks, this.byteMarks)
  }

  private pointAt(byte: number): number {
    const beyond = (byte - endOf(this.byteMarks)) / HALF_BYTES
    if (beyond > 0) return Math.min(endOf(this.pointMarks) + beyond, this.points)
    return convert(byte, this.byteMarks, this.pointMarks)
  }

  private note(width: number): void {
    const point = endOf(this.pointMarks) + 1
    const byte = endOf(this.byteMarks) + width
    const at = width === this.lastWidth ? this.pointMarks.length - 1 : this.pointMarks.length
    this.pointMarks[at] = point
    this.byteMarks[at] = byte
    this.lastWidth = width
  }
}

function endOf(marks: readonly number[]): number {
  return marks.at(-1) ?? 0
}

/** Between two marks both units grow alike. `place` is at the last mark at most. */
function convert(place: number, from: readonly number[], to: readonly number[]): number {
  let low = 0
  let high = from.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((from[middle] ?? 0) < place) low = middle + 1
    else high = middle
  }
  const [end = 0, endTo = 0] = [from[low], to[low]]
  const [start = end, startTo = endTo] = [from[low - 1], to[low - 1]]
  return endTo - (end === start ? 0 : ((end - place) * (endTo - startTo)) / (end - start))
}

const HALF_BYTES = 3

function isFirstHalf(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

function isOtherHalf(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}
