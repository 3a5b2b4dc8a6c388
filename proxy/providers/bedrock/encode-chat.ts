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
import { encodeInput, stopsOf } from "../anthropic/encode-chat.ts"
import { encodeSchema } from "../anthropic/encode-schema.ts"
import { planThinking } from "../anthropic/plan-thinking.ts"
import { type CallIds, renameCalls } from "../call-ids.ts"
import { cannotSay } from "../cannot-say.ts"
import { encodeParameters } from "../encode-parameters.ts"
import { withJsonTool } from "../json-tool.ts"
import { splitSystem } from "../split-system.ts"
import { trimPrefill } from "../trim-prefill.ts"
import { mayBeClaude } from "./bedrock-model.ts"
import { cachePoint, encodeSystem, encodeTurns } from "./encode-turns.ts"
import { keepMarkers } from "./keep-markers.ts"
import { hasCalls, tellCalls } from "./tell-calls.ts"

export function encodeChat(chat: ChatRequest, context: EncodeContext): Decision<string> {
  return readBody(() => {
    const asked = withJsonTool(chat, context)
    return writeJson(bodyOf(keepMarkers(asked, context.model), context))
  })
}

function bodyOf(chat: ChatRequest, context: EncodeContext): JsonValue {
  const { maxTokens, own } = ownFields(chat, context)
  const { prompt, turns } = splitSystem(chat.messages)
  const hasTools = chat.tools.length > 0 && chat.toolChoice?.kind !== "none"
  const told = hasTools || !hasCalls(turns) ? turns : tellCalls(turns)
  const said = mayBeClaude(context.model) ? trimPrefill(told) : told
  return {
    system: encodeSystem(prompt),
    messages: encodeTurns(renameCalls(said, CALL_IDS), context),
    inferenceConfig: {
      maxTokens,
      temperature: chat.temperature ?? undefined,
      topP: chat.topP ?? undefined,
      stopSequences: mayBeClaude(context.model) ? stopsOf(chat, context) : someOf(chat.stop),
    },
    toolConfig: hasTools ? encodeTools(chat, context) : undefined,
    outputConfig: encodeFormat(chat.outputFormat, context),
    additionalModelRequestFields: own,
    additionalModelResponseFieldPaths:
      chat.stop.length > 0 && mayBeClaude(context.model) ? STOP_PATHS : undefined,
  }
}

function someOf(stop: readonly string[]): readonly string[] | undefined {
  return stop.length === 0 ? undefined : stop
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

/** Converse has no word for no call: the tools are left out then. */
function encodeTools({ tools, toolChoice }: ChatRequest, context: EncodeContext): JsonValue {
  const isClaude = mayBeClaude(context.model)
  return {
    tools: tools.flatMap((tool) => [
      {
        toolSpec: {
          name: tool.name,
          description: tool.description ?? undefined,
          inputSchema: { json: isClaude ? encodeInput(tool) : encodeParameters(tool) },
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
function encodeFormat(
  format: OutputFormat | null,
  { model }: EncodeContext,
): JsonValue | undefined {
  if (format?.kind !== "json-schema") return undefined
  const { name, description } = format
  const schema = mayBeClaude(model) ? encodeSchema(format.schema) : format.schema
  const jsonSchema = { schema: schema.text, name, description: description ?? undefined }
  return { textFormat: { type: "json_schema", structure: { jsonSchema } } }
}
