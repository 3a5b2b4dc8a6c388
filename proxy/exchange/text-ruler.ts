/**
 * Where places lie in a text that comes in pieces, in the units that APIs count in: code points and
 * bytes of UTF-8.
 *
 * The text itself is not kept: what is kept grows with the changes of width in it, at most one
 * small entry a character. A character that is cut between two pieces is one; half of one alone
 * counts as what UTF-8 has for it, three bytes.
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

/** Characters of the same width, from a point and the byte where it begins. */
interface Run {
  readonly point: number
  readonly byte: number
  readonly width: number
}

export class TextRuler {
  private readonly runs: Run[] = []
  private seenPoints = 0
  private seenBytes = 0
  /** First half of a character whose other half may follow. */
  private half = ""

  add(piece: string): void {
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
    return this.seenPoints + this.half.length
  }

  get bytes(): number {
    return this.seenBytes + this.half.length * HALF_BYTES
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
    const run = this.runBefore("point", point)
    return Math.min(run.byte + (point - run.point) * run.width, this.bytes)
  }

  private pointAt(byte: number): number {
    const run = this.runBefore("byte", byte)
    return Math.min(run.point + (byte - run.byte) / run.width, this.points)
  }

  private note(width: number): void {
    if (this.runs.at(-1)?.width !== width) {
      this.runs.push({ point: this.seenPoints, byte: this.seenBytes, width })
    }
    this.seenPoints++
    this.seenBytes += width
  }

  /** The last one that begins at or before; behind the text what its half character is. */
  private runBefore(unit: "point" | "byte", place: number): Run {
    const rest = { point: this.seenPoints, byte: this.seenBytes, width: HALF_BYTES }
    if (place >= rest[unit]) return rest
    let low = 0
    let high = this.runs.length
    while (high - low > 1) {
      const middle = (low + high) >>> 1
      if ((this.runs[middle]?.[unit] ?? 0) <= place) low = middle
      else high = middle
    }
    return this.runs[low] ?? rest
  }
}

const HALF_BYTES = 3

function isFirstHalf(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

function isOtherHalf(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}
