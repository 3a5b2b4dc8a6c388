/** The tools of a Responses request, each as a function, and those that it only offers. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { ToolDefinition } from "#proxy/exchange/chat-request.ts"
import { booleanIn, type FeatureNotes, textIn } from "#proxy/exchange/read-body.ts"
import { readFunction } from "../openai/read-fields.ts"
import { readTextTool } from "../openai/text-tools.ts"
import type { OwnTool, OwnTools } from "./own-tools.ts"

const FIELDS: ReadonlySet<string> = new Set([
  ...["type", "name", "description", "parameters", "strict", "defer_loading"],
])
const CUSTOM_FIELDS: ReadonlySet<string> = new Set([
  ...["type", "name", "description", "format", "defer_loading"],
])
const SEARCH_FIELDS: ReadonlySet<string> = new Set([
  ...["type", "execution", "description", "parameters"],
])
const NAMESPACE_FIELDS: ReadonlySet<string> = new Set(["type", "name", "description", "tools"])

export function readTools(
  body: JsonView,
  own: OwnTools,
  notes: FeatureNotes,
): readonly ToolDefinition[] {
  for (const tool of body.member("tools")?.items() ?? []) {
    if (tool.textOf("type") === "namespace") notes.noteUnknown(tool, NAMESPACE_FIELDS)
  }
  const [first] = own.all
  if (first !== undefined) notes.note("tools", body.member("tools") ?? first.view)
  for (const tool of own.hosted) {
    const isOffer = OFFERS.has(tool.textOf("type") ?? "") && first !== undefined && mayChoose(body)
    notes.note(isOffer ? "hosted-tools-offered" : "hosted-tools", tool)
  }
  return own.all.map((tool) => readTool(tool, notes))
}

/**
 * What a model may use beside the client's own tools, and need not: coding agents offer it in every
 * request. Where it is the only tool, or asked for, the client wants what it gives.
 */
const OFFERS: ReadonlySet<string> = new Set([
  ...["web_search", "web_search_preview", "image_generation"],
])

function mayChoose(body: JsonView): boolean {
  const choice = body.member("tool_choice")
  return choice === undefined || choice.text() === "auto" || choice.text() === "none"
}

function readTool({ kind, formName, view }: OwnTool, notes: FeatureNotes): ToolDefinition {
  if (booleanIn(view, "defer_loading") === true) notes.note("tool-deferred", view)
  switch (kind) {
    case "function": {
      notes.noteUnknown(view, FIELDS)
      // Absent is strict here, unlike in Chat Completions; only what was said is handed on.
      return { ...readFunction(view, notes), name: formName, cache: null }
    }
    case "custom":
      notes.noteUnknown(view, CUSTOM_FIELDS)
      return { ...readTextTool(view, notes), name: formName, cache: null }
    case "search": {
      notes.noteUnknown(view, SEARCH_FIELDS)
      const parameters = view.member("parameters")?.raw() ?? null
      const description = textIn(view, "description") ?? null
      return { name: formName, description, parameters, isStrict: false, cache: null }
    }
  }
}
