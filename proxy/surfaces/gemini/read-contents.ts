/** Gemini's contents to turns of parts. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import { writeJson } from "#proxy/contract/json-write.ts"
import type { ChatMessage, ContentPart, MediaPart } from "#proxy/exchange/chat-request.ts"
import {
  badValue,
  type FeatureNotes,
  listIn,
  missing,
  needText,
  textIn,
} from "#proxy/exchange/read-body.ts"
import { splitResults } from "#proxy/exchange/split-results.ts"
import { joinThoughts } from "./join-thoughts.ts"
import { readSignature } from "./signatures.ts"

export function readSystem(body: JsonView, notes: FeatureNotes): readonly ChatMessage[] {
  const system = body.member("systemInstruction")
  if (system === undefined) return []
  notes.note("system", system)
  notes.noteUnknown(system, CONTENT_FIELDS)
  const parts = listIn(system, "parts").map((part): ContentPart => {
    notes.noteUnknown(part, SYSTEM_PART_FIELDS)
    return { kind: "text", text: needText(part, "text"), cache: null }
  })
  return [{ role: "system", parts }]
}

const CONTENT_FIELDS: ReadonlySet<string> = new Set(["role", "parts"])
const SYSTEM_PART_FIELDS: ReadonlySet<string> = new Set(["text"])

export function readContents(body: JsonView, notes: FeatureNotes): readonly ChatMessage[] {
  const calls = new Calls()
  const views = listIn(body, "contents")
  const messages = joinThoughts(views.flatMap((view) => readContent(view, calls, notes)))
  notes.notePrefill(messages, views.at(-1))
  return messages
}

function readContent(view: JsonView, calls: Calls, notes: FeatureNotes): readonly ChatMessage[] {
  notes.noteUnknown(view, CONTENT_FIELDS)
  const role = textIn(view, "role") ?? "user"
  const parts = listIn(view, "parts").flatMap((part) => readPart(part, calls, notes))
  if (role === "model") {
    notes.noteAnswer({ role: "assistant", parts }, view)
    return [{ role: "assistant", parts }]
  }
  if (role !== "user" && role !== "function") {
    return badValue(view.member("role") ?? view, "must be user or model")
  }
  return splitResults(parts)
}

const PART_FIELDS: ReadonlySet<string> = new Set([
  ...["text", "thought", "thoughtSignature", "functionCall", "functionResponse"],
  ...["inlineData", "fileData"],
])
const RESPONSE_FIELDS: ReadonlySet<string> = new Set(["id", "name", "response", "parts"])

const CALL_FIELDS: ReadonlySet<string> = new Set(["id", "name", "args"])
/** One of them makes a part what it is; a second one says something else. */
const KINDS = ["functionCall", "functionResponse", "text", "inlineData", "fileData"] as const

function readPart(part: JsonView, calls: Calls, notes: FeatureNotes): readonly ContentPart[] {
  notes.noteUnknown(part, PART_FIELDS)
  notes.noteUnknown(part.member("functionCall"), CALL_FIELDS)
  notes.noteUnknown(part.member("functionResponse"), RESPONSE_FIELDS)
  const [, second] = KINDS.flatMap((name) => part.member(name) ?? [])
  if (second !== undefined) notes.note("unknown-field", second)
  const signature = textIn(part, "thoughtSignature") ?? null
  const call = part.member("functionCall")
  if (call !== undefined) return [calls.call(call, signature)]
  const response = part.member("functionResponse")
  if (response !== undefined) return [calls.result(response, notes)]
  const text = textIn(part, "text")
  if (text !== undefined) return readText(part, text, signature, notes)
  const media = readMedia(part, notes)
  if (media !== null) return [media]
  notes.note("hosted-tools", part)
  return []
}

const UNSIGNED = Object.freeze({ signature: null, redacted: null })

function readText(
  part: JsonView,
  text: string,
  signature: string | null,
  notes: FeatureNotes,
): readonly ContentPart[] {
  const isThought = part.member("thought")?.boolean() === true
  const parts: ContentPart[] = []
  if (isThought || signature !== null) {
    const said = isThought ? text : ""
    const signed = signature === null ? UNSIGNED : readSignature(signature)
    notes.noteThought(signed, part)
    parts.push({ kind: "reasoning", text: said, ...signed })
  }
  if (!isThought) parts.push({ kind: "text", text, cache: null })
  return parts
}

const MEDIA_FIELDS: ReadonlySet<string> = new Set(["inlineData", "fileData"])

