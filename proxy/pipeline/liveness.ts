/**
 * How long an upstream's stream has been silent.
 *
 * Content is life. Comments and pings are too, since a model may think for minutes behind them, but
 * only for so long: an upstream that hangs may go on pinging (`reliability.md` F26).
 */

/** Comments alone keep a stream for so many times its idle limit. */
const KEEP_ALIVE_TIMES = 5

/** All times are monotonic ms. */
export class Liveness {
  #contentAt = 0
  #bytesAt = 0

  /** Content came, or the silence so far was not the upstream's. */
  noteContent(now: number): void {
    this.#contentAt = now
    this.#bytesAt = now
  }

  /** Something came that is no content. */
  noteBytes(now: number): void {
    this.#bytesAt = now
  }

  /** When it will have been silent for too long, if nothing more comes. */
  silentAt(idleMs: number): number {
    return Math.min(this.#bytesAt + idleMs, this.#contentAt + KEEP_ALIVE_TIMES * idleMs)
  }
}
