/** The byte rules of JSON and UTF-8 that the scanner asks for: no state, no positions kept. */

export function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

/**
 * End of the number at `from`, up to its exponent. Where a digit is due and none stands, the
 * complement (`~`) of that place, which is negative.
 */
export function decimalEnd(bytes: Uint8Array, from: number): number {
  let at = bytes[from] === 0x2d ? from + 1 : from
  if (bytes[at] === 0x30) at++
  else if (isDigit(bytes[at])) at = digitsEnd(bytes, at)
  else return ~at
  if (bytes[at] !== 0x2e) return at
  return isDigit(bytes[at + 1]) ? digitsEnd(bytes, at + 1) : ~(at + 1)
}

/** e E */
export function isExponent(byte: number | undefined): boolean {
  return byte === 0x65 || byte === 0x45
}

/** End of the exponent at `from`; negative as above. */
export function exponentEnd(bytes: Uint8Array, from: number): number {
  const sign = bytes[from + 1]
  const at = sign === 0x2b || sign === 0x2d ? from + 2 : from + 1
  return isDigit(bytes[at]) ? digitsEnd(bytes, at) : ~at
}

function digitsEnd(bytes: Uint8Array, from: number): number {
  let at = from
  while (isDigit(bytes[at])) at++
  return at
}

/** b f n r t " \ / */
export function isSimpleEscape(byte: number | undefined): boolean {
  switch (byte) {
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
    case 0x22:
    case 0x5c:
    case 0x2f:
      return true
    default:
      return false
  }
}

/** Four hexadecimal digits as a number; -1 when they are not. */
export function hex4(bytes: Uint8Array, from: number): number {
  let value = 0
  for (let at = from; at < from + 4; at++) {
    const digit = hexDigit(bytes[at])
    if (digit < 0) return -1
    value = value * 16 + digit
  }
  return value
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1
}

/**
 * Length of a well-formed sequence (Unicode 15, table 3-7) that starts with `first` >= 0x80; else
 * 0.
 */
export function utf8Length(bytes: Uint8Array, at: number, first: number): number {
  const second = bytes[at + 1] ?? 0
  if (first < 0xc2 || first > 0xf4 || !isTail(second)) return 0
  if (first < 0xe0) return 2
  if (!isTail(bytes[at + 2] ?? 0)) return 0
  if (first < 0xf0) {
    if (first === 0xe0 && second < 0xa0) return 0
    return first === 0xed && second > 0x9f ? 0 : 3
  }
  if (!isTail(bytes[at + 3] ?? 0)) return 0
  if (first === 0xf0 && second < 0x90) return 0
  return first === 0xf4 && second > 0x8f ? 0 : 4
}

function isTail(byte: number): boolean {
  return (byte & 0xc0) === 0x80
}

export function isFiniteNumber(bytes: Uint8Array, start: number, end: number): boolean {
  let text = ""
  for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at] ?? 0)
  return Number.isFinite(Number(text))
}
