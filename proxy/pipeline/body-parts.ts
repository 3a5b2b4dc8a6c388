/**
 * A body that is waited for whole, up to a limit.
 *
 * Pieces are copied into one run as they come, and not kept until the end: the large run goes back
 * to the kernel when it is let go, while thousands of pieces leave holes that only further pieces
 * fill.
 */

export interface BodyParts {
  /** False when this piece is over the limit: it and what came before are let go. */
  add(bytes: Uint8Array, bytesMax: number): boolean
  /** All of it, which is then let go; a single piece is given back as it came. */
  take(): Uint8Array
  drop(): void
  /** What is held, in bytes. */
  readonly bytes: number
}

/** Of the second piece's run; each next run is twice as long. */
const RUN_BYTES_MIN = 16 * 1024

export function createBodyParts(): BodyParts {
  let run: Uint8Array = NOTHING
  let length = 0
  const drop = (): void => {
    run = NOTHING
    length = 0
  }
  return {
    add(bytes, bytesMax) {
      const before = length
      length += bytes.length
      if (length > bytesMax) {
        drop()
        return false
      }
      if (before === 0) run = bytes
      else {
        // The first piece is no run of ours: it has no room behind it.
        if (length > run.length) run = longer(run, before, length)
        run.set(bytes, before)
      }
      return true
    },
    take() {
      const body = run.length === length ? run : run.subarray(0, length)
      drop()
      return body
    },
    drop,
    get bytes() {
      return length
    },
  }
}

const NOTHING = new Uint8Array(0)

function longer(run: Uint8Array, used: number, needed: number): Uint8Array {
  const next = new Uint8Array(Math.max(RUN_BYTES_MIN, needed * 2))
  next.set(run.subarray(0, used))
  return next
}
