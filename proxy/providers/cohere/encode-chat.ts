/**
 * A chat request in the intermediate form as a body of Cohere's chat, version 2.
 *
 * Source: Cohere API reference, "Chat API (v2)". A tool is strict for all of them or for none.
 */
import { type JsonValue, writeJson } from "#proxy/contract/json-write.ts"
import type {
  ChatMessage,
  ChatRequest,
  ContentPart,
  MediaPart,
  ReasoningWish,
} from "#proxy/exchange/chat-request.ts"
import type { Decision } from "#proxy/exchange/parsed-request.ts"
import { readBody } from "#proxy/exchange/read-body.ts"
import type { EncodeContext } from "../adapter.ts"
import { cannotSay } from "../cannot-say.ts"
import { describeSchema } from "../describe-schema.ts"
import { encodeParameters } from "../encode-parameters.ts"
import { liftMedia } from "../lift-media.ts"
import { textOfResult } from "../result-text.ts"

export function encodeChat(chat: ChatRequest, context: EncodeContext): Decision<string> {
  return readBody(() => writeJson(bodyOf(chat, context)))
}

function bodyOf(chat: ChatRequest, context: EncodeContext): JsonValue {
  return {
    model: context.model,
    messages: liftMedia(chat.messages).flatMap((message) => encodeMessage(message, context)),
    stream: chat.isStream ? true : undefined,
    max_tokens: chat.maxOutputTokens ?? undefined,
    temperature: chat.temperature ?? undefined,
    p: chat.topP ?? undefined,
    k: chat.topK ?? undefined,
    frequency_penalty: chat.frequencyPenalty ?? undefined,
    presence_penalty: chat.presencePenalty ?? undefined,
    seed: chat.seed ?? undefined,
    stop_sequences: chat.stop.length === 0 ? undefined : chat.stop,
    tools: chat.tools.length === 0 ? undefined : encodeTools(chat),
    strict_tools: strictOf(chat, context),
    tool_choice: encodeChoice(chat),
    response_format: encodeFormat(chat),
    thinking: encodeThinking(chat.reasoning),
  }
}

function encodeTools({ tools }: ChatRequest): JsonValue {
  return tools.map((tool) => ({
    type: "function",
    function: {
      name: tool.name,
      description: tool.description ?? undefined,
      parameters: encodeParameters(tool),
    },
  }))
}

function strictOf({ tools }: ChatRequest, context: EncodeContext): true | undefined {
  if (!tools.some(({ isStrict }) => isStrict)) return undefined
  if (tools.every(({ isStrict }) => isStrict)) return true
  const why = "Cohere's tools are strict all together or not at all"
  return cannotSay("tools", context, why)
}

function encodeChoice({ toolChoice }: ChatRequest): string | undefined {
  if (toolChoice?.kind === "required") return "REQUIRED"
  return toolChoice?.kind === "none" ? "NONE" : undefined
}

function encodeFormat({ outputFormat }: ChatRequest): JsonValue | undefined {
  if (outputFormat === null) return undefined
  const schema = outputFormat.kind === "json-schema" ? describeSchema(outputFormat) : undefined
  return { type: "json_object", json_schema: schema }
}

/** Thinking is on or off here, and a budget bounds it; an effort is what the model finds right. */
function encodeThinking(reasoning: ReasoningWish | null): JsonValue | undefined {
  if (reasoning === null) return undefined
  if (reasoning.effort === "none") return { type: "disabled" }
  return { type: "enabled", token_budget: reasoning.budgetTokens ?? undefined }
}

function encodeMessage({ role, parts }: ChatMessage, context: EncodeContext): readonly JsonValue[] {
  const results = parts.flatMap((part) =>
    part.kind === "tool-result"
      ? [{ role: "tool", tool_call_id: part.callId, content: textOfResult(part) }]
      : [],
  )
  const rest = parts.filter(({ kind }) => kind !== "tool-result")
  if (rest.length === 0) return results
  if (role === "assistant") {
    // Thoughts are not taken back, and alone are no message.
    const isSaid = rest.some(({ kind }) => kind !== "reasoning")
    return isSaid ? [...results, encodeAssistant(rest)] : results
  }
  const said = role === "tool" ? "user" : role
  return [...results, { role: said, content: encodeContent(rest, context) }]
}

function encodeContent(parts: readonly ContentPart[], context: EncodeContext): JsonValue {
  const [only] = parts
  if (parts.length === 1 && only?.kind === "text") return only.text
  return parts.flatMap((part) => {
    switch (part.kind) {
      case "text":
        return [{ type: "text", text: part.text }]
      case "image":
      case "file":
      case "audio":
      case "video":
        return [encodeImage(part, context)]
      default:
        return []
    }
  })
}

function encodeImage({ kind, source, detail }: MediaPart, context: EncodeContext): JsonValue {
  const url =
    source.kind === "data"
      ? `data:${source.mimeType};base64,${source.base64}`
      : source.kind === "url"
        ? source.url
        : undefined
  if (kind === "image" && url !== undefined) {
    return { type: "image_url", image_url: { url, detail: detail ?? undefined } }
  }
  const why = `Cohere takes no ${kind} in a message`
  return cannotSay("messages", context, why)
}

function encodeAssistant(parts: readonly ContentPart[]): JsonValue {
  const calls = parts.flatMap((part) => (part.kind === "tool-call" ? [part] : []))
  const text = parts
    .flatMap((part) => (part.kind === "text" || part.kind === "refusal" ? [part.text] : []))
    .join("")
  return {
    role: "assistant",
    content: text === "" ? undefined : text,
    tool_calls:
      calls.length === 0
        ? undefined
        : calls.map((call) => ({
            id: call.id,
            type: "function",
            function: { name: call.name, arguments: call.arguments },
          })),
  }
}
