/**
 * A chat request in the intermediate form as a Converse body; the model is in the path.
 *
 * Source: Amazon Bedrock API reference, "Converse". Thinking and `top_k` are fields of the models'
 * own, which Converse hands on to Anthropic's.
 */
import { type JsonValue, writeJson } from "#proxy/contract/json-write.ts"
import type { CacheMarker, ChatRequest, OutputFormat } from "#proxy/exchange/chat-request.ts"
import { paramOf } from "#proxy/exchange/feature-support.ts"
import type { Decision } from "#proxy/exchange/parsed-request.ts"
import { readBody } from "#proxy/exchange/read-body.ts"
import type { EncodeContext } from "../adapter.ts"
import { planThinking } from "../anthropic/plan-thinking.ts"
import { type CallIds, renameCalls } from "../call-ids.ts"
import { cannotSay } from "../cannot-say.ts"
import { encodeParameters } from "../encode-parameters.ts"
import { splitSystem } from "../split-system.ts"
import { mayBeClaude } from "./bedrock-model.ts"
import { cachePoint, encodeSystem, encodeTurns } from "./encode-turns.ts"
import { keepMarkers } from "./keep-markers.ts"

export function encodeChat(chat: ChatRequest, context: EncodeContext): Decision<string> {
  return readBody(() => writeJson(bodyOf(keepMarkers(chat, context.model), context)))
}

function bodyOf(chat: ChatRequest, context: EncodeContext): JsonValue {
  const { maxTokens, own } = ownFields(chat, context)
  const { prompt, turns } = splitSystem(chat.messages)
  return {
    system: encodeSystem(prompt),
    messages: encodeTurns(renameCalls(turns, CALL_IDS), context),
    inferenceConfig: {
      maxTokens,
      temperature: chat.temperature ?? undefined,
      topP: chat.topP ?? undefined,
      stopSequences: chat.stop.length === 0 ? undefined : chat.stop,
    },
    toolConfig: encodeTools(chat, context),
    outputConfig: encodeFormat(chat.outputFormat),
    additionalModelRequestFields: own,
    additionalModelResponseFieldPaths:
      chat.stop.length > 0 && mayBeClaude(context.model) ? STOP_PATHS : undefined,
  }
}

/** Of `toolUseId`. */
const CALL_IDS: CallIds = { valid: /^[a-zA-Z0-9_-]{1,64}$/, make: (number) => `call_${number}` }

/** Which sequence was met, in a whole answer and in a stream's last event; told only when asked. */
const STOP_PATHS = Object.freeze(["/stop_sequence", "/delta/stop_sequence"])

interface OwnFields {
  readonly maxTokens: number | undefined
  readonly own: JsonValue | undefined
}

/** What only Anthropic's models take: others refuse a field that they do not know. */
function ownFields(chat: ChatRequest, context: EncodeContext): OwnFields {
  const limit = chat.maxOutputTokens ?? undefined
  if (chat.reasoning === null && chat.topK === null) return { maxTokens: limit, own: undefined }
  if (!mayBeClaude(context.model)) {
    // How much they think is theirs alone to say: no field for it is common to them.
    if (chat.topK === null) return { maxTokens: limit, own: undefined }
    const why = `Bedrock's model ${context.model} has no such field in common with others`
    return cannotSay(paramOf(chat.uses, "top-k") ?? "top_k", context, why)
  }
  const { maxTokens, thinking, effort } = planThinking(chat, context)
  return {
    maxTokens: chat.reasoning === null ? limit : maxTokens,
    own: {
      thinking,
      output_config: effort === undefined ? undefined : { effort },
      top_k: chat.topK ?? undefined,
    },
  }
}

/** Converse has no word for no call: the tools are left out, where no earlier call needs them. */
function encodeTools(chat: ChatRequest, context: EncodeContext): JsonValue | undefined {
  const { tools, toolChoice } = chat
  if (tools.length === 0) return undefined
  if (toolChoice?.kind === "none") {
    const isCalled = chat.messages.some(({ parts }) =>
      parts.some(({ kind }) => kind === "tool-call" || kind === "tool-result"),
    )
    if (!isCalled) return undefined
    const why = "Converse wants the tools of earlier calls, and may call them then"
    return cannotSay(paramOf(chat.uses, "tool-choice-none") ?? "tool_choice", context, why)
  }
  return {
    tools: tools.flatMap((tool) => [
      {
        toolSpec: {
          name: tool.name,
          description: tool.description ?? undefined,
          inputSchema: { json: encodeParameters(tool) },
          strict: tool.isStrict ? true : undefined,
        },
      },
      ...markers(tool.cache),
    ]),
    toolChoice: encodeChoice(toolChoice),
  }
}

function markers(cache: CacheMarker | null): readonly JsonValue[] {
  return cache === null ? [] : [cachePoint(cache)]
}

function encodeChoice(choice: ChatRequest["toolChoice"]): JsonValue | undefined {
  switch (choice?.kind) {
    case "auto":
      return { auto: {} }
    case "required":
      return { any: {} }
    case "named":
      return { tool: { name: choice.name } }
    case "none":
    case undefined:
      return undefined
  }
}

/** The schema is a text here. */
function encodeFormat(format: OutputFormat | null): JsonValue | undefined {
  if (format?.kind !== "json-schema") return undefined
  const { name, description, schema } = format
  const jsonSchema = { schema: schema.text, name, description: description ?? undefined }
  return { textFormat: { type: "json_schema", structure: { jsonSchema } } }
}
