/** Anthropic's messages of blocks to turns of parts. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type {
  CacheMarker,
  ChatMessage,
  ContentPart,
  MediaPart,
  MediaSource,
  TextPart,
} from "#proxy/exchange/chat-request.ts"
import {
  badValue,
  booleanIn,
  type FeatureNotes,
  listIn,
  missing,
  needText,
  textIn,
  untranslatable,
} from "#proxy/exchange/read-body.ts"
import { excerpt } from "#proxy/exchange/refusal.ts"
import { bareSignature } from "#proxy/exchange/signatures.ts"
import { splitResults } from "#proxy/exchange/split-results.ts"
import { nameCalls } from "../checks/name-calls.ts"
import { readCache } from "./read-cache.ts"

export function readSystem(body: JsonView, notes: FeatureNotes): readonly ChatMessage[] {
  const system = body.member("system")
  if (system === undefined) return []
  notes.note("system", system)
  const parts = readTexts(system, notes).filter(({ text }) => !ATTRIBUTION.test(text))
  return parts.length === 0 ? [] : [{ role: "system", parts }]
}

/**
 * What Claude Code says of itself for Anthropic's bills, another in every request: no cache of
 * another provider would find the same prompt again. Source: Claude Code, "Gateway protocol".
 */
const ATTRIBUTION = /^x-anthropic-billing-header:[^\n]*$/

export function readTurns(body: JsonView, notes: FeatureNotes): readonly ChatMessage[] {
  const views = listIn(body, "messages")
  const names = new Map<string, string>()
  const messages = views.flatMap((view) => {
    const read = readMessage(view, names, notes)
    for (const message of read) {
      nameCalls(message, names)
      notes.noteAnswer(message, view)
    }
    return read
  })
  notes.notePrefill(messages, views.at(-1))
  return messages
}

const MESSAGE_FIELDS: ReadonlySet<string> = new Set(["role", "content"])

function readMessage(
  view: JsonView,
  names: ReadonlyMap<string, string>,
  notes: FeatureNotes,
): readonly ChatMessage[] {
  notes.noteUnknown(view, MESSAGE_FIELDS)
  const role = needText(view, "role")
  if (role === "system") {
    notes.note("system-between-turns", view)
    const content = view.member("content") ?? missing(view, "content")
    return [{ role: "system", parts: readTexts(content, notes) }]
  }
  const parts = readContent(view, names, notes)
  return role === "assistant" ? [{ role: "assistant", parts }] : splitResults(parts)
}

function readTexts(content: JsonView, notes: FeatureNotes): readonly TextPart[] {
  const text = content.text()
  if (text !== undefined) return [{ kind: "text", text, cache: null }]
  return content.items().map((block) => {
    noteBlock(block, "text", notes)
    return { kind: "text", text: needText(block, "text"), cache: readCache(block, notes) }
  })
}

function readContent(
  view: JsonView,
  names: ReadonlyMap<string, string>,
  notes: FeatureNotes,
): readonly ContentPart[] {
  const content = view.member("content")
  const text = content?.text()
  if (text !== undefined) return [{ kind: "text", text, cache: null }]
  return (content?.items() ?? []).map((block) => readBlock(block, names, notes))
}

function readBlock(
  block: JsonView,
  names: ReadonlyMap<string, string>,
  notes: FeatureNotes,
): ContentPart {
  const cache = readCache(block, notes)
  const type = needText(block, "type")
  noteBlock(block, type, notes)
  switch (type) {
    case "text":
      if ((block.member("citations")?.items().length ?? 0) > 0) {
        notes.note("citation-history", block)
      }
      return { kind: "text", text: needText(block, "text"), cache }
    case "image":
    case "document":
      return readMedia(block, type, cache, notes)
    case "thinking":
    case "redacted_thinking":
      return readThought(block, type, notes)
    case "tool_use": {
      const input = block.member("input")?.raw().text ?? "{}"
      const call = { id: needText(block, "id"), name: needText(block, "name"), arguments: input }
      return { kind: "tool-call", ...call, signature: null, cache }
    }
    case "tool_result":
      return readResult(block, names, cache, notes)
    case "search_result":
      return readFound(block, cache, notes)
    case "tool_reference":
      // Its tool is among the request's, and no other wire has to be told that it may be used.
      return { kind: "text", text: `Tool ${needText(block, "tool_name")} is ready to use.`, cache }
    default:
      return untranslatable(block, `a block of type ${excerpt(type)}`)
  }
}

