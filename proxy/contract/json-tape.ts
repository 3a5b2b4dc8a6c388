/**
 * Where the tapes of scanned texts lie: cut from one slab after the other.
 *
 * An own buffer for each of the two scans of a request costs more, in allocation and collection,
 * than the scan itself. Integers of a slab are handed out once, so no document sees another's; a
 * slab lives as long as the last of its documents.
 */
import { STRIDE } from "./json-document.ts"

const SLAB_INTEGERS = 32 * 1024
/** Less than this is not worth a scan's start; the next scan begins a new slab. */
const TAPE_INTEGERS_MIN = STRIDE * 64

let slab: Int32Array = new Int32Array(SLAB_INTEGERS)

/** For one scan, which must not begin within another. What it finds there is no zeros. */
export function takeTape(): Int32Array {
  if (slab.length < TAPE_INTEGERS_MIN) slab = new Int32Array(SLAB_INTEGERS)
  return slab
}

/** A longer tape that begins like `tape`; the limit on tokens bounds it. */
export function growTape(tape: Int32Array): Int32Array {
  const longer = new Int32Array(Math.max(tape.length * 2, SLAB_INTEGERS))
  longer.set(tape)
  return longer
}

/**
 * The first `used` integers belong to a document from now on, the rest to the next scan. A tape
 * that grew far beyond a slab is not kept for the sake of its end.
 */
export function keepTape(tape: Int32Array, used: number): void {
  if (tape.length <= SLAB_INTEGERS * 2) slab = tape.subarray(used)
}
