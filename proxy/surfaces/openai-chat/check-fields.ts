/**
 * The other fields of a chat request: ranges that money and routing depend on, and forbidden names.
 */
import {
  countOf,
  endOf,
  firstIn,
  isString,
  type JsonDocument,
  KIND,
  KIND_NAMES,
  kindOf,
  memberOf,
  NONE,
  nextIn,
  numberOf,
  sizeOf,
  startOf,
  textEquals,
  valueOfKey,
} from "#proxy/contract/json-document.ts"
import { pointerTo } from "#proxy/contract/json-keys.ts"
import { type Refusal, refuse } from "#proxy/exchange/refusal.ts"

/**
 * Destination and credentials never come from the request: these would ask some upstream to change
 * them.
 */
const FORBIDDEN = ["api_base", "base_url", "api_key", "extra_headers", "organization"] as const
const FORBIDDEN_LENGTHS: ReadonlySet<number> = new Set(FORBIDDEN.map((name) => name.length))

/** Output tokens that may be asked for. */
const OUTPUT_TOKENS_MAX = 100_000_000
const CHOICES_MAX = 128
const STOPS_MAX = 16

export function checkFields(
  document: JsonDocument,
  limits: { readonly toolsMax: number },
): Refusal | null {
  return (
    checkCount(document, "max_tokens", 1, OUTPUT_TOKENS_MAX) ??
    checkCount(document, "max_completion_tokens", 1, OUTPUT_TOKENS_MAX) ??
    checkCount(document, "n", 1, CHOICES_MAX) ??
    checkNumber(document, "temperature", 0, 2) ??
    checkNumber(document, "top_p", 0, 1) ??
    checkBoolean(document, 0, "stream", "stream") ??
    checkStreamOptions(document) ??
    checkStop(document) ??
    checkList(document, "tools", limits.toolsMax) ??
    checkList(document, "functions", limits.toolsMax)
  )
}

/**
 * The names above, in the request's own objects at any depth. Tool schemas are left out: there a
 * name is a parameter of the application's own function. Message contents are strings and never
 * looked into.
 */
export function findForbidden(document: JsonDocument): Refusal | null {
  const key = searchObject(document, 0, true)
  if (key === NONE) return null
  const pointer = pointerTo(document, key)
  const where = pointer.lastIndexOf("/") === 0 ? pointer.slice(1) : pointer
  const message = `${where} is not taken from requests: providers are set by AIProvider objects`
  return refuse("forbidden_field", message, { param: where })
}

/** The key at fault, or NONE. */
function searchObject(document: JsonDocument, object: number, isTop: boolean): number {
  for (let key = firstIn(document, object); key !== NONE; ) {
    const value = valueOfKey(key)
    if (isForbidden(document, key)) return key
    if (!isTop || !isOwnSchema(document, key)) {
      const found = searchValue(document, value)
      if (found !== NONE) return found
    }
    key = nextIn(document, object, value)
  }
  return NONE
}

function searchValue(document: JsonDocument, value: number): number {
  const kind = kindOf(document, value)
  if (kind === KIND.object) return searchObject(document, value, false)
  if (kind !== KIND.array) return NONE
  for (let item = firstIn(document, value); item !== NONE; item = nextIn(document, value, item)) {
    const found = searchValue(document, item)
    if (found !== NONE) return found
  }
  return NONE
}

function isOwnSchema(document: JsonDocument, key: number): boolean {
  return (
    textEquals(document, key, "tools") ||
    textEquals(document, key, "functions") ||
    textEquals(document, key, "response_format")
  )
}

function isForbidden(document: JsonDocument, key: number): boolean {
  const length = endOf(document, key) - startOf(document, key) - 2
  const isEscaped = kindOf(document, key) === KIND.escaped
  if (!isEscaped && !FORBIDDEN_LENGTHS.has(length)) return false
  return FORBIDDEN.some((name) => textEquals(document, key, name))
}

function checkCount(
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

function checkNumber(
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

function checkBoolean(
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

function checkStreamOptions(document: JsonDocument): Refusal | null {
  const node = present(document, "stream_options")
  if (node === NONE) return null
  if (kindOf(document, node) !== KIND.object) {
    return invalid("stream_options", `must be an object${given(document, node)}`)
  }
  return checkBoolean(document, node, "include_usage", "/stream_options/include_usage")
}

function checkStop(document: JsonDocument): Refusal | null {
  const node = present(document, "stop")
  if (node === NONE || isString(document, node)) return null
  if (kindOf(document, node) !== KIND.array) {
    return invalid("stop", `must be a string or a list of strings${given(document, node)}`)
  }
  if (sizeOf(document, node, STOPS_MAX) > STOPS_MAX) {
    return invalid("stop", `must have at most ${STOPS_MAX} entries`)
  }
  for (let item = firstIn(document, node); item !== NONE; item = nextIn(document, node, item)) {
    if (!isString(document, item)) return invalid("stop", "must hold strings only")
  }
  return null
}

function checkList(document: JsonDocument, name: string, max: number): Refusal | null {
  const node = present(document, name)
  if (node === NONE) return null
  if (kindOf(document, node) !== KIND.array) {
    return invalid(name, `must be a list${given(document, node)}`)
  }
  if (sizeOf(document, node, max) <= max) return null
  return invalid(name, `must have at most ${max} entries`)
}

/** NONE also for null: the vendor's schema allows null wherever the field may be absent. */
function present(document: JsonDocument, name: string): number {
  const node = memberOf(document, 0, name)
  return node !== NONE && kindOf(document, node) === KIND.null ? NONE : node
}

/** The offending value when it is a short number, else its kind. */
function given(document: JsonDocument, node: number): string {
  if (kindOf(document, node) === KIND.number) return `, not ${numberOf(document, node)}`
  return `, not ${KIND_NAMES[kindOf(document, node)]}`
}

function invalid(where: string, message: string): Refusal {
  return refuse("invalid_value", `${where} ${message}`, { param: where })
}
