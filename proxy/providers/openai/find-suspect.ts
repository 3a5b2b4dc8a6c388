/**
 * Whether an event may hold a report or an error, without looking into it: a search for two keys.
 *
 * `"usage"` and `"error"` are seven bytes each, so the search (Horspool's, for both at once) mostly
 * skips ahead by several. A find may be text of the answer and must be verified by who acts on it;
 * `"usage":null`, which servers put in every event once asked for usage, is none.
 */

const LENGTH = 7
const QUOTE = 0x22

/** How far the window may move when its last byte is this one. */
const SKIP = new Uint8Array(256).fill(LENGTH)
for (const word of ['"usage"', '"error"']) {
  for (let index = 0; index < LENGTH - 1; index++) {
    const byte = word.charCodeAt(index)
    SKIP[byte] = Math.min(SKIP[byte] ?? LENGTH, LENGTH - 1 - index)
  }
}

export function isSuspect(bytes: Uint8Array, start: number, end: number): boolean {
  let last = start + LENGTH - 1
  while (last < end) {
    const byte = bytes[last] ?? 0
    if (byte === QUOTE && bytes[last - 6] === QUOTE) {
      if (isError(bytes, last)) return true
      if (isUsage(bytes, last) && !isNullAfter(bytes, last + 1)) return true
    }
    last += SKIP[byte] ?? 1
  }
  return false
}

function isUsage(bytes: Uint8Array, last: number): boolean {
  return (
    bytes[last - 5] === 0x75 &&
    bytes[last - 4] === 0x73 &&
    bytes[last - 3] === 0x61 &&
    bytes[last - 2] === 0x67 &&
    bytes[last - 1] === 0x65
  )
}

function isError(bytes: Uint8Array, last: number): boolean {
  return (
    bytes[last - 5] === 0x65 &&
    bytes[last - 4] === 0x72 &&
    bytes[last - 3] === 0x72 &&
    bytes[last - 2] === 0x6f &&
    bytes[last - 1] === 0x72
  )
}

/** `:null`, with spaces as servers write them. */
function isNullAfter(bytes: Uint8Array, from: number): boolean {
  let at = from
  while (bytes[at] === 0x20) at++
  if (bytes[at] !== 0x3a) return false
  at++
  while (bytes[at] === 0x20) at++
  return bytes[at] === 0x6e && bytes[at + 1] === 0x75 && bytes[at + 2] === 0x6c
}
