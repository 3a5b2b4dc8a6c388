/** Tools, the choice among them, and the wanted form of the answer. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { OutputFormat, ToolChoice, ToolDefinition } from "#proxy/exchange/chat-request.ts"
import {
  badValue,
  type FeatureNotes,
  listIn,
  missing,
  needText,
} from "#proxy/exchange/read-body.ts"
import { readCache } from "../openai/read-cache.ts"
import { readFormat, readFunction } from "../openai/read-fields.ts"
import { readTextTool } from "../openai/text-tools.ts"

export function readTools(body: JsonView, notes: FeatureNotes): readonly ToolDefinition[] {
  const tools = listIn(body, "tools").flatMap((tool) => {
    const type = needText(tool, "type")
    if (type !== "function" && type !== "custom") {
      notes.note("hosted-tools", tool)
      return []
    }
    notes.noteUnknown(tool, TOOL_FIELDS)
    const definition = tool.member(type) ?? missing(tool, type)
    return [
      type === "function" ? readTool(definition, tool, notes) : readCustom(definition, tool, notes),
    ]
  })
  const legacy = listIn(body, "functions").map((definition) =>
    readTool(definition, definition, notes),
  )
  const all = [...tools, ...legacy]
  const given = body.member("tools") ?? body.member("functions")
  if (all.length > 0 && given !== undefined) notes.note("tools", given)
  return all
}

const TOOL_FIELDS: ReadonlySet<string> = new Set(["type", "function", "custom", "cache_control"])
const FUNCTION_FIELDS: ReadonlySet<string> = new Set([
  ...["name", "description", "parameters", "strict", "cache_control"],
])

function readTool(definition: JsonView, tool: JsonView, notes: FeatureNotes): ToolDefinition {
  notes.noteUnknown(definition, FUNCTION_FIELDS)
  return {
    ...readFunction(definition, notes),
    cache: readCache(tool, notes) ?? readCache(definition, notes),
  }
}

const CUSTOM_FIELDS: ReadonlySet<string> = new Set(["name", "description", "format"])

function readCustom(definition: JsonView, tool: JsonView, notes: FeatureNotes): ToolDefinition {
  notes.noteUnknown(definition, CUSTOM_FIELDS)
  return { ...readTextTool(definition, notes), cache: readCache(tool, notes) }
}

export function readToolChoice(given: JsonView, notes: FeatureNotes): ToolChoice | null {
  const word = given.text()
  if (word !== undefined) return notes.noteChoice({ kind: choiceOf(word, given) }, given)
  const allowed = given.member("allowed_tools")
  if (allowed !== undefined) {
    notes.note("tool-choice-allowed", given)
    notes.noteUnknown(given, ALLOWED_CHOICE)
    notes.noteUnknown(allowed, ALLOWED_FIELDS)
    for (const tool of allowed.member("tools")?.items() ?? []) {
      notes.noteUnknown(tool, CHOICE_FIELDS)
      notes.noteUnknown(namedIn(tool), NAMED_FIELDS)
    }
    const mode = allowed.member("mode") ?? missing(allowed, "mode")
    return notes.noteChoice({ kind: choiceOf(mode.text() ?? "", mode) }, given)
  }
  notes.noteUnknown(given, CHOICE_FIELDS)
  notes.noteUnknown(namedIn(given), NAMED_FIELDS)
  const named = namedIn(given)?.textOf("name") ?? given.textOf("name")
  if (named === undefined) return badValue(given, "must name a function")
  return notes.noteChoice({ kind: "named", name: named }, given)
}

const ALLOWED_CHOICE: ReadonlySet<string> = new Set(["type", "allowed_tools"])
const ALLOWED_FIELDS: ReadonlySet<string> = new Set(["mode", "tools"])

/** Names of the tools that may be called; null for all. */
export function readAllowed(given: JsonView | undefined): readonly string[] | null {
  const tools = given?.member("allowed_tools")?.member("tools")
  if (tools === undefined) return null
  return tools.items().map((tool) => needText(namedIn(tool) ?? tool, "name"))
}

function namedIn(given: JsonView): JsonView | undefined {
  return given.member("function") ?? given.member("custom")
}

/** The older `function_call` has the name itself. */
const CHOICE_FIELDS: ReadonlySet<string> = new Set(["type", "function", "custom", "name"])
const NAMED_FIELDS: ReadonlySet<string> = new Set(["name"])

function choiceOf(word: string, given: JsonView): "auto" | "none" | "required" {
  switch (word) {
    case "auto":
    case "none":
    case "required":
      return word
    default:
      return badValue(given, "must be auto, none, required or a function")
  }
}

export function readOutputFormat(body: JsonView, notes: FeatureNotes): OutputFormat | null {
  const given = body.member("response_format")
  if (given === undefined) return null
  return readFormat(given, notes, (format) => {
    return format.member("json_schema") ?? missing(format, "json_schema")
  })
}
