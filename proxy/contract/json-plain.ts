/**
 * The inner loop of the scanner: over the bytes of a string that need no look, four at a time.
 *
 * Plain are the ASCII characters but the quote, the backslash and the controls. A word of four is
 * plain when no byte of it is below 0x20, equal to either of the two, or has its high bit set; the
 * classic tests for "has a byte less than" and "has a zero byte" may blame a neighbour, never miss
 * the culprit.
 */

const QUOTE = 0x22
const BACKSLASH = 0x5c
const HIGH_BITS = 0x80808080
const ONES = 0x01010101
const SPACES = 0x20202020
const QUOTES = 0x22222222
const BACKSLASHES = 0x5c5c5c5c

const PLAIN = new Uint8Array(256)
for (let byte = 0x20; byte < 0x80; byte++) PLAIN[byte] = 1
PLAIN[QUOTE] = 0
PLAIN[BACKSLASH] = 0

/**
 * A view of the same memory as words, and what to add to an offset to find its byte in that view.
 */
export interface Words {
  readonly words: Int32Array
  readonly shift: number
}

/** Shorter texts are not worth the view. */
const WORDS_BYTES_MIN = 512

export function viewWords(bytes: Uint8Array): Words | null {
  if (bytes.length < WORDS_BYTES_MIN) return null
  const start = (bytes.byteOffset + 3) & ~3
  const length = (bytes.byteOffset + bytes.length - start) >> 2
  return { words: new Int32Array(bytes.buffer, start, length), shift: bytes.byteOffset - start }
}

/** First offset from `from` on whose byte is not plain; the length of `bytes` when all are. */
export function plainEnd(bytes: Uint8Array, view: Words | null, from: number): number {
  let at = from
  if (view !== null) {
    const { words, shift } = view
    while (((at + shift) & 3) !== 0) {
      if (PLAIN[bytes[at] ?? 0] !== 1) return at
      at++
    }
    at = wordsEnd(words, (at + shift) >> 2) * 4 - shift
  }
  while (PLAIN[bytes[at] ?? 0] === 1) at++
  return at
}

/** First word from `from` on that is not plain. */
function wordsEnd(words: Int32Array, from: number): number {
  const { length } = words
  let index = from
  while (index < length) {
    const word = words[index] ?? 0
    const quote = word ^ QUOTES
    const backslash = word ^ BACKSLASHES
    const marks = (word - SPACES) | (quote - ONES) | (backslash - ONES) | word
    if ((marks & HIGH_BITS) !== 0) break
    index++
  }
  return index
}
