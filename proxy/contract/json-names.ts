/**
 * Names of members that are looked for, told apart by their length first: nearly every key of a
 * body is none of them, and that is known without comparing a byte.
 */
import { endOf, type JsonDocument, KIND, kindOf, startOf, textOf } from "./json-document.ts"
import { foldCase } from "./json-fold.ts"

/** What goes with each of some names, which are ASCII. */
export class NameTable<Value> {
  readonly #byName: ReadonlyMap<string, Value>
  readonly #byLength: (readonly (readonly [string, Value])[] | undefined)[] = []

  constructor(entries: readonly (readonly [string, Value])[]) {
    this.#byName = new Map(entries)
    for (const entry of entries) {
      const { length } = entry[0]
      this.#byLength[length] = [...(this.#byLength[length] ?? []), entry]
    }
  }

  /** Of the string at `key`, escapes resolved; undefined: it is none of the names. */
  find(document: JsonDocument, key: number): Value | undefined {
    if (kindOf(document, key) === KIND.escaped) return this.#byName.get(textOf(document, key))
    const start = startOf(document, key) + 1
    const entries = this.#byLength[endOf(document, key) - 1 - start]
    if (entries === undefined) return undefined
    for (const [name, value] of entries) {
      if (hasName(document.bytes, start, name)) return value
    }
    return undefined
  }
}

function hasName(bytes: Uint8Array, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index++) {
    if (bytes[start + index] !== name.charCodeAt(index)) return false
  }
  return true
}

/** Names in any letters, as a server in Go reads them; they are given in small ones. */
export class FoldedNames {
  readonly #names: ReadonlySet<string>
  readonly #byLength: (readonly string[] | undefined)[] = []

  constructor(names: readonly string[]) {
    this.#names = new Set(names)
    for (const name of names) {
      // A long s has a byte more, a Kelvin sign two.
      const more = name.replaceAll(/[^ks]/g, "").length * 2
      for (let { length } = name; length <= name.length + more; length++) {
        this.#byLength[length] = [...(this.#byLength[length] ?? []), name]
      }
    }
  }

  /** Whether the string at `key` is one of them, escapes resolved. */
  has(document: JsonDocument, key: number): boolean {
    if (kindOf(document, key) === KIND.escaped) return this.#hasText(textOf(document, key))
    const start = startOf(document, key) + 1
    const names = this.#byLength[endOf(document, key) - 1 - start]
    if (names === undefined) return false
    for (const name of names) {
      const at = endOfSame(document.bytes, start, name)
      if (at === name.length && at === endOf(document, key) - 1 - start) return true
      if ((document.bytes[start + at] ?? 0) >= 0x80) return this.#hasText(textOf(document, key))
    }
    return false
  }

  #hasText(text: string): boolean {
    return this.#names.has(foldCase(text))
  }
}

/** How many letters of `name` the bytes begin with, whatever their case. */
function endOfSame(bytes: Uint8Array, start: number, name: string): number {
  let index = 0
  while (index < name.length && lowerOf(bytes[start + index] ?? 0) === name.charCodeAt(index))
    index++
  return index
}

function lowerOf(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte
}
