/**
 * Schemas in the words of JSON Schema. Gemini's own have types in capitals, `nullable`, and limits
 * as texts, since they are numbers of 64 bits there. Source: Gemini API reference, "Schema".
 */
import type { JsonView } from "#proxy/contract/json-view.ts"
import { type JsonValue, RawJson, writeJson } from "#proxy/contract/json-write.ts"

export function schemaOf(schema: JsonView): RawJson {
  return new RawJson(writeJson(convert(schema, "open")))
}

/** Gemini answers with the members that an object lists and no others, which others want said. */
export function answerSchemaOf(schema: JsonView): RawJson {
  return new RawJson(writeJson(convert(schema, "closed")))
}

type Objects = "open" | "closed"

function convert(schema: JsonView, objects: Objects): JsonValue {
  if (!schema.isObject) return schema.raw()
  const isNullable = schema.member("nullable")?.boolean() === true
  const members = schema.members().flatMap(([name, member]) => {
    const value = convertMember(name, member, isNullable, objects)
    return value === undefined ? [] : [[name, value] as const]
  })
  const converted: Readonly<Record<string, JsonValue>> = Object.fromEntries(members)
  const isOpen = schema.member("properties") !== undefined && !("additionalProperties" in converted)
  return objects === "closed" && isOpen ? { ...converted, additionalProperties: false } : converted
}

function convertMember(
  name: string,
  member: JsonView,
  isNullable: boolean,
  objects: Objects,
): JsonValue | undefined {
  switch (name) {
    case "type": {
      const type = member.text()?.toLowerCase()
      if (type === undefined) return member.raw()
      return isNullable ? [type, "null"] : type
    }
    case "enum": {
      const values: readonly JsonValue[] = member.items().map((item) => item.raw())
      return isNullable ? [...values, null] : values
    }
    // Said by the type above; and an order of members is no rule of JSON.
    case "nullable":
    case "propertyOrdering":
      return undefined
    case "minItems":
    case "maxItems":
    case "minLength":
    case "maxLength":
    case "minProperties":
    case "maxProperties": {
      const text = member.text() ?? ""
      return /^\d{1,19}$/.test(text) ? new RawJson(text.replace(/^0+(?=\d)/, "")) : member.raw()
    }
    case "properties":
    case "$defs":
    case "defs": {
      const inner = member.members().map(([key, value]) => [key, convert(value, objects)] as const)
      return Object.fromEntries(inner)
    }
    case "items":
    case "additionalProperties":
      return convert(member, objects)
    case "anyOf":
    case "oneOf":
    case "allOf":
    case "prefixItems":
      return member.items().map((item) => convert(item, objects))
    default:
      return member.raw()
  }
}