/** Fields of each type of block besides those of all. */
const BLOCK_FIELDS: Readonly<Partial<Record<string, readonly string[]>>> = {
  text: ["text", "citations"],
  image: ["source"],
  document: ["source", "title", "citations"],
  thinking: ["thinking", "signature"],
  redacted_thinking: ["data"],
  tool_use: ["id", "name", "input"],
  tool_result: ["tool_use_id", "content", "is_error"],
  tool_reference: ["tool_name"],
  search_result: ["source", "title", "content", "citations"],
}
const FIELDS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(BLOCK_FIELDS).map(([type, names = []]) => [
    type,
    new Set(["type", "cache_control", ...names]),
  ]),
)
/** What Anthropic's own SDK read in a text, and who called a tool. */
const ECHOES: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ["text", new Set(["parsed_output"])],
  ["tool_use", new Set(["caller"])],
])
const NONE: ReadonlySet<string> = new Set()

/** A type that is not known is refused where it is read. */
function noteBlock(block: JsonView, type: string, notes: FeatureNotes): void {
  const fields = FIELDS.get(type)
  if (fields !== undefined) notes.noteFields(block, fields, ECHOES.get(type) ?? NONE)
}

function readThought(block: JsonView, type: string, notes: FeatureNotes): ContentPart {
  const redacted = type === "redacted_thinking" ? needText(block, "data") : null
  const given = textIn(block, "signature") ?? ""
  const signature = bareSignature("nobody", given) ?? given
  const signed = { signature: signature === "" ? null : signature, redacted }
  notes.noteThought(signed, block)
  return { kind: "reasoning", text: textIn(block, "thinking") ?? "", ...signed }
}

function readResult(
  block: JsonView,
  names: ReadonlyMap<string, string>,
  cache: CacheMarker | null,
  notes: FeatureNotes,
): ContentPart {
  const callId = needText(block, "tool_use_id")
  const isError = booleanIn(block, "is_error") === true
  if (isError) notes.note("tool-result-error", block)
  const parts = readContent(block, names, notes).map((part): TextPart | MediaPart => {
    if (part.kind === "text") return part
    if (part.kind !== "image" && part.kind !== "file") return badValue(block, "must be a result")
    notes.note("tool-result-media", block)
    return part
  })
  const name = names.get(callId) ?? null
  return { kind: "tool-result", callId, name, parts, isError, cache }
}

/** Source: "Search results": its content is texts, and all results are cited or none is. */
function readFound(block: JsonView, cache: CacheMarker | null, notes: FeatureNotes): TextPart {
  const source = needText(block, "source")
  const title = needText(block, "title")
  const texts = listIn(block, "content").map((inner) => {
    noteBlock(inner, "text", notes)
    return needText(inner, "text")
  })
  const isCited = readCited(block, notes)
  notes.note("search-results", block)
  const text = [`${title}\nSource: ${source}`, ...texts].join("\n\n")
  return { kind: "text", text, cache, found: { source, title, texts, isCited } }
}

function readCited(block: JsonView, notes: FeatureNotes): boolean {
  const wish = block.member("citations")
  notes.noteUnknown(wish, CITATIONS_FIELDS)
  const isCited = wish?.member("enabled")?.boolean() === true
  if (wish !== undefined && isCited) notes.note("citations", wish)
  return isCited
}

const CITATIONS_FIELDS: ReadonlySet<string> = new Set(["enabled"])
const SOURCE_FIELDS: ReadonlySet<string> = new Set([
  ...["type", "media_type", "data", "url", "file_id"],
])

function readMedia(
  block: JsonView,
  type: "image" | "document",
  cache: CacheMarker | null,
  notes: FeatureNotes,
): MediaPart {
  notes.noteUnknown(block.member("source"), SOURCE_FIELDS)
  const source = readSource(block.member("source") ?? missing(block, "source"), type)
  const name = textIn(block, "title") ?? null
  const isCited = readCited(block, notes)
  const kind = type === "image" ? "image" : "file"
  notes.noteSource(kind, source, block)
  return { kind, source, name, detail: null, isCited, cache }
}

function readSource(source: JsonView, type: "image" | "document"): MediaSource {
  switch (needText(source, "type")) {
    case "base64":
      return {
        kind: "data",
        mimeType: needText(source, "media_type"),
        base64: needText(source, "data"),
      }
    case "url":
      // "URLPDFSource": a document at an address is always one of these.
      return {
        kind: "url",
        url: needText(source, "url"),
        mimeType: type === "document" ? "application/pdf" : null,
      }
    case "text":
      return { kind: "text", text: needText(source, "data") }
    case "file":
      return { kind: "file-id", id: needText(source, "file_id") }
    default:
      return untranslatable(source, "a source of this type")
  }
}
