/**
 * The schema of an answer, or of a strict tool, as Anthropic's models keep to one: closed objects,
 * and none of the limits below, which the whole request would be refused for. They stand in the
 * description, where the model reads them, as Anthropic's own SDKs write them there.
 *
 * Source: Anthropic, "Structured outputs", "JSON Schema limitations", "How SDK transformation
 * works".
 */
import { firstIn, NONE, nextIn, textOf, valueOfKey } from "#proxy/contract/json-document.ts"
import { scanJson } from "#proxy/contract/json-scan.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { type JsonValue, RawJson, writeJson } from "#proxy/contract/json-write.ts"
import { CHECKED_JSON } from "../checked-json.ts"

const LIMITS: ReadonlySet<string> = new Set([
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"],
  ...["minLength", "maxLength", "maxItems", "uniqueItems", "minProperties", "maxProperties"],
])
const FORMATS: ReadonlySet<string> = new Set([
  ...["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"],
])
const ONE: ReadonlySet<string> = new Set(["items", "additionalProperties"])
const LISTS: ReadonlySet<string> = new Set(["anyOf", "allOf", "prefixItems"])
const NAMED: ReadonlySet<string> = new Set(["properties", "$defs", "definitions"])

/** The text itself where it is no JSON, which the provider then says. */
export function encodeSchema(schema: RawJson): RawJson {
  const scanned = scanJson(new TextEncoder().encode(schema.text), CHECKED_JSON)
  if (!scanned.ok) return schema
  const found = { isChanged: false }
  const converted = convert(new JsonView(scanned.document), found)
  return found.isChanged ? new RawJson(writeJson(converted)) : schema
}

interface Found {
  isChanged: boolean
}

function convert(schema: JsonView, found: Found): JsonValue {
  if (!schema.isObject) return schema.raw()
  const told: string[] = []
  const members = membersOf(schema).flatMap(([name, member]): (readonly [string, JsonValue])[] => {
    if (isLimit(name, member)) {
      told.push(`${name}: ${member.raw().text}`)
      return []
    }
    return [convertMember(name, member, found)]
  })
  const fields: Readonly<Record<string, JsonValue>> = Object.fromEntries(members)
  // One without members of its own would be closed to all: that is for the provider to refuse.
  const isOpen = "properties" in fields && !("additionalProperties" in fields)
  if (!isOpen && told.length === 0) return fields
  found.isChanged = true
  return {
    ...fields,
    ...(told.length === 0 ? {} : { description: describe(schema.textOf("description"), told) }),
    ...(isOpen ? { additionalProperties: false } : {}),
  }
}

/** With those that are null: a default may be. */
function membersOf({ document, node }: JsonView): readonly (readonly [string, JsonView])[] {
  const found: (readonly [string, JsonView])[] = []
  for (let key = firstIn(document, node); key !== NONE; ) {
    const value = valueOfKey(key)
    found.push([textOf(document, key), new JsonView(document, value)])
    key = nextIn(document, node, value)
  }
  return found
}

function isLimit(name: string, member: JsonView): boolean {
  if (name === "minItems") return (member.number() ?? 0) > 1
  if (name === "format") return !FORMATS.has(member.text() ?? "")
  return LIMITS.has(name)
}

function describe(description: string | undefined, told: readonly string[]): string {
  const limits = `{${told.join(", ")}}`
  return description === undefined ? limits : `${description}\n\n${limits}`
}

function convertMember(name: string, member: JsonView, found: Found): readonly [string, JsonValue] {
  if (ONE.has(name)) return [name, convert(member, found)]
  if (LISTS.has(name)) return [name, member.items().map((item) => convert(item, found))]
  if (name === "oneOf") {
    found.isChanged = true
    return ["anyOf", member.items().map((item) => convert(item, found))]
  }
  if (!NAMED.has(name)) return [name, member.raw()]
  const inner = member.members().map(([key, value]) => [key, convert(value, found)] as const)
  return [name, Object.fromEntries(inner)]
}
