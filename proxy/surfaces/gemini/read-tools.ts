/** Function declarations and schemas, in the words of JSON Schema. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import { type JsonValue, RawJson, writeJson } from "#proxy/contract/json-write.ts"
import type { ToolDefinition } from "#proxy/exchange/chat-request.ts"
import { type FeatureNotes, listIn, needText, textIn } from "#proxy/exchange/read-body.ts"

export function readTools(body: JsonView, notes: FeatureNotes): readonly ToolDefinition[] {
  return listIn(body, "tools").flatMap((tool) => {
    for (const [name, member] of tool.members()) {
      if (name !== "functionDeclarations") notes.note("hosted-tools", member)
    }
    const declarations = listIn(tool, "functionDeclarations")
    if (declarations.length > 0) notes.note("tools", tool)
    return declarations.map((declaration) => readDeclaration(declaration, notes))
  })
}

const FIELDS: ReadonlySet<string> = new Set([
  ...["name", "description", "parameters", "parametersJsonSchema"],
])

function readDeclaration(declaration: JsonView, notes: FeatureNotes): ToolDefinition {
  notes.noteUnknown(declaration, FIELDS)
  const own = declaration.member("parametersJsonSchema")
  const parameters = declaration.member("parameters")
  return {
    name: needText(declaration, "name"),
    description: textIn(declaration, "description") ?? null,
    parameters: own?.raw() ?? (parameters === undefined ? null : schemaOf(parameters)),
    isStrict: false,
    cache: null,
  }
}

/** Gemini's own schemas are JSON schemas with types in capitals and `nullable`. */
export function schemaOf(schema: JsonView): RawJson {
  return new RawJson(writeJson(convert(schema)))
}

function convert(schema: JsonView): JsonValue {
  if (!schema.isObject) return schema.raw()
  const converted: Record<string, JsonValue> = {}
  const isNullable = schema.member("nullable")?.boolean() === true
  for (const [name, member] of schema.members()) {
    const value = convertMember(name, member, isNullable)
    if (value !== undefined) converted[name] = value
  }
  return converted
}

function convertMember(name: string, member: JsonView, isNullable: boolean): JsonValue | undefined {
  switch (name) {
    case "type": {
      const type = member.text()?.toLowerCase()
      if (type === undefined) return member.raw()
      return isNullable ? [type, "null"] : type
    }
    // Said by the type above; and an order of members is no rule of JSON.
    case "nullable":
    case "propertyOrdering":
      return undefined
    case "properties":
    case "$defs":
    case "defs": {
      const inner = member.members().map(([key, value]) => [key, convert(value)] as const)
      return Object.fromEntries(inner)
    }
    case "items":
    case "additionalProperties":
      return convert(member)
    case "anyOf":
    case "oneOf":
    case "allOf":
    case "prefixItems":
      return member.items().map(convert)
    default:
      return member.raw()
  }
}
