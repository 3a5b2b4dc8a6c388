/**
 * A chat request in the intermediate form as a Chat Completions body.
 *
 * Source: OpenAI API reference, "Create chat completion". Numbers keep the client's digits.
 */
import { type JsonValue, writeJson } from "#proxy/contract/json-write.ts"
import type { FeatureTable } from "#proxy/exchange/chat-feature.ts"
import {
  type ChatMessage,
  type ChatRequest,
  type ContentPart,
  isMedia,
  type MediaPart,
  type TextPart,
  type ToolResultPart,
} from "#proxy/exchange/chat-request.ts"
import { accept, type Decision } from "#proxy/exchange/parsed-request.ts"
import { readBody } from "#proxy/exchange/read-body.ts"
import type { EncodeContext } from "../adapter.ts"
import { type CallIds, renameCalls } from "../call-ids.ts"
import { cannotSay } from "../cannot-say.ts"
import { typed } from "../encode-parameters.ts"
import { textOfResult } from "../result-text.ts"
import { textFile } from "../text-file.ts"
import { arrangeMessages, joinTexts } from "./arrange-messages.ts"
import { withinMax } from "./output-max.ts"
import { planEffort } from "./plan-effort.ts"
import { canBeStrict } from "./strict-schema.ts"
import type { VendorTraits } from "./vendors.ts"

const CALL_IDS: Readonly<Record<VendorTraits["callIds"], CallIds>> = {
  "at-most-40": { valid: /^.{1,40}$/s, make: (number) => `call_${number}` },
  "nine-letters": {
    valid: /^[a-zA-Z0-9]{9}$/,
    make: (number) => `call${number.toString(36).padStart(5, "0")}`,
  },
}

export function encodeChat(
  chat: ChatRequest,
  context: EncodeContext,
  traits: VendorTraits,
): Decision<string> {
  const messages = readBody(() =>
    arrangeMessages(renameCalls(chat.messages, CALL_IDS[traits.callIds]), traits).flatMap(
      (message) => encodeMessage(message, context, traits),
    ),
  )
  return messages.ok ? accept(writeJson(bodyOf(chat, messages.value, context, traits))) : messages
}

function bodyOf(
  chat: ChatRequest,
  messages: readonly JsonValue[],
  context: EncodeContext,
  { outputLimit, seed, streamUsage, features }: VendorTraits,
): JsonValue {
  return {
    model: context.model,
    messages,
    stream: chat.isStream ? true : undefined,
    stream_options: chat.isStream && streamUsage === "asked" ? { include_usage: true } : undefined,
    [outputLimit]:
      chat.maxOutputTokens === null ? undefined : withinMax(chat.maxOutputTokens, context.model),
    temperature: chat.temperature ?? undefined,
    top_p: chat.topP ?? undefined,
    top_k: chat.topK ?? undefined,
    min_p: chat.minP ?? undefined,
    frequency_penalty: chat.frequencyPenalty ?? undefined,
    presence_penalty: chat.presencePenalty ?? undefined,
    [seed]: chat.seed ?? undefined,
    logit_bias: chat.logitBias ?? undefined,
    stop: chat.stop.length === 0 ? undefined : chat.stop,
    n: chat.choices === 1 ? undefined : chat.choices,
    logprobs: chat.logprobs === null ? undefined : true,
    top_logprobs: chat.logprobs === null || chat.logprobs === 0 ? undefined : chat.logprobs,
    tools: chat.tools.length === 0 ? undefined : encodeTools(chat),
    tool_choice: encodeToolChoice(chat),
    parallel_tool_calls: mayParallel(chat, features),
    response_format: encodeFormat(chat),
    reasoning_effort:
      features["reasoning-effort"] === "yes"
        ? planEffort(chat.reasoning, context.model)
        : undefined,
    verbosity: features.verbosity === "yes" ? (chat.verbosity ?? undefined) : undefined,
    user: features.user === "yes" ? chat.user?.slice(0, USER_CHARS_MAX).toWellFormed() : undefined,
    ...encodeOwn(chat, features),
  }
}

/** Longer ones are refused; an id begins with what tells users apart. */
const USER_CHARS_MAX = 64

/** What only some of the vendors have, and others may leave out. */
function encodeOwn(
  { cacheKey, cacheRetention, cacheOptions, serviceTier, mayShowImages }: ChatRequest,
  features: FeatureTable,
): Readonly<Record<string, JsonValue | undefined>> {
  const mayKeep = features["cache-retention"] === "yes"
  const mayTier = features["service-tier-standard"] === "yes"
  return {
    prompt_cache_key: features["cache-key"] === "yes" ? (cacheKey ?? undefined) : undefined,
    prompt_cache_retention: mayKeep ? (cacheRetention ?? undefined) : undefined,
    prompt_cache_options: mayKeep ? (cacheOptions ?? undefined) : undefined,
    // Any other vendor was refused the wish before.
    modalities: mayShowImages ? ["image", "text"] : undefined,
    service_tier: mayTier && serviceTier !== null ? "default" : undefined,
  }
}

/** A vendor without the field is not told, and of its calls the first alone is passed on. */
function mayParallel(
  { parallelToolCalls, tools }: ChatRequest,
  features: FeatureTable,
): boolean | undefined {
  if (parallelToolCalls === null || tools.length === 0) return undefined
  return features["parallel-tool-calls-off"] === "yes" ? parallelToolCalls : undefined
}

