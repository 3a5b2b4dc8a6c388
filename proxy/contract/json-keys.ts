/** Whether an object's keys are unique, and the JSON pointer of the place where a scan stopped. */
import { type JsonDocument, KIND, STRIDE, textOf } from "./json-document.ts"

export function keyText(document: JsonDocument, key: number): string {
  return textOf(document, key)
}

/**
 * Whether the key node `key` equals an earlier one of `object`; each key's glance is on the tape.
 * None of them has escapes: then equal keys have equal bytes, and no text is built to compare them.
 */
export function repeatsKey(
  tape: Int32Array,
  bytes: Uint8Array,
  object: number,
  key: number,
): boolean {
  const glance = tape[key + 3]
  for (let other = object + STRIDE; other < key; other = afterValue(tape, other + STRIDE)) {
    if (tape[other + 3] === glance && isSameText(tape, bytes, other, key)) return true
  }
  return false
}

function isSameText(tape: Int32Array, bytes: Uint8Array, one: number, two: number): boolean {
  const start = tape[one + 1] ?? 0
  const length = (tape[one + 2] ?? 0) - start
  const offset = (tape[two + 1] ?? 0) - start
  if ((tape[two + 2] ?? 0) - start - offset !== length) return false
  for (let at = start; at < start + length; at++) {
    if (bytes[at] !== bytes[at + offset]) return false
  }
  return true
}

export function keysBefore(document: JsonDocument, object: number, key: number): Set<string> {
  const { tape } = document
  const seen = new Set<string>()
  for (let other = object + STRIDE; other < key; other = afterValue(tape, other + STRIDE)) {
    seen.add(textOf(document, other))
  }
  return seen
}

/**
 * `open` are the containers that are open, outermost first; `keys` the key under way in each, 0 for
 * none; `used` the end of the tape. Each part holds at most 64 characters.
 */
export function pathUnderWay(
  document: JsonDocument,
  open: readonly number[],
  keys: readonly number[],
  used: number,
): string {
  let path = ""
  for (const [depth, container] of open.entries()) {
    if (document.tape[container] === KIND.object) {
      const key = keys[depth] ?? 0
      if (key === 0) break
      path += `/${pointerPart(textOf(document, key))}`
    } else {
      path += `/${elementsBetween(document.tape, container, open[depth + 1] ?? used)}`
    }
  }
  return path
}

/** One part of a JSON pointer (RFC 6901), at most 64 characters of it. */
export function pointerPart(key: string): string {
  return key.slice(0, 64).toWellFormed().replaceAll("~", "~0").replaceAll("/", "~1")
}

function elementsBetween(tape: Int32Array, array: number, end: number): number {
  let count = 0
  for (let node = array + STRIDE; node < end; node = afterValue(tape, node)) count++
  return count
}

function afterValue(tape: Int32Array, node: number): number {
  return (tape[node] ?? 0) <= KIND.array ? (tape[node + 3] ?? 0) : node + STRIDE
}

/** JSON pointer of a key node or value in a whole document; the root is the empty text. */
export function pointerTo(document: JsonDocument, node: number): string {
  const { tape } = document
  let path = ""
  let at = 0
  while (at < node && (tape[at] ?? 0) <= KIND.array) {
    const isObject = tape[at] === KIND.object
    let index = 0
    let child = at + STRIDE
    for (;;) {
      const value = isObject ? child + STRIDE : child
      const next = afterValue(tape, value)
      if (node < next) {
        path += isObject ? `/${pointerPart(textOf(document, child))}` : `/${index}`
        at = node === child ? node : value
        break
      }
      child = next
      index++
    }
  }
  return path
}
