/** Tools, the choice among them, and the wanted form of the answer. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { OutputFormat, ToolChoice, ToolDefinition } from "#proxy/exchange/chat-request.ts"
import {
  badValue,
  booleanIn,
  type FeatureNotes,
  listIn,
  missing,
  needText,
  textIn,
} from "#proxy/exchange/read-body.ts"
import { readCache } from "./read-messages.ts"

export function readTools(body: JsonView, notes: FeatureNotes): readonly ToolDefinition[] {
  const tools = listIn(body, "tools").flatMap((tool) => {
    if (needText(tool, "type") !== "function") {
      notes.note("hosted-tools", tool)
      return []
    }
    notes.noteUnknown(tool, TOOL_FIELDS)
    const definition = tool.member("function") ?? missing(tool, "function")
    return [readTool(definition, tool, notes)]
  })
  const legacy = listIn(body, "functions").map((definition) =>
    readTool(definition, definition, notes),
  )
  const all = [...tools, ...legacy]
  const given = body.member("tools") ?? body.member("functions")
  if (all.length > 0 && given !== undefined) notes.note("tools", given)
  return all
}

const TOOL_FIELDS: ReadonlySet<string> = new Set(["type", "function", "cache_control"])
const FUNCTION_FIELDS: ReadonlySet<string> = new Set([
  ...["name", "description", "parameters", "strict", "cache_control"],
])

function readTool(definition: JsonView, tool: JsonView, notes: FeatureNotes): ToolDefinition {
  notes.noteUnknown(definition, FUNCTION_FIELDS)
  const isStrict = booleanIn(definition, "strict") === true
  if (isStrict) notes.note("tool-strict", definition)
  return {
    name: needText(definition, "name"),
    description: textIn(definition, "description") ?? null,
    parameters: definition.member("parameters")?.raw() ?? null,
    isStrict,
    cache: readCache(tool, notes) ?? readCache(definition, notes),
  }
}

export function readToolChoice(body: JsonView, notes: FeatureNotes): ToolChoice | null {
  const given = body.member("tool_choice") ?? body.member("function_call")
  if (given === undefined) return null
  const word = given.text()
  if (word !== undefined) return readWord(word, given, notes)
  if (given.textOf("type") === "allowed_tools") {
    notes.note("tool-choice-allowed", given)
    return null
  }
  const named = given.member("function")?.textOf("name") ?? given.textOf("name")
  if (named === undefined) return badValue(given, "must name a function")
  notes.note("tool-choice-named", given)
  return { kind: "named", name: named }
}

function readWord(word: string, given: JsonView, notes: FeatureNotes): ToolChoice {
  switch (word) {
    case "auto":
      notes.note("tool-choice", given)
      return { kind: "auto" }
    case "none":
      notes.note("tool-choice-none", given)
      return { kind: "none" }
    case "required":
      notes.note("tool-choice-required", given)
      return { kind: "required" }
    default:
      return badValue(given, "must be auto, none, required or a function")
  }
}

export function readOutputFormat(body: JsonView, notes: FeatureNotes): OutputFormat | null {
  const format = body.member("response_format")
  if (format === undefined) return null
  switch (needText(format, "type")) {
    case "text":
      return null
    case "json_object":
      notes.note("json-object", format)
      return { kind: "json-object" }
    case "json_schema": {
      notes.note("json-schema", format)
      const given = format.member("json_schema") ?? missing(format, "json_schema")
      return {
        kind: "json-schema",
        name: needText(given, "name"),
        description: textIn(given, "description") ?? null,
        schema: (given.member("schema") ?? missing(given, "schema")).raw(),
        isStrict: booleanIn(given, "strict") === true,
      }
    }
    default:
      return badValue(format.member("type") ?? format, "must be text, json_object or json_schema")
  }
}
