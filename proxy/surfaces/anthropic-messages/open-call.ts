/** One call of a tool in a stream: its block, and whether its arguments are whole. */

export class OpenCall {
  readonly id: string
  readonly name: string
  /** Of its block; -1 while it waits for one. */
  index = -1
  /** What came while it waits. */
  private held = ""
  private depth = 0
  private hasBegun = false
  private isInString = false
  private isEscaped = false

  constructor({ id, name }: { readonly id: string; readonly name: string }) {
    this.id = id
    this.name = name
  }

  /** The object that the arguments are has been closed: an empty text may yet begin one. */
  get isWhole(): boolean {
    return this.hasBegun && this.depth === 0
  }

  grow(text: string): void {
    for (let at = 0; at < text.length; at++) this.step(text.charCodeAt(at))
    if (this.index < 0) this.held += text
  }

  take(): string {
    const { held } = this
    this.held = ""
    return held
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
