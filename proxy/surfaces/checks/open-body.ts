/**
 * The body as a checked JSON object: what every surface does before it looks at a field.
 */
import { type JsonDocument, KIND, kindOf } from "#proxy/contract/json-document.ts"
import { type JsonFault, type JsonLimits, scanJson } from "#proxy/contract/json-scan.ts"
import { accept, type Decision, reject } from "#proxy/exchange/parsed-request.ts"
import { type Refusal, refuse } from "#proxy/exchange/refusal.ts"
import { findForbidden } from "./forbidden-fields.ts"

export function openBody(body: Uint8Array, limits: JsonLimits): Decision<JsonDocument> {
  const scanned = scanJson(body, limits)
  if (!scanned.ok) return reject(refuseFault(scanned.fault))
  const { document } = scanned
  if (kindOf(document, 0) !== KIND.object) {
    return reject(refuse("invalid_value", "the body must be a JSON object"))
  }
  const forbidden = findForbidden(document)
  return forbidden === null ? accept(document) : reject(forbidden)
}

/** `request_too_large` for bytes; the other faults of the scanner have codes of their own. */
function refuseFault(fault: JsonFault): Refusal {
  const where = fault.path === "" ? "" : ` at ${fault.path}`
  const more = fault.path === "" ? {} : { param: fault.path }
  switch (fault.code) {
    case "json_too_large":
      return refuse("request_too_large", fault.message)
    case "number_out_of_range":
      return refuse("invalid_value", `${fault.message}${where}`, { param: fieldOf(fault.path) })
    case "invalid_json":
      return refuse("invalid_json", `the body is not valid JSON${where}: ${fault.message}`, more)
    case "duplicate_key":
    case "json_too_deep":
    case "json_too_many_tokens":
      return refuse(fault.code, `${fault.message}${where}`, more)
  }
}

/** `/max_tokens` is the parameter `max_tokens`; deeper pointers stay pointers. */
function fieldOf(path: string): string {
  return path.lastIndexOf("/") === 0 ? path.slice(1) : path
}
