/**
 * A body that is waited for whole, up to a limit.
 *
 * Pieces are copied into one run as they come, and not kept until the end: the large run goes back
 * to the kernel when it is let go, while thousands of pieces leave holes that only further pieces
 * fill.
 */

/** Of the second piece's run; each next run is twice as long. */
const RUN_BYTES_MIN = 16 * 1024
const NOTHING = new Uint8Array(0)

/** A class: there is one for each attempt, and a literal with a getter costs a microsecond. */
export class BodyParts {
  #run: Uint8Array = NOTHING
  #length = 0

  /** What is held, in bytes. */
  get bytes(): number {
    return this.#length
  }

  /** False when this piece is over the limit: it and what came before are let go. */
  add(bytes: Uint8Array, bytesMax: number): boolean {
    const before = this.#length
    const length = before + bytes.length
    if (length > bytesMax) {
      this.drop()
      return false
    }
    this.#length = length
    if (before === 0) this.#run = bytes
    else {
      // The first piece is no run of ours: it has no room behind it.
      if (length > this.#run.length) this.#run = longer(this.#run, before, length)
      this.#run.set(bytes, before)
    }
    return true
  }

  /** All of it, which is then let go; a single piece is given back as it came. */
  take(): Uint8Array {
    const run = this.#run
    const length = this.#length
    this.drop()
    return run.length === length ? run : run.subarray(0, length)
  }

  drop(): void {
    this.#run = NOTHING
    this.#length = 0
  }
}

function longer(run: Uint8Array, used: number, needed: number): Uint8Array {
  const next = new Uint8Array(Math.max(RUN_BYTES_MIN, needed * 2))
  next.set(run.subarray(0, used))
  return next
}
