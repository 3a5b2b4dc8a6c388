/**
 * An attempt's call of its upstream, and what becomes of the connection under it.
 *
 * In: the call once it is dispatched; that it ended, is to be cut, or is to be read to its end.
 * Out: a connection that may serve again, or one that is closed. It must not know what an answer
 * is.
 */
import type { Cancel, Ports, UpstreamCall } from "#proxy/exchange/ports.ts"

export class AttemptCall {
  readonly #after: Ports["after"]
  #call: UpstreamCall | null = null
  /** By either side. */
  #hasEnded = false
  #isCut = false
  #drainBytesLeft = 0
  #cancelDrain: Cancel | null = null

  constructor({ after }: Pick<Ports, "after">) {
    this.#after = after
  }

  /** What the dispatch gave: what its handlers heard meanwhile may have cut it already. */
  open(call: UpstreamCall): void {
    this.#call = call
    if (this.#isCut) this.cut()
  }

  resume(): void {
    this.#call?.resume()
  }

  /** `text` without the key. */
  conceal(text: string): string {
    return this.#call?.conceal(text) ?? text
  }

  /** The upstream ended it. */
  noteEnd(): void {
    this.#hasEnded = true
    this.#stopDraining()
  }

  /** Its connection is not used again. */
  cut(): void {
    this.#isCut = true
    this.#stopDraining()
    if (this.#hasEnded || this.#call === null) return
    this.#hasEnded = true
    this.#call.abort()
  }

  /** Reads on for so long and so much, so that the connection can serve again; then cuts it. */
  drain(forMs: number, bytesMax: number): void {
    if (this.#hasEnded) return
    this.#drainBytesLeft = bytesMax
    this.#cancelDrain = this.#after(forMs, () => this.cut())
  }

  /** What comes when the attempt is over. */
  skip(bytes: Uint8Array): void {
    this.#drainBytesLeft -= bytes.length
    if (this.#drainBytesLeft < 0) this.cut()
  }

  #stopDraining(): void {
    this.#cancelDrain?.()
    this.#cancelDrain = null
  }
}
