/**
 * The smallest value that a JSON schema allows, for tool arguments and structured output.
 *
 * Covers what providers accept in strict mode: types, enum, const, required properties, items with
 * minItems, anyOf, bounds. References into the schema itself are followed to a depth, then given up
 * as null.
 */

const DEPTH_MAX = 16
const ITEMS_MAX = 16
const LENGTH_MAX = 256

export function minimalInstance(schema: unknown): unknown {
  return instance(schema, schema, 0)
}

type Fields = Readonly<Record<string, unknown>>

function instance(schema: unknown, root: unknown, depth: number): unknown {
  if (!isFields(schema) || depth > DEPTH_MAX) return null
  if (Object.hasOwn(schema, "const")) return schema["const"]
  const choices = schema["enum"]
  if (Array.isArray(choices) && choices.length > 0) return choices[0]
  const reference = schema["$ref"]
  if (typeof reference === "string") return instance(resolve(root, reference), root, depth + 1)
  for (const union of [schema["anyOf"], schema["oneOf"], schema["allOf"]]) {
    if (Array.isArray(union) && union.length > 0) return instance(union[0], root, depth + 1)
  }
  return byType(typeOf(schema), schema, root, depth)
}

function byType(type: string, schema: Fields, root: unknown, depth: number): unknown {
  switch (type) {
    case "object":
      return objectInstance(schema, root, depth)
    case "array": {
      const length = Math.min(boundOf(schema, "minItems") ?? 0, ITEMS_MAX)
      return Array.from({ length }, () => instance(schema["items"], root, depth + 1))
    }
    case "string":
      return stringInstance(schema)
    case "integer":
    case "number":
      return numberInstance(schema)
    case "boolean":
      return true
    default:
      return null
  }
}

function objectInstance(schema: Fields, root: unknown, depth: number): Fields {
  const properties = isFields(schema["properties"]) ? schema["properties"] : {}
  const required = Array.isArray(schema["required"]) ? schema["required"] : []
  const entries = required
    .filter((name) => typeof name === "string")
    .map((name): [string, unknown] => [
      name,
      instance(Object.hasOwn(properties, name) ? properties[name] : {}, root, depth + 1),
    ])
  return Object.fromEntries(entries)
}

const FORMATS: Readonly<Record<string, string>> = Object.freeze({
  "date-time": "2026-01-01T00:00:00Z",
  date: "2026-01-01",
  time: "00:00:00Z",
  email: "person@example.com",
  uri: "https://example.com/",
  uuid: "00000000-0000-4000-8000-000000000000",
})

function stringInstance(schema: Fields): string {
  const format = schema["format"]
  if (typeof format === "string" && Object.hasOwn(FORMATS, format)) return FORMATS[format] ?? ""
  const text = "simulated"
  const min = Math.min(boundOf(schema, "minLength") ?? 0, LENGTH_MAX)
  return text.padEnd(min, ".").slice(0, boundOf(schema, "maxLength") ?? LENGTH_MAX)
}

function numberInstance(schema: Fields): number {
  const above = boundOf(schema, "exclusiveMinimum")
  const least = boundOf(schema, "minimum") ?? (above === undefined ? undefined : above + 1)
  const most = boundOf(schema, "maximum")
  if (least !== undefined) return least
  return most !== undefined && most < 1 ? most : 1
}

function typeOf(schema: Fields): string {
  const type = schema["type"]
  if (typeof type === "string") return type
  if (Array.isArray(type)) return String(type.find((name) => name !== "null") ?? "null")
  return isFields(schema["properties"]) ? "object" : "null"
}

function boundOf(schema: Fields, name: string): number | undefined {
  const value = schema[name]
  return typeof value === "number" ? value : undefined
}

/** `#/a/b` within the same schema; anything else is not there. */
function resolve(root: unknown, reference: string): unknown {
  if (!reference.startsWith("#")) return undefined
  let at: unknown = root
  for (const part of reference.slice(1).split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~")
    if (!isFields(at) || !Object.hasOwn(at, name)) return undefined
    at = at[name]
  }
  return at
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
