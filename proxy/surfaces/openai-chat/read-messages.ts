/** `messages` of a Chat Completions request to turns of parts. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { ChatMessage, ContentPart, MediaPart, TextPart } from "#proxy/exchange/chat-request.ts"
import {
  badValue,
  type FeatureNotes,
  listIn,
  missing,
  needText,
  textIn,
  untranslatable,
} from "#proxy/exchange/read-body.ts"
import { excerpt } from "#proxy/exchange/refusal.ts"
import { nameCalls } from "../checks/name-calls.ts"
import { readCache } from "../openai/read-cache.ts"
import { writeArguments } from "../openai/text-tools.ts"
import { nameSpeaker, readSpeakers } from "./name-speakers.ts"
import { readMedia } from "./read-media.ts"

const MESSAGE_FIELDS: ReadonlySet<string> = new Set([
  ...["role", "content", "name", "tool_calls", "tool_call_id", "function_call", "refusal", "audio"],
  ...["reasoning_content", "reasoning", "reasoning_details", "annotations", "document_citations"],
  "thinking_blocks",
  "images",
  ...["cache_control", "prompt_cache_breakpoint"],
])
/** `parsed` and `parsed_arguments` are OpenAI's own SDKs'. */
const MESSAGE_ECHOES: ReadonlySet<string> = new Set(["provider_specific_fields", "parsed"])

export function readMessages(body: JsonView, notes: FeatureNotes): readonly ChatMessage[] {
  const views = listIn(body, "messages")
  const names = new Map<string, string>()
  const speakers = readSpeakers(views)
  let isBeforeTurns = true
  const messages = views.map((view) => {
    const message = nameSpeaker(readMessage(view, names, notes), view, speakers, notes)
    nameCalls(message, names)
    notes.noteAnswer(message, view)
    if (message.role !== "system") isBeforeTurns = false
    else notes.note(isBeforeTurns ? "system" : "system-between-turns", view)
    return message
  })
  notes.notePrefill(messages, views.at(-1))
  return messages
}

function readMessage(
  view: JsonView,
  names: ReadonlyMap<string, string>,
  notes: FeatureNotes,
): ChatMessage {
  notes.noteFields(view, MESSAGE_FIELDS, MESSAGE_ECHOES)
  const role = needText(view, "role")
  switch (role) {
    case "system":
    case "developer":
      return { role: "system", parts: readContent(view, notes) }
    case "user":
      return { role: "user", parts: readContent(view, notes) }
    case "assistant":
      return { role: "assistant", parts: readAssistant(view, notes) }
    case "tool":
      return {
        role: "tool",
        parts: [readResult(view, needText(view, "tool_call_id"), names, notes)],
      }
    case "function": {
      const called = needText(view, "name")
      return { role: "tool", parts: [readResult(view, called, new Map([[called, called]]), notes)] }
    }
    default:
      return badValue(view.member("role") ?? view, "must be a known role")
  }
}

function readContent(view: JsonView, notes: FeatureNotes): readonly (TextPart | MediaPart)[] {
  const content = view.member("content")
  if (content === undefined) return []
  const text = content.text()
  if (text !== undefined) {
    return [{ kind: "text", text, cache: readCache(view, notes) }]
  }
  return content.items().flatMap((part) => readPart(part, notes))
}

const PART_FIELDS: ReadonlySet<string> = new Set([
  ...["type", "text", "image_url", "input_audio", "file", "refusal"],
  ...["cache_control", "prompt_cache_breakpoint"],
])

function readPart(part: JsonView, notes: FeatureNotes): readonly (TextPart | MediaPart)[] {
  const cache = readCache(part, notes)
  notes.noteUnknown(part, PART_FIELDS)
  const type = needText(part, "type")
  if (type === "text") return [{ kind: "text", text: needText(part, "text"), cache }]
  return [readMedia(part, type, cache, notes)]
}

function readAssistant(view: JsonView, notes: FeatureNotes): readonly ContentPart[] {
  const audio = view.member("audio")
  if (audio !== undefined) notes.note("output-audio", audio)
  for (const name of ["annotations", "document_citations"]) {
    const cited = view.member(name)
    if (cited !== undefined && cited.items().length > 0) notes.note("citation-history", cited)
  }
  const parts: ContentPart[] = [...readThoughts(view, notes)]
  const content = view.member("content")
  if (content?.isArray === true) {
    for (const part of content.items()) {
      if (part.textOf("type") === "refusal") {
        notes.noteUnknown(part, PART_FIELDS)
        parts.push({ kind: "refusal", text: needText(part, "refusal") })
      } else parts.push(...readPart(part, notes))
    }
  } else parts.push(...readContent(view, notes).filter((part) => !isEmptyText(part)))
  for (const image of listIn(view, "images")) parts.push(readShown(image, notes))
  const refusal = textIn(view, "refusal")
  if (refusal !== undefined) parts.push({ kind: "refusal", text: refusal })
  for (const call of listIn(view, "tool_calls")) parts.push(readCall(call, notes))
  const legacy = view.member("function_call")
  if (legacy !== undefined) {
    const name = needText(legacy, "name")
    parts.push({ ...CALL, id: name, name, arguments: argumentsOf(legacy) })
  }
  return parts
}

