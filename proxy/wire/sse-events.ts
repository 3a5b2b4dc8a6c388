/**
 * Server-sent events as bytes: where each whole event ends, at any split, without decoding
 * anything.
 *
 * In: chunks as they come. Out: one buffer at a time in which whole events lie back to back. It
 * must not know what the data means. Bytes are never changed: an unfinished event waits here, so
 * what is passed on is always whole events.
 *
 * Source: WHATWG HTML, 9.2 "Server-sent events"; lines end in LF, CR or CRLF.
 */

/**
 * Called for each event that is now whole: it lies in `bytes` from `start` to `end`, its blank line
 * included (the LF of a CRLF may open the next one). The bytes are the receiver's.
 */
export type OnEvent = (bytes: Uint8Array, start: number, end: number) => void

export interface EventSplitter {
  /** False: an unfinished event is over the limit, and nothing more may be pushed. */
  push(chunk: Uint8Array): boolean
  /** Bytes of the unfinished event. */
  readonly bytesHeld: number
}

const LF = 0x0a
const CR = 0x0d

export function createEventSplitter(eventBytesMax: number, onEvent: OnEvent): EventSplitter {
  return new Splitter(eventBytesMax, onEvent)
}

class Splitter implements EventSplitter {
  private readonly eventBytesMax: number
  private readonly onEvent: OnEvent
  /** The unfinished event, grown by doubling so that a slow drip costs no more than its bytes. */
  private held = new Uint8Array(0)
  private heldBytes = 0
  private isLineStart = true
  private isAfterCr = false
  /** Whether the line before ended in CRLF: then the LF of a blank one is waited for. */
  private isCrlf = false
  private isLfDue = false

  constructor(eventBytesMax: number, onEvent: OnEvent) {
    this.eventBytesMax = eventBytesMax
    this.onEvent = onEvent
  }

  get bytesHeld(): number {
    return this.heldBytes
  }

  push(chunk: Uint8Array): boolean {
    const heldBefore = this.heldBytes
    const bytes = heldBefore === 0 ? chunk : this.hold(chunk)
    let start = 0
    let at = heldBefore
    for (;;) {
      const end = this.eventEnd(bytes, at)
      if (end < 0) break
      this.onEvent(bytes, start, end)
      start = end
      at = end
    }
    this.keep(bytes, start)
    return this.heldBytes <= this.eventBytesMax
  }

  /**
   * End of the event under way, or -1 when it is not whole; remembers where in a line it stopped.
   */
  private eventEnd(bytes: Uint8Array, from: number): number {
    const { length } = bytes
    if (this.isLfDue && from < length) {
      this.isLfDue = false
      return bytes[from] === LF ? from + 1 : from
    }
    let { isLineStart, isAfterCr } = this
    let at = from
    while (at < length) {
      if ((bytes[at] ?? 0) > CR) {
        isLineStart = false
        isAfterCr = false
        at = skipText(bytes, at)
        if (at === length) break
      }
      const byte = bytes[at] ?? 0
      at++
      if (byte !== LF && byte !== CR) {
        isLineStart = false
        isAfterCr = false
      } else if (byte === LF && isAfterCr) {
        isAfterCr = false
        this.isCrlf = true
      } else if (isLineStart) {
        // A blank line ends the event; the LF of a CRLF belongs to it.
        const isPair = byte === CR && bytes[at] === LF
        this.isLfDue = byte === CR && at === length && this.isCrlf
        this.isLineStart = true
        this.isAfterCr = byte === CR && !isPair && !this.isLfDue
        if (this.isLfDue) return -1
        return isPair ? at + 1 : at
      } else {
        isAfterCr = byte === CR
        isLineStart = true
        this.isCrlf = false
      }
    }
    this.isLineStart = isLineStart
    this.isAfterCr = isAfterCr
    return -1
  }

  /** Appends to what is held; the view is of this buffer until the next push. */
  private hold(chunk: Uint8Array): Uint8Array {
    const total = this.heldBytes + chunk.length
    if (total > this.held.length) {
      const grown = new Uint8Array(Math.max(total, this.held.length * 2, 1024))
      grown.set(this.held.subarray(0, this.heldBytes))
      this.held = grown
    }
    this.held.set(chunk, this.heldBytes)
    this.heldBytes = total
    return this.held.subarray(0, total)
  }

  /** Events before `start` were handed out: what is held of theirs is theirs, the rest moves on. */
  private keep(bytes: Uint8Array, start: number): void {
    const isHeld = this.heldBytes > 0
    if (isHeld && start === 0) return
    this.heldBytes = 0
    if (isHeld) this.held = new Uint8Array(0)
    if (start < bytes.length) this.hold(bytes.subarray(start))
  }
}

/**
 * From a byte of a line to the next line ends that may be of a blank line, or to the end: every
 * second byte is looked at, since a blank line ends in two of them in a row. `at` is no line end.
 */
function skipText(bytes: Uint8Array, at: number): number {
  const { length } = bytes
  let next = at + 2
  while (next < length && (bytes[next] ?? 0) > CR) next += 2
  const before = next - 1
  return before < length && (bytes[before] ?? 0) > CR ? Math.min(next, length) : before
}
