/** Follows the text of a JSON object, piece by piece, to see where it is whole. */

export class ObjectScan {
  private depth = 0
  private hasBegun = false
  private isInString = false
  private isEscaped = false

  /** The object has been closed: an empty text may yet begin one. */
  get isWhole(): boolean {
    return this.hasBegun && this.depth === 0
  }

  grow(text: string): void {
    for (let at = 0; at < text.length; at++) this.step(text.charCodeAt(at))
  }

  private step(unit: number): void {
    if (this.isEscaped) this.isEscaped = false
    else if (this.isInString) {
      if (unit === BACKSLASH) this.isEscaped = true
      else if (unit === QUOTE) this.isInString = false
    } else if (unit === QUOTE) this.isInString = true
    else if (unit === OPEN) {
      this.depth++
      this.hasBegun = true
    } else if (unit === CLOSE) this.depth--
  }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN = 0x7b
const CLOSE = 0x7d
