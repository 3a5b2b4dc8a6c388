/**
 * Names as a server in Go reads them: its JSON does not tell case, and takes the last of two.
 *
 * So a name in other letters may reach an upstream as the one that was judged here. Source: Go,
 * `encoding/json`, "preferring exact matches but also accepting case-insensitive matches".
 */
import { endOf, type JsonDocument, KIND, kindOf, startOf, textOf } from "./json-document.ts"

/** The Kelvin sign is a k there, and the long s an s. */
export function foldCase(text: string): string {
  return text.toUpperCase().toLowerCase()
}

/** Whether the string at `node` may be another's name in other letters. */
export function hasOtherCase(document: JsonDocument, node: number): boolean {
  if (kindOf(document, node) === KIND.escaped) return true
  const { bytes } = document
  const end = endOf(document, node) - 1
  for (let at = startOf(document, node) + 1; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte <= 0x5a ? byte >= 0x41 : byte >= 0x80) return true
  }
  return false
}

/** The first of an object's keys that is another's name in other letters, as text, or null. */
export function findTwin(document: JsonDocument, keys: readonly number[]): string | null {
  const seen = new Map<string, string>()
  for (const key of keys) {
    const text = textOf(document, key)
    const name = foldCase(text)
    const other = seen.get(name)
    if (other !== undefined) return text === name ? other : text
    seen.set(name, text)
  }
  return null
}
