/** Turns of parts to Converse's messages of content blocks. */
import type { JsonValue } from "#proxy/contract/json-write.ts"
import type {
  CacheMarker,
  ChatMessage,
  ContentPart,
  MediaPart,
  TextPart,
  ToolResultPart,
} from "#proxy/exchange/chat-request.ts"
import { isTagged } from "#proxy/exchange/signatures.ts"
import type { EncodeContext } from "../adapter.ts"
import { cannotSay } from "../cannot-say.ts"
import { encodeArguments } from "../encode-arguments.ts"
import { isBlank } from "../is-blank.ts"
import { joinTurns } from "../join-turns.ts"
import { mayBeClaude } from "./bedrock-model.ts"
import { DocumentNames } from "./document-names.ts"

export function encodeSystem(messages: readonly ChatMessage[]): JsonValue | undefined {
  const blocks = messages.flatMap(({ role, parts }) =>
    role === "system"
      ? parts.flatMap((part) =>
          part.kind === "text" && !isBlank(part.text)
            ? [{ text: part.text }, ...markers(part.cache)]
            : [],
        )
      : [],
  )
  return blocks.length === 0 ? undefined : blocks
}

/** Turns alternate here: results are a user's. */
export function encodeTurns(
  messages: readonly ChatMessage[],
  context: EncodeContext,
): readonly JsonValue[] {
  const scope: Scope = { ...context, documents: new DocumentNames() }
  const said = messages.map(({ role, parts }) => ({
    role: role === "assistant" ? "assistant" : "user",
    content: parts.flatMap((part) => encodePart(part, scope)),
  }))
  return joinTurns(said).map(({ role, content }) => ({ role, content: withText(content) }))
}

/** A document stands beside a text there, whatever it says. Source: "DocumentBlock". */
function withText(content: readonly JsonValue[]): readonly JsonValue[] {
  const has = (name: string) =>
    content.some((block) => typeof block === "object" && block !== null && name in block)
  return has("document") && !has("text") ? [...content, { text: "See the document." }] : content
}

interface Scope extends EncodeContext {
  readonly documents: DocumentNames
}

/** A marker is a block of its own, behind what it marks. */
export function cachePoint({ ttl }: CacheMarker): JsonValue {
  return { cachePoint: ttl === "5m" ? { type: "default" } : { type: "default", ttl } }
}

function markers(cache: CacheMarker | null): readonly JsonValue[] {
  return cache === null ? [] : [cachePoint(cache)]
}

function encodePart(part: ContentPart, context: Scope): readonly JsonValue[] {
  switch (part.kind) {
    case "text":
      return [...encodeText(part, context), ...markers(part.cache)]
    case "refusal":
      return isBlank(part.text) ? [] : [{ text: part.text }]
    case "image":
    case "file":
    case "audio":
    case "video":
      return [encodeMedia(part, context), ...markers(part.cache)]
    case "reasoning":
      if (isTagged(part.redacted ?? part.signature ?? "")) return []
      if (part.redacted !== null) {
        return [{ reasoningContent: { redactedContent: part.redacted } }]
      }
      if (part.signature === null) return []
      return [
        { reasoningContent: { reasoningText: { text: part.text, signature: part.signature } } },
      ]
    case "tool-call": {
      const { id: toolUseId, name } = part
      const toolUse = { toolUseId, name, input: encodeArguments(part, context) }
      return [{ toolUse }, ...markers(part.cache)]
    }
    case "tool-result":
      return [encodeResult(part, context), ...markers(part.cache)]
  }
}

/** What a search found is a block that Claude's models alone take. Source: "SearchResultBlock". */
function encodeText({ text, found }: TextPart, context: Scope): readonly JsonValue[] {
  if (found === undefined || !mayBeClaude(context.model)) {
    if (found?.isCited !== true) return isBlank(text) ? [] : [{ text }]
    return cannotSay("messages", context, "only Claude's models cite what a search found there")
  }
  const { source, title, texts, isCited } = found
  const content = texts.map((one) => ({ text: one }))
  const citations = isCited ? { enabled: true } : undefined
  return [{ searchResult: { source, title, content, citations } }]
}

function encodeResult(part: ToolResultPart, context: Scope): JsonValue {
  return {
    toolResult: {
      toolUseId: part.callId,
      content: part.parts.flatMap((inner) => {
        return inner.kind === "text" ? encodeText(inner, context) : [encodeMedia(inner, context)]
      }),
      status: part.isError ? "error" : undefined,
    },
  }
}

const IMAGES: Readonly<Record<string, string>> = Object.freeze({
  "image/png": "png",
  "image/jpeg": "jpeg",
  "image/jpg": "jpeg",
  "image/gif": "gif",
  "image/webp": "webp",
})

const DOCUMENTS: Readonly<Record<string, string>> = Object.freeze({
  "application/pdf": "pdf",
  "text/csv": "csv",
  "application/msword": "doc",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "application/vnd.ms-excel": "xls",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "text/html": "html",
  "text/plain": "txt",
  "text/markdown": "md",
})

const VIDEOS: Readonly<Record<string, string>> = Object.freeze({
  "video/mp4": "mp4",
  "video/quicktime": "mov",
  "video/webm": "webm",
  "video/x-matroska": "mkv",
  "video/mpeg": "mpeg",
})

function encodeMedia(part: MediaPart, context: Scope): JsonValue {
  const { kind, source } = part
  if (kind === "file" && source.kind === "text") {
    return encodeDocument(part, "txt", { text: source.text }, context)
  }
  if (source.kind === "data") {
    const bytes = { bytes: source.base64 }
    const format = formatOf(kind, source.mimeType)
    if (format !== undefined && kind === "image") return { image: { format, source: bytes } }
    if (format !== undefined && kind === "video") return { video: { format, source: bytes } }
    if (format !== undefined) return encodeDocument(part, format, bytes, context)
  }
  const what = source.kind === "data" ? `the type ${source.mimeType}` : `a ${source.kind}`
  const why = `Converse takes no ${kind} given as ${what}`
  return cannotSay("messages", context, why)
}

function formatOf(kind: MediaPart["kind"], mimeType: string): string | undefined {
  switch (kind) {
    case "image":
      return IMAGES[mimeType]
    case "file":
      return DOCUMENTS[mimeType]
    case "video":
      return VIDEOS[mimeType]
    case "audio":
      return undefined
  }
}

function encodeDocument(
  part: MediaPart,
  format: string,
  source: JsonValue,
  { documents }: Scope,
): JsonValue {
  const name = documents.nameOf(part.name ?? "")
  const citations = part.isCited ? { enabled: true } : undefined
  return { document: { format, name, source, citations } }
}
