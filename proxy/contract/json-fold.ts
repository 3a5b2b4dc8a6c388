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

/** Whether the string at `node` is `name` in any letters; `name` is in small ones. */
export function isNamed(document: JsonDocument, node: number, name: string): boolean {
  if (!isPlain(document, node)) return foldCase(textOf(document, node)) === name
  const { bytes } = document
  const start = startOf(document, node) + 1
  if (endOf(document, node) - 1 - start !== name.length) return false
  for (let index = 0; index < name.length; index++) {
    if (toLower(bytes[start + index] ?? 0) !== name.charCodeAt(index)) return false
  }
  return true
}

/** Whether the string at `node` has letters that are not small. */
export function hasOtherCase(document: JsonDocument, node: number): boolean {
  if (!isPlain(document, node)) return textOf(document, node) !== foldCase(textOf(document, node))
  const { bytes } = document
  const end = endOf(document, node) - 1
  for (let at = startOf(document, node) + 1; at < end; at++) {
    const byte = bytes[at] ?? 0
    if (byte !== toLower(byte)) return true
  }
  return false
}

/** ASCII without escapes: its bytes are its letters. */
function isPlain(document: JsonDocument, node: number): boolean {
  if (kindOf(document, node) === KIND.escaped) return false
  const { bytes } = document
  const end = endOf(document, node) - 1
  for (let at = startOf(document, node) + 1; at < end; at++) {
    if ((bytes[at] ?? 0) >= 0x80) return false
  }
  return true
}

function toLower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
}