/** What a function gave back beside its words. */
function readGiven(part: JsonView, notes: FeatureNotes): readonly MediaPart[] {
  notes.noteUnknown(part, MEDIA_FIELDS)
  const media = readMedia(part, notes)
  if (media === null) return []
  notes.note("tool-result-media", part)
  return [media]
}

const BLOB_FIELDS: ReadonlySet<string> = new Set(["mimeType", "data", "fileUri", "displayName"])

function readMedia(part: JsonView, notes: FeatureNotes): MediaPart | null {
  const data = part.member("inlineData")
  const file = part.member("fileData")
  const given = data ?? file
  if (given === undefined) return null
  notes.noteUnknown(given, BLOB_FIELDS)
  const mimeType = (textIn(given, "mimeType") ?? "").toLowerCase()
  const kind = kindOfMime(mimeType)
  const more = { name: textIn(given, "displayName") ?? null, detail: null, isCited: false }
  if (data !== undefined) {
    if (kind === "image" || kind === "file") notes.note(`${kind}-data`, data)
    else notes.note(`${kind}-input`, data)
    const base64 = needText(data, "data")
    return { kind, source: { kind: "data", mimeType, base64 }, ...more, cache: null }
  }
  const url = needText(given, "fileUri")
  if (OWN_FILES.test(url)) {
    notes.note("file-id", given)
    return { kind, source: { kind: "file-id", id: url }, ...more, cache: null }
  }
  notes.note(kind === "image" ? "image-url" : "file-url", given)
  return { kind, source: { kind: "url", url, mimeType }, ...more, cache: null }
}

/** In a store that only Google reads, with the key or the identity of the provider. */
const OWN_FILES = /^(?:gs:\/\/|https:\/\/generativelanguage\.googleapis\.com\/)/

function kindOfMime(mimeType: string): MediaPart["kind"] {
  if (mimeType.startsWith("image/")) return "image"
  if (mimeType.startsWith("audio/")) return "audio"
  return mimeType.startsWith("video/") ? "video" : "file"
}

/**
 * Calls often have no id here; other wires need one, so a call's place gives it, and results find
 * theirs by name in the order of the calls.
 */
class Calls {
  private count = 0
  private readonly byId = new Map<string, OpenCall>()
  private readonly byName = new Map<string, { next: number; readonly calls: OpenCall[] }>()

  call(view: JsonView, signature: string | null): ContentPart {
    const name = needText(view, "name")
    const id = textIn(view, "id") ?? `call_${this.count}`
    this.count++
    const call: OpenCall = { id, isAnswered: false }
    this.byId.set(id, call)
    const named = this.byName.get(name)
    if (named === undefined) this.byName.set(name, { next: 0, calls: [call] })
    else named.calls.push(call)
    const text = view.member("args")?.raw().text ?? "{}"
    return { kind: "tool-call", id, name, arguments: text, signature, cache: null }
  }

  result(response: JsonView, notes: FeatureNotes): ContentPart {
    const name = needText(response, "name")
    const given = textIn(response, "id")
    const call = given === undefined ? this.nextOf(name) : this.byId.get(given)
    if (call !== undefined) call.isAnswered = true
    const content = response.member("response") ?? missing(response, "response")
    const { text, isError } = textOfResponse(content)
    if (isError) notes.note("tool-result-error", response)
    const media = listIn(response, "parts").flatMap((part) => readGiven(part, notes))
    return {
      kind: "tool-result",
      callId: call?.id ?? given ?? name,
      name,
      parts: [{ kind: "text", text, cache: null }, ...media],
      isError,
      cache: null,
    }
  }

  /** The first call of that name without an answer. */
  private nextOf(name: string): OpenCall | undefined {
    const named = this.byName.get(name)
    if (named === undefined) return undefined
    while (named.calls[named.next]?.isAnswered === true) named.next++
    return named.calls[named.next]
  }
}

interface OpenCall {
  readonly id: string
  isAnswered: boolean
}

/** `output` and `error` are the two members that Gemini itself reads. */
function textOfResponse(response: JsonView): { readonly text: string; readonly isError: boolean } {
  const members = response.members()
  const [only] = members
  if (members.length === 1 && only !== undefined) {
    const [name, value] = only
    const text = value.text() ?? value.raw().text
    if (name === "output" || name === "result") return { text, isError: false }
    if (name === "error") return { text, isError: true }
  }
  return { text: writeJson(response.raw()), isError: false }
}
