/**
 * Names that no request may hold: they would ask some upstream to change its destination or key.
 */
import {
  endOf,
  firstIn,
  type JsonDocument,
  KIND,
  kindOf,
  NONE,
  nextIn,
  startOf,
  textEquals,
  valueOfKey,
} from "#proxy/contract/json-document.ts"
import { pointerTo } from "#proxy/contract/json-keys.ts"
import { type Refusal, refuse } from "#proxy/exchange/refusal.ts"

/** Destination and credentials never come from the request. */
const FORBIDDEN = ["api_base", "base_url", "api_key", "extra_headers", "organization"] as const
const FORBIDDEN_LENGTHS: ReadonlySet<number> = new Set(FORBIDDEN.map((name) => name.length))

/** Members of the body that hold the application's own schemas. */
const OWN_SCHEMAS = ["tools", "functions", "response_format", "text", "output_config"] as const

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
  return OWN_SCHEMAS.some((name) => textEquals(document, key, name))
}

function isForbidden(document: JsonDocument, key: number): boolean {
  const length = endOf(document, key) - startOf(document, key) - 2
  const isEscaped = kindOf(document, key) === KIND.escaped
  if (!isEscaped && !FORBIDDEN_LENGTHS.has(length)) return false
  return FORBIDDEN.some((name) => textEquals(document, key, name))
}