const SHOWN_FIELDS: ReadonlySet<string> = new Set(["type", "image_url"])
const SHOWN_ECHOES: ReadonlySet<string> = new Set(["index"])

/** An image of an earlier answer, as OpenRouter has them and our own answers. */
function readShown(image: JsonView, notes: FeatureNotes): MediaPart {
  notes.noteFields(image, SHOWN_FIELDS, SHOWN_ECHOES)
  return readMedia(image, "image_url", null, notes)
}

/** With calls OpenAI's clients send an empty text that no other wire takes. */
function isEmptyText(part: ContentPart): boolean {
  return part.kind === "text" && part.text === "" && part.cache === null
}

const CALL = Object.freeze({ kind: "tool-call", signature: null, cache: null } as const)

const CALL_FIELDS: ReadonlySet<string> = new Set([
  ...["id", "type", "function", "custom", "extra_content"],
])
/** Its place in the stream that it came in. */
const CALL_ECHOES: ReadonlySet<string> = new Set(["index"])
const CALLED_FIELDS: ReadonlySet<string> = new Set(["name", "arguments"])
const CALLED_ECHOES: ReadonlySet<string> = new Set(["parsed_arguments"])
const CUSTOM_FIELDS: ReadonlySet<string> = new Set(["name", "input"])

function readCall(call: JsonView, notes: FeatureNotes): ContentPart {
  notes.noteFields(call, CALL_FIELDS, CALL_ECHOES)
  notes.noteFields(call.member("function"), CALLED_FIELDS, CALLED_ECHOES)
  notes.noteUnknown(call.member("custom"), CUSTOM_FIELDS)
  const type = textIn(call, "type") ?? "function"
  if (type !== "function" && type !== "custom") {
    return untranslatable(call, `a call of type ${excerpt(type)}`)
  }
  const called = call.member(type) ?? missing(call, type)
  const name = needText(called, "name")
  // Where Gemini's own compatible API puts it.
  const google = call.member("extra_content")?.member("google")
  const signature = google?.textOf("thought_signature") ?? null
  const text = type === "custom" ? writeArguments(needText(called, "input")) : argumentsOf(called)
  return { ...CALL, id: needText(call, "id"), name, arguments: text, signature }
}

function argumentsOf(called: JsonView): string {
  const text = textIn(called, "arguments") ?? ""
  return text.trim() === "" ? "{}" : text
}

function readResult(
  view: JsonView,
  callId: string,
  names: ReadonlyMap<string, string>,
  notes: FeatureNotes,
): ContentPart {
  const parts = readContent(view, notes)
  if (parts.some(({ kind }) => kind !== "text")) notes.note("tool-result-media", view)
  return {
    kind: "tool-result",
    callId,
    name: names.get(callId) ?? null,
    parts,
    isError: false,
    cache: null,
  }
}

/** As OpenRouter has them, where others took them from. */
const DETAIL_FIELDS: ReadonlySet<string> = new Set([
  ...["type", "text", "summary", "signature", "data", "thinking"],
])
const DETAIL_ECHOES: ReadonlySet<string> = new Set(["id", "format", "index"])

/** Blocks as OpenRouter or LiteLLM has them, signed where the answer was; else the bare text. */
function readThoughts(view: JsonView, notes: FeatureNotes): readonly ContentPart[] {
  const details = view.member("reasoning_details") ?? view.member("thinking_blocks")
  if (details !== undefined) {
    return details.items().map((detail) => {
      notes.noteFields(detail, DETAIL_FIELDS, DETAIL_ECHOES)
      const said = ["text", "summary", "thinking"].map((name) => detail.textOf(name))
      const text = said.find((one) => one !== undefined) ?? ""
      const signature = detail.textOf("signature") ?? null
      const redacted = detail.textOf("data") ?? null
      notes.noteThought({ signature, redacted }, detail)
      return { kind: "reasoning", text, signature, redacted }
    })
  }
  const bare = view.member("reasoning_content") ?? view.member("reasoning")
  const text = bare?.text()
  if (bare === undefined || text === undefined || text === "") return []
  notes.note("reasoning-unsigned", bare)
  return [{ kind: "reasoning", text, signature: null, redacted: null }]
}
