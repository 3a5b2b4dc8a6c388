/**
 * Where the text of a stream is cut into blocks, which are the places that Anthropic's shape tells:
 * behind what a citation is about, and where the provider's own blocks end.
 *
 * What has gone cannot be cut any more. A block that holds what is cited therefore begins where the
 * one before it ended, and ends as soon as its citation is told. Anthropic takes no block back that
 * is all white space: none begins or ends so.
 */
import type { Span } from "#proxy/exchange/text-ruler.ts"

export interface TextPiece {
  readonly text: string
  /** It begins the next block. */
  readonly isNext: boolean
}

/** Points are code points of the choice's text, as places count them. */
export class TextCuts {
  private points = 0
  /** Whether the last character may be half of one. */
  private isHalf = false
  private isBlank = true
  /** Where the open block ends, once something says so. */
  private end = Number.POSITIVE_INFINITY

  /** The text in pieces, the first of the open block unless it says otherwise. */
  take(text: string): readonly TextPiece[] {
    const at = this.indexOfEnd(text)
    const rest = text.slice(at)
    const here = text.slice(0, at)
    this.count(text)
    const wasBlank = this.isBlank && isBlank(here)
    if (isBlank(rest)) {
      this.isBlank = wasBlank
      return [{ text, isNext: false }]
    }
    this.end = Number.POSITIVE_INFINITY
    this.isBlank = false
    // Too early for an end: nothing has been said yet.
    if (wasBlank) return [{ text, isNext: false }]
    const next = { text: rest, isNext: true }
    return here === "" ? [next] : [{ text: here, isNext: false }, next]
  }

  /** A citation of that place is told with the open block. */
  cite(place: Span | null): void {
    if (place === null) return
    const isOpen = this.end === Number.POSITIVE_INFINITY
    this.end = isOpen ? place.end : Math.max(this.end, place.end)
  }

  /** The provider's own block ends here. */
  endBlock(): void {
    this.end = Math.min(this.end, this.points)
  }

  /** The open block is closed for another reason. */
  close(): void {
    this.isBlank = true
    this.end = Number.POSITIVE_INFINITY
  }

  private indexOfEnd(text: string): number {
    if (this.end === Number.POSITIVE_INFINITY) return text.length
    let point = this.points
    let at = this.isHalf && isOtherHalf(text.charCodeAt(0)) ? 1 : 0
    for (; at < text.length && point < this.end; point++) {
      at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
    }
    return at
  }

  private count(text: string): void {
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (!(this.isHalf && isOtherHalf(unit))) this.points++
      this.isHalf = unit >= 0xd800 && unit < 0xdc00
    }
  }
}

function isOtherHalf(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}

function isBlank(text: string): boolean {
  return !/\S/.test(text)
}
