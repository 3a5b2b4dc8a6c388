/**
 * Whether OpenAI can keep strictly to a schema: every object is closed and lists all its members as
 * required. Another, which Anthropic's models keep to, is refused where it is called strict.
 *
 * Source: OpenAI, "Structured model outputs", "Supported schemas".
 */
import { scanJson } from "#proxy/contract/json-scan.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import type { RawJson } from "#proxy/contract/json-write.ts"
import { CHECKED_JSON } from "../checked-json.ts"

export function canBeStrict(schema: RawJson): boolean {
  const scanned = scanJson(new TextEncoder().encode(schema.text), CHECKED_JSON)
  return scanned.ok && isStrict(new JsonView(scanned.document))
}

function isStrict(schema: JsonView): boolean {
  const properties = schema.member("properties")?.members() ?? []
  const isObject = schema.textOf("type") === "object" || properties.length > 0
  if (isObject && !isClosed(schema, properties.length)) return false
  return [...properties.map(([, inner]) => inner), ...innerOf(schema)].every(isStrict)
}

function isClosed(schema: JsonView, properties: number): boolean {
  const required = schema.member("required")?.items().length ?? 0
  const isOpen = schema.member("additionalProperties")?.boolean() !== false
  return !isOpen && required === properties
}

function innerOf(schema: JsonView): readonly JsonView[] {
  const lists = ["anyOf", "oneOf", "allOf", "prefixItems"].flatMap(
    (name) => schema.member(name)?.items() ?? [],
  )
  const named = ["$defs", "definitions"].flatMap((name) =>
    (schema.member(name)?.members() ?? []).map(([, inner]) => inner),
  )
  const items = schema.member("items")
  return [...lists, ...named, ...(items === undefined ? [] : [items])]
}
