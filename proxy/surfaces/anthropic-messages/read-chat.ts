/** A checked Messages request to the intermediate form. */
import { JsonView } from "#proxy/contract/json-view.ts"
import type {
  CacheMarker,
  ChatMessage,
  ChatRequest,
  OutputFormat,
  OwnThinking,
  ReasoningWish,
  ToolChoice,
  ToolDefinition,
} from "#proxy/exchange/chat-request.ts"
import type { Decision, ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import {
  badValue,
  booleanIn,
  type CarriedMember,
  countIn,
  digitsIn,
  FeatureNotes,
  listIn,
  missing,
  needText,
  readBody,
  textIn,
  textsIn,
} from "#proxy/exchange/read-body.ts"
import { hasChoice } from "../checks/has-choice.ts"
import { readTier, type Tiers } from "../checks/read-tier.ts"
import { readCache } from "./read-cache.ts"
import { readSystem, readTurns } from "./read-turns.ts"

const CARRIED: readonly CarriedMember[] = [
  ["max_tokens", "max-output-tokens"],
  ["temperature", "temperature"],
  ["top_p", "top-p"],
  ["top_k", "top-k"],
  ["stop_sequences", "stop"],
  ["metadata", "user"],
  ["cache_control", "cache-markers"],
  // Compares a prompt with an earlier one, for its cache.
  ["diagnostics", "metadata"],
  ["container", "hosted-tools"],
  ["mcp_servers", "hosted-tools"],
]

const KNOWN: ReadonlySet<string> = new Set([
  ...CARRIED.map(([name]) => name),
  ...["model", "messages", "system", "stream", "tools", "tool_choice", "thinking"],
  ...["output_config", "service_tier", "context_management"],
])

const THINKING_FIELDS: ReadonlySet<string> = new Set(["type", "budget_tokens", "display"])
const OUTPUT_FIELDS: ReadonlySet<string> = new Set(["effort", "format"])
const FORMAT_FIELDS: ReadonlySet<string> = new Set(["type", "schema"])
const METADATA_FIELDS: ReadonlySet<string> = new Set(["user_id"])
const CHOICE_FIELDS: ReadonlySet<string> = new Set(["type", "name", "disable_parallel_tool_use"])

export function readChat(request: ParsedRequest): Decision<ChatRequest> {
  return readBody(() => read(new JsonView(request.document), request))
}

function read(body: JsonView, request: ParsedRequest): ChatRequest {
  const notes = new FeatureNotes()
  const system = readSystem(body, notes)
  const messages = markLast([...system, ...readTurns(body, notes)], readCache(body, notes))
  notes.noteCarried(body, CARRIED)
  notes.noteUnknown(body, KNOWN)
  notes.noteUnknown(body.member("thinking"), THINKING_FIELDS)
  notes.noteUnknown(body.member("output_config"), OUTPUT_FIELDS)
  notes.noteUnknown(body.member("metadata"), METADATA_FIELDS)
  noteContext(body.member("context_management"), notes)
  notes.noteUnknown(body.member("tool_choice"), CHOICE_FIELDS)
  return {
    isStream: request.isStream,
    messages,
    tools: readTools(body, notes),
    ...readToolChoice(body, notes),
    outputFormat: readOutputFormat(body, notes),
    reasoning: readReasoning(body, notes),
    ownThinking: readOwnThinking(body),
    maxOutputTokens: countIn(body, "max_tokens") ?? null,
    temperature: digitsIn(body, "temperature"),
    topP: digitsIn(body, "top_p"),
    topK: digitsIn(body, "top_k"),
    minP: null,
    frequencyPenalty: null,
    presencePenalty: null,
    seed: null,
    stop: textsIn(body, "stop_sequences"),
    choices: 1,
    logprobs: null,
    logitBias: null,
    user: request.user,
    serviceTier: readTier(body, "service_tier", TIERS, notes),
    verbosity: null,
    safetySettings: null,
    mayShowImages: false,
    cacheKey: null,
    cacheRetention: null,
    cacheOptions: null,
    uses: notes.uses,
  }
}

const CONTEXT_FIELDS: ReadonlySet<string> = new Set(["edits"])

/** Edits that clear what stands in the conversation; others answer in blocks of their own. */
function noteContext(context: JsonView | undefined, notes: FeatureNotes): void {
  if (context === undefined) return
  notes.note("context-management", context)
  notes.noteUnknown(context, CONTEXT_FIELDS)
  for (const edit of context.member("edits")?.items() ?? []) {
    if (!edit.textOf("type")?.startsWith("clear_")) notes.note("unknown-field", edit)
  }
}

/** `auto` may be served better, `standard_only` may not. Source: "Service tiers". */
const TIERS: Tiers = { auto: null, standard_only: "standard" }

/** `eager_input_streaming` is about the pace of a stream alone. */
const TOOL_FIELDS: ReadonlySet<string> = new Set([
  ...["type", "name", "description", "input_schema", "strict", "cache_control"],
  ...["eager_input_streaming", "defer_loading", "allowed_callers"],
])

/** A marker of the whole request stands for one on the last block that can have it. */
function markLast(
  messages: readonly ChatMessage[],
  cache: CacheMarker | null,
): readonly ChatMessage[] {
  const last = messages.at(-1)
  const part = last?.parts.at(-1)
  if (cache === null || last === undefined || part === undefined || !("cache" in part)) {
    return messages
  }
  const marked = { ...last, parts: [...last.parts.slice(0, -1), { ...part, cache }] }
  return [...messages.slice(0, -1), marked]
}

function readTools(body: JsonView, notes: FeatureNotes): readonly ToolDefinition[] {
  const tools = listIn(body, "tools").flatMap((tool) => {
    const type = textIn(tool, "type")
    if (type !== undefined && type !== "custom") {
      notes.note("hosted-tools", tool)
      return []
    }
    notes.noteUnknown(tool, TOOL_FIELDS)
    const isStrict = booleanIn(tool, "strict") === true
    if (isStrict) notes.note("tool-strict", tool)
    if (booleanIn(tool, "defer_loading") === true) notes.note("tool-deferred", tool)
    // `direct` is the model itself.
    const caller = tool
      .member("allowed_callers")
      ?.items()
      .find((one) => one.text() !== "direct")
    if (caller !== undefined) notes.note("hosted-tools", caller)
    return [
      {
        name: needText(tool, "name"),
        description: textIn(tool, "description") ?? null,
        parameters: tool.member("input_schema")?.raw() ?? null,
        isStrict,
        cache: readCache(tool, notes),
      },
    ]
  })
  const given = body.member("tools")
  if (tools.length > 0 && given !== undefined) notes.note("tools", given)
  return tools
}

function readToolChoice(
  body: JsonView,
  notes: FeatureNotes,
): Pick<ChatRequest, "toolChoice" | "parallelToolCalls"> {
  const given = body.member("tool_choice")
  const isChoice = hasChoice(given, given?.textOf("type"), body.member("tools"))
  if (given === undefined || !isChoice) return { toolChoice: null, parallelToolCalls: null }
  const isOne = booleanIn(given, "disable_parallel_tool_use")
  if (isOne === true) notes.note("parallel-tool-calls-off", given)
  const parallelToolCalls = isOne === undefined ? null : !isOne
  return { toolChoice: notes.noteChoice(choiceOf(given), given), parallelToolCalls }
}

function choiceOf(given: JsonView): ToolChoice {
  switch (needText(given, "type")) {
    case "auto":
      return { kind: "auto" }
    case "any":
      return { kind: "required" }
    case "none":
      return { kind: "none" }
    case "tool":
      return { kind: "named", name: needText(given, "name") }
    default:
      return badValue(given.member("type") ?? given, "must be auto, any, tool or none")
  }
}

/** Anthropic's schema has no name; where another wire wants one it is `response`. */
function readOutputFormat(body: JsonView, notes: FeatureNotes): OutputFormat | null {
  const format = body.member("output_config")?.member("format")
  if (format === undefined) return null
  if (needText(format, "type") !== "json_schema") {
    return badValue(format.member("type") ?? format, "must be json_schema")
  }
  notes.note("json-schema", format)
  notes.noteUnknown(format, FORMAT_FIELDS)
  const schema = (format.member("schema") ?? missing(format, "schema")).raw()
  return { kind: "json-schema", name: "response", description: null, schema, isStrict: true }
}

function readReasoning(body: JsonView, notes: FeatureNotes): ReasoningWish | null {
  const thinking = body.member("thinking")
  const effort = readEffort(body, notes)
  const type = thinking === undefined ? undefined : needText(thinking, "type")
  if (thinking === undefined || type === undefined) {
    return effort === null ? null : { effort, budgetTokens: null, isShown: false }
  }
  if (type === "disabled") {
    notes.note("reasoning-effort", thinking)
    return { effort: "none", budgetTokens: null, isShown: false }
  }
  if (type !== "enabled" && type !== "adaptive") {
    notes.note("unknown-field", thinking.member("type") ?? thinking)
  }
  const isShown = textIn(thinking, "display") !== "omitted"
  const budgetTokens = countIn(thinking, "budget_tokens") ?? null
  notes.note(budgetTokens === null ? "reasoning-effort" : "reasoning-budget", thinking)
  return { effort: budgetTokens === null ? effort : null, budgetTokens, isShown }
}

function readOwnThinking(body: JsonView): OwnThinking | null {
  const thinking = body.member("thinking")?.raw() ?? null
  const effort = body.member("output_config")?.textOf("effort") ?? null
  const type = body.member("thinking")?.textOf("type") ?? null
  return thinking === null && effort === null ? null : { type, thinking, effort }
}

const EFFORTS = ["low", "medium", "high", "xhigh", "max"] as const

function readEffort(body: JsonView, notes: FeatureNotes): ReasoningWish["effort"] {
  const given = body.member("output_config")?.member("effort")
  if (given === undefined) return null
  notes.note("reasoning-effort", given)
  return EFFORTS.find((name) => name === given.text()) ?? badValue(given, "must be a known effort")
}