function encodeTools(chat: ChatRequest): JsonValue {
  return chat.tools.map(({ name, description, parameters, isStrict }) => ({
    type: "function",
    function: {
      name,
      description: description ?? undefined,
      parameters: parameters === null ? undefined : typed(parameters),
      strict: isStrict && (parameters === null || canBeStrict(parameters)) ? true : undefined,
    },
  }))
}

function encodeToolChoice({ toolChoice }: ChatRequest): JsonValue | undefined {
  if (toolChoice === null) return undefined
  if (toolChoice.kind !== "named") return toolChoice.kind
  return { type: "function", function: { name: toolChoice.name } }
}

function encodeFormat({ outputFormat }: ChatRequest): JsonValue | undefined {
  if (outputFormat === null) return undefined
  if (outputFormat.kind === "json-object") return { type: "json_object" }
  const { name, description, schema } = outputFormat
  const strict = outputFormat.isStrict && canBeStrict(schema)
  const json_schema = { name, description: description ?? undefined, schema, strict }
  return { type: "json_schema", json_schema }
}

function encodeMessage(
  message: ChatMessage,
  context: EncodeContext,
  traits: VendorTraits,
): readonly JsonValue[] {
  const { role, parts } = message
  const results = parts.filter((part) => part.kind === "tool-result").map(encodeResult)
  const rest = parts.filter((part) => part.kind !== "tool-result")
  if (rest.length === 0) return results
  if (role === "assistant") {
    // Thoughts alone, which most do not take back, are no message.
    const isSaid = rest.some(({ kind }) => kind !== "reasoning")
    return isSaid ? [...results, encodeAssistant(rest, context, traits)] : results
  }
  return [
    ...results,
    { role: role === "tool" ? "user" : role, content: encodeContent(rest, context, traits) },
  ]
}

/** A text as a string, as every server of this shape takes it. */
function encodeContent(
  parts: readonly ContentPart[],
  context: EncodeContext,
  traits: VendorTraits,
): JsonValue {
  const texts = parts.filter((part) => part.kind === "text").map(({ text }) => text)
  const joined = texts.length === parts.length ? joinTexts(texts, traits) : null
  if (joined !== null) return joined
  return parts.flatMap((part) => {
    if (part.kind === "text") return [{ type: "text", text: part.text }]
    return isMedia(part) ? [encodeMedia(part, context, traits)] : []
  })
}

function encodeMedia(
  part: MediaPart,
  context: EncodeContext,
  { features }: VendorTraits,
): JsonValue {
  const { kind, source, name, detail } = textFile(part)
  const url = source.kind === "data" ? `data:${source.mimeType};base64,${source.base64}` : undefined
  if (kind === "image" && (url !== undefined || source.kind === "url")) {
    const address = url ?? (source.kind === "url" ? source.url : "")
    const said = features["image-detail"] === "yes" ? (detail ?? undefined) : undefined
    return { type: "image_url", image_url: { url: address, detail: said } }
  }
  if (kind === "file" && source.kind === "text") return { type: "text", text: source.text }
  if (kind === "file" && url !== undefined) {
    return { type: "file", file: { filename: name ?? "document", file_data: url } }
  }
  if (kind === "audio" && source.kind === "data") {
    const format = source.mimeType.replace(/^audio\/(?:x-)?(?:mpeg$)?/, "") || "mp3"
    return { type: "input_audio", input_audio: { data: source.base64, format } }
  }
  const why = `Chat Completions takes no ${kind} given as ${source.kind}`
  return cannotSay("messages", context, why)
}

/** Models that want the thoughts back with which they called a tool, at whatever server. */
const WANTS_THOUGHTS = /deepseek|kimi|glm-|minimax|mimo/i

function encodeAssistant(
  parts: readonly ContentPart[],
  context: EncodeContext,
  traits: VendorTraits,
): JsonValue {
  const { reference } = traits
  const wanted = WANTS_THOUGHTS.test(context.model) ? "reasoning_content" : null
  const field = traits.reasoningHistory ?? wanted
  const thoughts = parts.flatMap((part) => (part.kind === "reasoning" ? [part.text] : []))
  const texts = parts.filter((part): part is TextPart => part.kind === "text")
  const refusal = parts.flatMap((part) => (part.kind === "refusal" ? [part.text] : []))
  const calls = parts.flatMap((part) => (part.kind === "tool-call" ? [part] : []))
  const images = parts.filter(isMedia).map((part) => {
    if (part.kind === "image") return encodeMedia(part, context, traits)
    return cannotSay("messages", context, `an assistant's message holds images, no ${part.kind}`)
  })
  return {
    role: "assistant",
    ...(field === null || thoughts.length === 0 ? {} : { [field]: thoughts.join("") }),
    content: texts.length === 0 ? null : texts.map(({ text }) => text).join(""),
    refusal: refusal.length === 0 ? undefined : refusal.join(""),
    images: images.length === 0 ? undefined : images,
    tool_calls:
      calls.length === 0
        ? undefined
        : calls.map((call) => ({
            id: call.id,
            type: "function",
            function: { name: call.name, arguments: call.arguments },
            extra_content:
              // Google's own API of this shape takes it, which is no vendor with a row.
              call.signature === null || reference !== null
                ? undefined
                : { google: { thought_signature: call.signature } },
          })),
  }
}

function encodeResult(part: ToolResultPart): JsonValue {
  return { role: "tool", tool_call_id: part.callId, content: textOfResult(part) }
}
