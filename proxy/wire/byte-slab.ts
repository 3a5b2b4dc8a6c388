/**
 * Room for short byte strings that are written once, cut from one slab after the other.
 *
 * An own buffer for a body of a few kilobytes costs more, in allocation and collection, than
 * filling it. Bytes of a slab are handed out once, so nobody sees another's; a slab lives as long
 * as the last of those cut from it. Must not know what is written.
 */

const SLAB_BYTES = 128 * 1024
/** Longer ones get a buffer of their own: one of them must not keep a slab of others alive. */
const CUT_BYTES_MAX = 8 * 1024

let slab = new Uint8Array(0)
let used = 0

/** All zeros when it is an own buffer; else too, since no byte is handed out twice. */
export function takeBytes(length: number): Uint8Array {
  if (length > CUT_BYTES_MAX) return new Uint8Array(length)
  if (used + length > slab.length) {
    slab = new Uint8Array(SLAB_BYTES)
    used = 0
  }
  const bytes = slab.subarray(used, used + length)
  used += length
  return bytes
}
