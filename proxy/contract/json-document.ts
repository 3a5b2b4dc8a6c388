/**
 * A JSON text that was checked, not built: the bytes, and a tape with the position of every value.
 *
 * The tape holds `STRIDE` integers a value or key, in the order of the text: kind, start, end, and
 * the node after its subtree (of a key: a hash). A node is the index of its first integer; the root
 * is 0. Readers below walk it; `NONE` stands for "no such node".
 */

export interface JsonDocument {
  readonly bytes: Uint8Array
  readonly tape: Int32Array
  /** Characters of the text that take more than one byte, and the bytes they take. */
  readonly wideChars: number
  readonly wideBytes: number
}

export const STRIDE = 4
export const NONE = -1

/**
 * `text` and `escaped` are strings without and with a backslash in them. Positions include the
 * quotes.
 */
export const KIND = Object.freeze({
  object: 0,
  array: 1,
  text: 2,
  escaped: 3,
  number: 4,
  true: 5,
  false: 6,
  null: 7,
})

const KIND_NAMES: readonly string[] = Object.freeze([
  "an object",
  "an array",
  "a string",
  "a string",
  "a number",
  "true",
  "false",
  "null",
])

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

export function kindOf(document: JsonDocument, node: number): number {
  return document.tape[node] ?? KIND.null
}

export function startOf(document: JsonDocument, node: number): number {
  return document.tape[node + 1] ?? 0
}

export function endOf(document: JsonDocument, node: number): number {
  return document.tape[node + 2] ?? 0
}

/** "a string", "an object" ... for messages. */
export function kindNameOf(document: JsonDocument, node: number): string {
  return KIND_NAMES[kindOf(document, node)] ?? "that"
}

export function isString(document: JsonDocument, node: number): boolean {
  const kind = kindOf(document, node)
  return kind === KIND.text || kind === KIND.escaped
}

/** Whether `node` is `true` itself; no other value is taken for it, nor is NONE. */
export function isTrue(document: JsonDocument, node: number): boolean {
  return node !== NONE && kindOf(document, node) === KIND.true
}

/** First element of an array or first key of an object; NONE when empty. */
export function firstIn(document: JsonDocument, container: number): number {
  const first = container + STRIDE
  return first < skip(document, container) ? first : NONE
}

/** The element after `element`, or the key after the value `element`; NONE after the last. */
export function nextIn(document: JsonDocument, container: number, element: number): number {
  const next = skip(document, element)
  return next < skip(document, container) ? next : NONE
}

/** The value of a key. */
export function valueOfKey(key: number): number {
  return key + STRIDE
}

/**
 * Value of `name` (ASCII) in an object; NONE when absent or when `object` is not an object. A body
 * is asked for dozens of names, so it reads the tape itself.
 */
export function memberOf(document: JsonDocument, object: number, name: string): number {
  if (object === NONE || kindOf(document, object) !== KIND.object) return NONE
  const { tape } = document
  const end = tape[object + 3] ?? 0
  const width = name.length + 2
  for (let key = object + STRIDE; key < end; ) {
    const isAsWide = (tape[key + 2] ?? 0) - (tape[key + 1] ?? 0) === width
    const value = key + STRIDE
    if ((isAsWide || tape[key] === KIND.escaped) && textEquals(document, key, name)) return value
    key = skip(document, value)
  }
  return NONE
}

/** Whether the string at `node` is `name`, which is ASCII. */
export function textEquals(document: JsonDocument, node: number, name: string): boolean {
  const { bytes } = document
  if (kindOf(document, node) === KIND.escaped) return textOf(document, node) === name
  const start = startOf(document, node) + 1
  if (endOf(document, node) - 1 - start !== name.length) return false
  for (let index = 0; index < name.length; index++) {
    if (bytes[start + index] !== name.charCodeAt(index)) return false
  }
  return true
}

/** The string at `node`, escapes resolved. */
export function textOf(document: JsonDocument, node: number): string {
  const start = startOf(document, node) + 1
  const end = endOf(document, node) - 1
  const raw = sliceText(document.bytes, start, end)
  return kindOf(document, node) === KIND.escaped ? resolveEscapes(raw) : raw
}

/** The first `chars` characters of the string at `node`, whatever its length; none of them cut. */
export function beginningOf(document: JsonDocument, node: number, chars: number): string {
  const start = startOf(document, node) + 1
  // As an escape a character takes six bytes, so what the cut breaks lies behind the last one.
  const end = Math.min(endOf(document, node) - 1, start + chars * 6)
  const raw = sliceText(document.bytes, start, end)
  const text = kindOf(document, node) === KIND.escaped ? resolveEscapes(raw) : raw
  return text.slice(0, chars)
}

/** The number at `node`; always finite. */
export function numberOf(document: JsonDocument, node: number): number {
  const { bytes } = document
  const start = startOf(document, node)
  const end = endOf(document, node)
  if (end - start > EXACT_DIGITS_MAX) return Number(sliceText(bytes, start, end))
  // Nearly all that are read are counts.
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = (bytes[at] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return Number(sliceText(bytes, start, end))
    value = value * 10 + digit
  }
  return value
}

/** So many digits are below 2^53 whatever they are. */
const EXACT_DIGITS_MAX = 15
const ZERO = 0x30

/** The number at `node` if it is written as a plain integer from 0 to 2^53 - 1; else undefined. */
export function countOf(document: JsonDocument, node: number): number | undefined {
  if (node === NONE || kindOf(document, node) !== KIND.number) return undefined
  const value = numberOf(document, node)
  return Number.isSafeInteger(value) && value >= 0 ? value : undefined
}

/** Entries of an array or members of an object, at most `max + 1` counted. */
export function sizeOf(document: JsonDocument, container: number, max: number): number {
  const isObject = kindOf(document, container) === KIND.object
  let count = 0
  let node = firstIn(document, container)
  while (node !== NONE && count <= max) {
    count++
    node = nextIn(document, container, isObject ? valueOfKey(node) : node)
  }
  return count
}

function skip(document: JsonDocument, node: number): number {
  const kind = kindOf(document, node)
  return kind <= KIND.array ? (document.tape[node + 3] ?? 0) : node + STRIDE
}

/** Short texts are nearly always ASCII: the decoder's call costs more than the loop. */
function sliceText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > 48) return decoder.decode(bytes.subarray(start, end))
  let text = ""
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte >= 0x80) return decoder.decode(bytes.subarray(start, end))
    text += String.fromCharCode(byte)
  }
  return text
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = Object.freeze({
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
})

function resolveEscapes(raw: string): string {
  return raw.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_whole, hex: string, simple: string) =>
    hex === undefined
      ? (SIMPLE_ESCAPES[simple] ?? simple)
      : String.fromCharCode(Number.parseInt(hex, 16)),
  )
}
