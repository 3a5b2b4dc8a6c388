/** A checked Responses request to the intermediate form. */
import { JsonView } from "#proxy/contract/json-view.ts"
import type {
  ChatMessage,
  ChatRequest,
  OutputFormat,
  ReasoningWish,
  ToolChoice,
} from "#proxy/exchange/chat-request.ts"
import type { Decision, ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import {
  type CarriedMember,
  countIn,
  digitsIn,
  FeatureNotes,
  needText,
  readBody,
  textIn,
} from "#proxy/exchange/read-body.ts"
import { allowTools } from "../checks/allow-tools.ts"
import { OPENAI_TIERS, readTier } from "../checks/read-tier.ts"
import { readCacheHints, readCalling, readEffort, readFormat } from "../openai/read-fields.ts"
import { OwnTools } from "./own-tools.ts"
import { readInput } from "./read-input.ts"
import { readTools } from "./read-tools.ts"

const CARRIED: readonly CarriedMember[] = [
  ["max_output_tokens", "max-output-tokens"],
  ["temperature", "temperature"],
  ["top_p", "top-p"],
  ["user", "user"],
  ["safety_identifier", "user"],
  ["metadata", "metadata"],
  ["client_metadata", "metadata"],
  ["prompt_cache_key", "cache-key"],
  ["prompt_cache_retention", "cache-retention"],
  ["prompt_cache_options", "cache-retention"],
  ["stream_options", "stream-options"],
  // What only an upstream that keeps responses can know.
  ["previous_response_id", "store"],
  ["conversation", "store"],
  ["prompt", "store"],
]

const KNOWN: ReadonlySet<string> = new Set([
  ...CARRIED.map(([name]) => name),
  ...["model", "input", "instructions", "stream", "tools", "tool_choice", "parallel_tool_calls"],
  ...["text", "reasoning", "top_logprobs", "include", "store", "truncation", "background"],
  "service_tier",
])

const TEXT_FIELDS: ReadonlySet<string> = new Set(["format", "verbosity"])
const REASONING_FIELDS: ReadonlySet<string> = new Set([
  ...["effort", "summary", "generate_summary", "context"],
])

export function readChat(request: ParsedRequest): Decision<ChatRequest> {
  return readBody(() => read(new JsonView(request.document), request))
}

function read(body: JsonView, request: ParsedRequest): ChatRequest {
  const notes = new FeatureNotes()
  const own = new OwnTools(body)
  const messages: readonly ChatMessage[] = [
    ...readInstructions(body, notes),
    ...readInput(body, own, notes),
  ]
  noteFields(body, notes)
  return {
    isStream: request.isStream,
    messages,
    ...readCalls(body, own, notes),
    outputFormat: readOutputFormat(body, notes),
    reasoning: readReasoning(body, notes),
    ownThinking: null,
    maxOutputTokens: countIn(body, "max_output_tokens") ?? null,
    temperature: digitsIn(body, "temperature"),
    topP: digitsIn(body, "top_p"),
    topK: null,
    minP: null,
    frequencyPenalty: null,
    presencePenalty: null,
    seed: null,
    stop: [],
    choices: 1,
    logprobs: readLogprobs(body, notes),
    logitBias: null,
    user: request.user,
    serviceTier: readTier(body, "service_tier", OPENAI_TIERS, notes),
    verbosity: readVerbosity(body, notes),
    safetySettings: null,
    mayShowImages: false,
    ...readCacheHints(body),
    uses: notes.uses,
  }
}

function readInstructions(body: JsonView, notes: FeatureNotes): readonly ChatMessage[] {
  const text = textIn(body, "instructions")
  if (text === undefined) return []
  notes.note("system", "instructions")
  return [{ role: "system", parts: [{ kind: "text", text, cache: null }] }]
}

function noteFields(body: JsonView, notes: FeatureNotes): void {
  notes.noteCarried(body, CARRIED)
  // The defaults of these say nothing that another wire would do otherwise.
  if (body.member("store")?.boolean() === true) notes.note("store", "store")
  if (body.member("background")?.boolean() === true) notes.note("unknown-field", "background")
  if (body.textOf("truncation") === "auto") notes.note("context-management", "truncation")
  for (const item of body.member("include")?.items() ?? []) {
    if (!HARMLESS.has(item.text() ?? "")) notes.note("unknown-field", item)
  }
  notes.noteUnknown(body, KNOWN)
  notes.noteUnknown(body.member("text"), TEXT_FIELDS)
  const reasoning = body.member("reasoning")
  notes.noteUnknown(reasoning, REASONING_FIELDS)
  const context = reasoning?.member("context")
  if (context !== undefined) notes.note("context-management", context)
}

/** What is included anyway where there is such a thing. */
const HARMLESS: ReadonlySet<string> = new Set([
  "reasoning.encrypted_content",
  "message.output_text.logprobs",
  // Of tools that a provider runs, none of which is asked for.
  ...["web_search_call.action.sources", "web_search_call.results", "file_search_call.results"],
  ...["code_interpreter_call.outputs", "computer_call_output.output.image_url"],
])

function readCalls(body: JsonView, own: OwnTools, notes: FeatureNotes) {
  const given = body.member("tool_choice")
  const tools = readTools(body, own, notes)
  const read = (choice: JsonView) => readToolChoice(choice, own, notes)
  const calling = readCalling(body, given, [own.all, own.hosted], read, notes)
  return allowTools({ tools, ...calling }, readAllowed(given, own, notes))
}

function readToolChoice(given: JsonView, own: OwnTools, notes: FeatureNotes): ToolChoice | null {
  const kind = given.text() ?? given.textOf("type")
  switch (kind) {
    case "auto":
    case "none":
    case "required":
      return notes.noteChoice({ kind }, given)
    case "function":
    case "custom":
      notes.noteUnknown(given, CHOICE_FIELDS)
      return notes.noteChoice({ kind: "named", name: nameIn(given, own) }, given)
    case "allowed_tools":
      notes.note("tool-choice-allowed", given)
      notes.noteUnknown(given, ALLOWED_FIELDS)
      return notes.noteChoice(
        { kind: given.textOf("mode") === "required" ? "required" : "auto" },
        given,
      )
    default:
      notes.note("hosted-tools", given)
      return null
  }
}

const CHOICE_FIELDS: ReadonlySet<string> = new Set(["type", "name", "namespace"])

const ALLOWED_FIELDS: ReadonlySet<string> = new Set(["type", "mode", "tools"])

/** Names of the tools that may be called; null for all. */
function readAllowed(
  given: JsonView | undefined,
  own: OwnTools,
  notes: FeatureNotes,
): readonly string[] | null {
  if (given?.textOf("type") !== "allowed_tools") return null
  return (given.member("tools")?.items() ?? []).flatMap((tool) => {
    const type = tool.textOf("type")
    if (type === "function" || type === "custom") {
      notes.noteUnknown(tool, CHOICE_FIELDS)
      return [nameIn(tool, own)]
    }
    notes.note("hosted-tools", tool)
    return []
  })
}

function nameIn(given: JsonView, own: OwnTools): string {
  return own.formName(needText(given, "name"), textIn(given, "namespace") ?? null)
}

function readOutputFormat(body: JsonView, notes: FeatureNotes): OutputFormat | null {
  const given = body.member("text")?.member("format")
  return given === undefined ? null : readFormat(given, notes, (format) => format)
}

function readVerbosity(body: JsonView, notes: FeatureNotes): string | null {
  const verbosity = body.member("text")?.member("verbosity")
  // `medium` is what happens when nothing is said.
  if (verbosity === undefined || verbosity.text() === "medium") return null
  notes.note("verbosity", verbosity)
  return verbosity.text() ?? null
}

function readLogprobs(body: JsonView, notes: FeatureNotes): number | null {
  const top = countIn(body, "top_logprobs")
  if (top === undefined || top === 0) return null
  notes.note("logprobs", "top_logprobs")
  return top
}

function readReasoning(body: JsonView, notes: FeatureNotes): ReasoningWish | null {
  const reasoning = body.member("reasoning")
  const given = reasoning?.member("effort")
  const isShown = reasoning?.member("summary") !== undefined
  if (given === undefined) return isShown ? { effort: null, budgetTokens: null, isShown } : null
  return { effort: readEffort(given, notes), budgetTokens: null, isShown }
}
