/**
 * Values to JSON text, with texts that are already JSON put in as they are.
 *
 * What a client wrote and we only carry (a tool's schema, a call's arguments, a number) stays a
 * `RawJson`: its numbers keep their exact digits and nothing is parsed that nobody reads.
 */
import { endOf, type JsonDocument, startOf } from "./json-document.ts"

/** JSON text that was checked by the scanner; whoever makes one vouches for that. */
export class RawJson {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | RawJson
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue | undefined }

/** Members that are undefined are left out. Numbers must be finite: others become null. */
export function writeJson(value: JsonValue): string {
  if (typeof value === "string") return JSON.stringify(value)
  if (typeof value !== "object" || value === null) return JSON.stringify(value)
  if (value instanceof RawJson) return value.text
  if (isList(value)) return `[${value.map(writeJson).join(",")}]`
  let text = "{"
  for (const name of Object.keys(value)) {
    const member = value[name]
    if (member === undefined) continue
    text += `${text === "{" ? "" : ","}${JSON.stringify(name)}:${writeJson(member)}`
  }
  return `${text}}`
}

/**
 * The same on one line, as an event of a stream needs it: a line break stands only between the
 * tokens of a JSON text, never within one.
 */
export function writeJsonLine(value: JsonValue): string {
  return writeJson(value).replace(/[\r\n]+/g, " ")
}

/** The text of a value as the client wrote it. */
export function rawOf(document: JsonDocument, node: number): RawJson {
  return new RawJson(
    decoder.decode(document.bytes.subarray(startOf(document, node), endOf(document, node))),
  )
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

function isList(value: JsonValue & object): value is readonly JsonValue[] {
  return Array.isArray(value)
}
