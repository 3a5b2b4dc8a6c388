/**
 * A chat request in the intermediate form as a Messages body.
 *
 * Source: Anthropic API reference, "Create a Message". A limit on the output is required there:
 * without one the model's own stands.
 */
import { type JsonValue, RawJson, writeJson } from "#proxy/contract/json-write.ts"
import type {
  ChatMessage,
  ChatRequest,
  OutputFormat,
  ToolDefinition,
} from "#proxy/exchange/chat-request.ts"
import { paramOf } from "#proxy/exchange/feature-support.ts"
import type { Decision } from "#proxy/exchange/parsed-request.ts"
import { readBody } from "#proxy/exchange/read-body.ts"
import type { EncodeContext } from "../adapter.ts"
import { type CallIds, renameCalls } from "../call-ids.ts"
import { cannotSay } from "../cannot-say.ts"
import { describeSchema } from "../describe-schema.ts"
import { encodeParameters } from "../encode-parameters.ts"
import { isBlank } from "../is-blank.ts"
import { withJsonTool } from "../json-tool.ts"
import { splitSystem } from "../split-system.ts"
import { trimPrefill } from "../trim-prefill.ts"
import { claudeModel } from "./claude-model.ts"
import { encodeSchema } from "./encode-schema.ts"
import { encodeSystem, encodeTurns, markerOf } from "./encode-turns.ts"
import { planThinking } from "./plan-thinking.ts"

/** Of `tool_use.id`, which must be unique as well. */
const CALL_IDS: CallIds = { valid: /^[a-zA-Z0-9_-]+$/, make: (number) => `call_${number}` }

export function encodeChat(chat: ChatRequest, context: EncodeContext): Decision<string> {
  return readBody(() => writeJson({ model: context.model, ...encodeFields(chat, context) }))
}

/** All but the model, which Vertex AI and Bedrock name in the path. */
export function encodeFields(
  given: ChatRequest,
  context: EncodeContext,
): Readonly<Record<string, JsonValue | undefined>> {
  const chat = withJsonTool(given, context)
  const thinking = planThinking(chat, context)
  const said = trimPrefill(renameCalls(chat.messages, CALL_IDS))
  const { hasSystemTurns } = claudeModel(context.model)
  const { prompt, turns } = splitSystem(said, (at) => hasSystemTurns && isBehindUser(said, at))
  return {
    max_tokens: thinking.maxTokens,
    system: encodeSystem(prompt),
    messages: encodeTurns(turns, context),
    stream: chat.isStream ? true : undefined,
    temperature: temperatureOf(chat.temperature, context),
    top_p: unlessOne(chat.topP),
    top_k: chat.topK ?? undefined,
    stop_sequences: stopsOf(chat, context),
    tools: chat.tools.length === 0 ? undefined : encodeTools(chat),
    tool_choice: encodeToolChoice(chat),
    thinking: thinking.thinking,
    output_config: outputConfig(thinking.effort, chat.outputFormat),
    service_tier: chat.serviceTier === null ? undefined : "standard_only",
    metadata: chat.user === null || PERSONAL.test(chat.user) ? undefined : { user_id: chat.user },
  }
}

/** An address or a telephone number, for which the whole request is refused. */
const PERSONAL = /^[^\s@]+@[^\s@]+\.[^\s@]+$|^\+?[\d\s()-]{7,20}$/

/** One without a character to read, such as a line break, is refused there. */
export function stopsOf({ stop, uses }: ChatRequest, context: EncodeContext) {
  if (stop.some(isBlank)) {
    const why = "Anthropic's models take no sequence of white space alone"
    return cannotSay(paramOf(uses, "stop") ?? "stop", context, why)
  }
  return stop.length === 0 ? undefined : stop
}

/** Between a user's turn and the assistant's, or at the end. Source: "Mid-conversation system". */
function isBehindUser(messages: readonly ChatMessage[], at: number): boolean {
  const before = messages[at - 1]?.role
  const next = messages[at + 1]?.role
  return (before === "user" || before === "tool") && (next === undefined || next === "assistant")
}

/**
 * What happens anyway, and many clients of OpenAI's send both: since 4.5 the two together are
 * refused, and later models take neither but for that value. Source: "Create a Message".
 */
function unlessOne(number: RawJson | null): RawJson | undefined {
  return number === null || Number(number.text) === 1 ? undefined : number
}

/** OpenAI's scale ends at 2, this one at 1: a higher value has no counterpart. */
function temperatureOf(temperature: RawJson | null, context: EncodeContext): RawJson | undefined {
  if (temperature === null || Number(temperature.text) <= 1) return unlessOne(temperature)
  const why = `it is ${temperature.text}; Anthropic takes 0 to 1`
  return cannotSay("temperature", context, why)
}

function encodeTools(chat: ChatRequest): JsonValue {
  return chat.tools.map((tool) => ({
    name: tool.name,
    description: tool.description ?? undefined,
    input_schema: encodeInput(tool),
    strict: tool.isStrict ? true : undefined,
    cache_control: markerOf(tool.cache),
  }))
}

/** A strict one is kept to in the way that an answer's schema is. */
export function encodeInput(tool: ToolDefinition): JsonValue {
  const parameters = encodeParameters(tool)
  return tool.isStrict && parameters instanceof RawJson ? encodeSchema(parameters) : parameters
}

function encodeToolChoice({ toolChoice, parallelToolCalls, tools }: ChatRequest) {
  const one = parallelToolCalls === false ? { disable_parallel_tool_use: true } : {}
  if (toolChoice === null) {
    return parallelToolCalls === false && tools.length > 0 ? { type: "auto", ...one } : undefined
  }
  switch (toolChoice.kind) {
    case "auto":
      return { type: "auto", ...one }
    case "none":
      return { type: "none" }
    case "required":
      return { type: "any", ...one }
    case "named":
      return { type: "tool", name: toolChoice.name, ...one }
  }
}

/** The schema's name is a label; a schema is always kept to. */
function outputConfig(effort: string | undefined, format: OutputFormat | null) {
  if (effort === undefined && format?.kind !== "json-schema") return undefined
  return {
    effort,
    format:
      format?.kind === "json-schema"
        ? { type: "json_schema", schema: encodeSchema(describeSchema(format)) }
        : undefined,
  }
}
