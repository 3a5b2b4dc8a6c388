/**
 * Checks of single fields of a body that money and routing depend on; null or absent passes. Each
 * refusal names the field, what it must be and what it is.
 */
import {
  countOf,
  isTrue,
  type JsonDocument,
  KIND,
  kindNameOf,
  kindOf,
  memberOf,
  NONE,
  numberOf,
  sizeOf,
} from "#proxy/contract/json-document.ts"
import { type Refusal, refuse } from "#proxy/exchange/refusal.ts"

/** Output tokens that may be asked for. */
export const OUTPUT_TOKENS_MAX = 100_000_000

export function checkCount(
  document: JsonDocument,
  name: string,
  min: number,
  max: number,
): Refusal | null {
  const node = present(document, name)
  if (node === NONE) return null
  const value = countOf(document, node)
  if (value !== undefined && value >= min && value <= max) return null
  return invalid(name, `must be an integer from ${min} to ${max}${given(document, node)}`)
}

export function checkNumber(
  document: JsonDocument,
  name: string,
  min: number,
  max: number,
): Refusal | null {
  const node = present(document, name)
  if (node === NONE) return null
  if (kindOf(document, node) === KIND.number) {
    const value = numberOf(document, node)
    if (value >= min && value <= max) return null
  }
  return invalid(name, `must be a number from ${min} to ${max}${given(document, node)}`)
}

export function checkBoolean(
  document: JsonDocument,
  object: number,
  name: string,
  where: string,
): Refusal | null {
  const node = memberOf(document, object, name)
  if (node === NONE) return null
  const kind = kindOf(document, node)
  if (kind === KIND.true || kind === KIND.false || kind === KIND.null) return null
  return invalid(where, `must be true or false${given(document, node)}`)
}

export function checkList(document: JsonDocument, name: string, max: number): Refusal | null {
  return checkListAt(document, present(document, name), name, max)
}

/** The same of a value that was found at `name`, or NONE. */
export function checkListAt(
  document: JsonDocument,
  node: number,
  name: string,
  max: number,
): Refusal | null {
  if (node === NONE || kindOf(document, node) === KIND.null) return null
  if (kindOf(document, node) !== KIND.array) {
    return invalid(name, `must be a list${given(document, node)}`)
  }
  if (sizeOf(document, node, max) <= max) return null
  return invalid(name, `must have at most ${max} entries`)
}

/** NONE also for null: the vendor's schema allows null wherever the field may be absent. */
export function present(document: JsonDocument, name: string): number {
  const node = memberOf(document, 0, name)
  return node !== NONE && kindOf(document, node) === KIND.null ? NONE : node
}

/** The offending value when it is a short number, else its kind. */
export function given(document: JsonDocument, node: number): string {
  if (kindOf(document, node) === KIND.number) return `, not ${numberOf(document, node)}`
  return `, not ${kindNameOf(document, node)}`
}

/** A member's place: a pointer, or its plain name where `path` is "", the body itself. */
export function placeIn(path: string, name: string): string {
  return path === "" ? name : `${path}/${name}`
}

export function invalid(where: string, message: string): Refusal {
  return refuse("invalid_value", `${where} ${message}`, { param: where })
}

/** Of a stream in OpenAI's older shapes. */
export function asksForUsage(document: JsonDocument): boolean {
  const options = memberOf(document, 0, "stream_options")
  return isTrue(document, memberOf(document, options, "include_usage"))
}

export function checkStreamOptions(document: JsonDocument): Refusal | null {
  const node = present(document, "stream_options")
  if (node === NONE) return null
  if (kindOf(document, node) !== KIND.object) {
    return invalid("stream_options", `must be an object${given(document, node)}`)
  }
  return checkBoolean(document, node, "include_usage", "/stream_options/include_usage")
}
