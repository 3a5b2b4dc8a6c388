/** Turns of parts to Anthropic's messages of blocks. */
import { type JsonValue, RawJson } from "#proxy/contract/json-write.ts"
import type {
  CacheMarker,
  ChatMessage,
  ContentPart,
  MediaPart,
  TextPart,
} from "#proxy/exchange/chat-request.ts"
import { isTagged } from "#proxy/exchange/signatures.ts"
import type { EncodeContext } from "../adapter.ts"
import { cannotSay } from "../cannot-say.ts"
import { encodeArguments } from "../encode-arguments.ts"
import { isBlank } from "../is-blank.ts"
import { joinTurns } from "../join-turns.ts"
import { textFile } from "../text-file.ts"

/** The system prompt: a text where it is one, blocks where there are several or a marker. */
export function encodeSystem(messages: readonly ChatMessage[]): JsonValue | undefined {
  const texts = messages.flatMap(({ parts }) =>
    parts.filter((part) => part.kind === "text").filter(({ text }) => !isBlank(text)),
  )
  const [only] = texts
  if (only === undefined) return undefined
  if (texts.length === 1 && only.cache === null) return only.text
  return texts.map(encodeText)
}

/** Results are a user's turn here; what the system says between turns stays as it was said. */
export function encodeTurns(
  messages: readonly ChatMessage[],
  context: EncodeContext,
): readonly JsonValue[] {
  const said = messages.map(({ role, parts }) => ({
    role: role === "tool" ? "user" : role,
    content: parts.flatMap((part) => encodePart(part, context)),
  }))
  return joinTurns(said, "system").map(({ role, content }) => ({
    role,
    content: simplify(content),
  }))
}

/** A single plain text as a string, as clients write it. */
function simplify(blocks: readonly JsonValue[]): JsonValue {
  const [only] = blocks
  if (blocks.length !== 1 || typeof only !== "object" || only === null) return blocks
  if (Array.isArray(only) || only instanceof RawJson || !("type" in only)) return blocks
  const isPlain = only["type"] === "text" && only["cache_control"] === undefined
  return isPlain ? (only["text"] ?? "") : blocks
}

export function markerOf(cache: CacheMarker | null): JsonValue | undefined {
  if (cache === null) return undefined
  return cache.ttl === "5m" ? { type: "ephemeral" } : { type: "ephemeral", ttl: cache.ttl }
}

function encodePart(part: ContentPart, context: EncodeContext): readonly JsonValue[] {
  switch (part.kind) {
    case "text":
      return isBlank(part.text) ? [] : [encodeText(part)]
    case "image":
    case "file":
    case "audio":
    case "video":
      return [encodeMedia(part, context)]
    case "reasoning":
      if (isTagged(part.redacted ?? part.signature ?? "")) return []
      if (part.redacted !== null) return [{ type: "redacted_thinking", data: part.redacted }]
      if (part.signature === null) return []
      return [{ type: "thinking", thinking: part.text, signature: part.signature }]
    case "refusal":
      return isBlank(part.text) ? [] : [{ type: "text", text: part.text }]
    case "tool-call":
      return [
        {
          type: "tool_use",
          id: part.id,
          name: part.name,
          input: encodeArguments(part, context),
          cache_control: markerOf(part.cache),
        },
      ]
    case "tool-result":
      return [
        {
          type: "tool_result",
          tool_use_id: part.callId,
          content: simplify(part.parts.flatMap((inner) => encodePart(inner, context))),
          is_error: part.isError ? true : undefined,
          cache_control: markerOf(part.cache),
        },
      ]
  }
}

function encodeText({ text, cache, found }: TextPart): JsonValue {
  if (found === undefined) return { type: "text", text, cache_control: markerOf(cache) }
  const { source, title, texts, isCited } = found
  return {
    ...{ type: "search_result", source, title },
    content: texts.map((one) => ({ type: "text", text: one })),
    citations: isCited ? { enabled: true } : undefined,
    cache_control: markerOf(cache),
  }
}

function encodeMedia(part: MediaPart, context: EncodeContext): JsonValue {
  const { kind, source, name, cache, isCited } = textFile(part)
  if (kind === "image" && (source.kind === "data" || source.kind === "url")) {
    return { type: "image", source: encodeSource(source), cache_control: markerOf(cache) }
  }
  const isDocument = source.kind !== "data" || source.mimeType === "application/pdf"
  if (kind === "file" && isDocument && source.kind !== "file-id") {
    return {
      type: "document",
      source: encodeSource(source),
      title: name ?? undefined,
      citations: isCited ? { enabled: true } : undefined,
      cache_control: markerOf(cache),
    }
  }
  const what = source.kind === "data" ? `${kind} of type ${source.mimeType}` : kind
  const why = `Anthropic takes images, PDF and plain text, not ${what}`
  return cannotSay("messages", context, why)
}

/** A name of JPEG that others take. */
function typeOf(mimeType: string): string {
  return mimeType === "image/jpg" ? "image/jpeg" : mimeType
}

function encodeSource(source: MediaPart["source"]): JsonValue {
  switch (source.kind) {
    case "data":
      return { type: "base64", media_type: typeOf(source.mimeType), data: source.base64 }
    case "url":
      return { type: "url", url: source.url }
    case "text":
      return { type: "text", media_type: "text/plain", data: source.text }
    case "file-id":
      return { type: "file", file_id: source.id }
  }
}
