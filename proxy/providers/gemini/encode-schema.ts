/**
 * A JSON schema as Gemini reads it: of its keywords `const` is none, and would be read past. A
 * choice of one value says the same; Gemini knows choices of texts and of numbers. Beside `$ref` it
 * takes nothing else: a choice of that one alone may have the rest beside it.
 *
 * Source: Gemini API reference, "GenerationConfig", `responseJsonSchema`.
 */
import { scanJson } from "#proxy/contract/json-scan.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { type JsonValue, RawJson, writeJson } from "#proxy/contract/json-write.ts"
import { CHECKED_JSON } from "../checked-json.ts"

/** The client's own text where it has neither keyword. */
export function encodeSchema(schema: RawJson): RawJson {
  if (!/"(?:const|\$ref)"/.test(schema.text)) return schema
  const scanned = scanJson(new TextEncoder().encode(schema.text), CHECKED_JSON)
  return scanned.ok ? new RawJson(writeJson(convert(new JsonView(scanned.document)))) : schema
}

/** Keywords that hold a schema, several in a list, and several by names of the client's own. */
const ONE: ReadonlySet<string> = new Set(["items", "additionalProperties"])
const LISTS: ReadonlySet<string> = new Set(["anyOf", "oneOf", "allOf", "prefixItems"])
const NAMED: ReadonlySet<string> = new Set(["properties", "$defs", "definitions"])

function convert(schema: JsonView): JsonValue {
  if (!schema.isObject) return schema.raw()
  const hasChoice = schema.member("enum") !== undefined
  const members = schema.members().map(([name, member]): readonly [string, JsonValue] => {
    if (name === "const" && !hasChoice && (member.isText || member.isNumber)) {
      return ["enum", [member.raw()]]
    }
    if (ONE.has(name)) return [name, convert(member)]
    if (LISTS.has(name)) return [name, member.items().map(convert)]
    if (!NAMED.has(name)) return [name, member.raw()]
    const inner = member.members().map(([key, value]) => [key, convert(value)] as const)
    return [name, Object.fromEntries(inner)]
  })
  const isRef = ([name]: readonly [string, JsonValue]) => name === "$ref"
  const refs = members.filter(isRef)
  if (refs.length === 0 || refs.length === members.length) return Object.fromEntries(members)
  const rest = members.filter((member) => !isRef(member))
  return { ...Object.fromEntries(rest), anyOf: [Object.fromEntries(refs)] }
}
