/** A tool's parameters for a wire that wants a schema of every tool, and of an object. */
import { scanJson } from "#proxy/contract/json-scan.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { type JsonValue, RawJson } from "#proxy/contract/json-write.ts"
import type { ToolDefinition } from "#proxy/exchange/chat-request.ts"
import { CHECKED_JSON } from "./checked-json.ts"

const NO_PARAMETERS: JsonValue = Object.freeze({ type: "object", properties: {} })

/**
 * An empty schema, which OpenAI takes, says no more than none; one without a type is of an object,
 * since arguments are nothing else.
 */
export function encodeParameters({ parameters }: ToolDefinition): JsonValue {
  if (parameters === null || /^\{\s*\}$/.test(parameters.text)) return NO_PARAMETERS
  return typed(parameters)
}

export function typed(parameters: RawJson): RawJson {
  if (BEGINS_TYPED.test(parameters.text)) return parameters
  const scanned = scanJson(new TextEncoder().encode(parameters.text), CHECKED_JSON)
  const view = scanned.ok ? new JsonView(scanned.document) : undefined
  if (view?.isObject !== true || TYPED.some((name) => view.member(name) !== undefined)) {
    return parameters
  }
  const rest = parameters.text.slice(parameters.text.indexOf("{") + 1)
  const comma = rest.trimStart().startsWith("}") ? "" : ","
  return new RawJson(`{"type":"object"${comma}${rest}`)
}

/** As most are written: these need not be read. */
const BEGINS_TYPED = /^\s*\{\s*(?:"\$schema"\s*:\s*"[^"]{0,100}"\s*,\s*)?"type"/

/** What says of which type it is. */
const TYPED = ["type", "$ref", "anyOf", "oneOf", "allOf"]
