/** Function declarations and schemas, in the words of JSON Schema. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { ToolDefinition } from "#proxy/exchange/chat-request.ts"
import { type FeatureNotes, listIn, needText, textIn } from "#proxy/exchange/read-body.ts"
import { schemaOf } from "./read-schema.ts"

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
