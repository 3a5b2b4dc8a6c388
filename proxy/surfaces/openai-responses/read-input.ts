/** `input` of a Responses request to turns of parts: items of one side that follow are one turn. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type {
  ChatMessage,
  ContentPart,
  MediaPart,
  MediaSource,
  TextPart,
} from "#proxy/exchange/chat-request.ts"
import {
  badValue,
  type FeatureNotes,
  missing,
  needText,
  textIn,
  untranslatable,
} from "#proxy/exchange/read-body.ts"
import { excerpt } from "#proxy/exchange/refusal.ts"
import { bareSignature, isTagged, tagSignature } from "#proxy/exchange/signatures.ts"
import { readCache } from "../openai/read-cache.ts"
import { readData, readUrl } from "../openai/read-url.ts"
import { writeArguments } from "../openai/text-tools.ts"
import type { OwnTools } from "./own-tools.ts"

export function readInput(
  body: JsonView,
  own: OwnTools,
  notes: FeatureNotes,
): readonly ChatMessage[] {
  const input = body.member("input")
  const text = input?.text()
  if (text !== undefined) {
    return [{ role: "user", parts: [{ kind: "text", text, cache: null }] }]
  }
  const turns = new Turns()
  const calls: Calls = { own, names: new Map() }
  for (const item of input?.items() ?? []) {
    const said = readItem(item, turns, calls, notes)
    if (said === null) continue
    notes.noteAnswer(said, item)
    turns.add(said)
  }
  notes.notePrefill(turns.messages, input?.items().at(-1))
  return turns.messages
}

interface Calls {
  readonly own: OwnTools
  /** Of tools in the intermediate form, by the ids of their calls. */
  readonly names: Map<string, string>
}

class Turns {
  readonly messages: { readonly role: ChatMessage["role"]; readonly parts: ContentPart[] }[] = []

  /** A message of its own, or more of the turn under way. */
  add({ role, parts }: ChatMessage): void {
    const last = this.messages.at(-1)
    const isSameTurn = last?.role === role && (role === "assistant" || role === "tool")
    if (isSameTurn) last.parts.push(...parts)
    else this.messages.push({ role, parts: [...parts] })
  }
}

/** Fields of each type of item besides its type. */
const ITEM_FIELDS: Readonly<Partial<Record<string, readonly string[]>>> = {
  message: ["role", "content"],
  function_call: ["call_id", "name", "namespace", "arguments"],
  function_call_output: ["call_id", "output"],
  custom_tool_call: ["call_id", "name", "namespace", "input"],
  custom_tool_call_output: ["call_id", "output"],
  tool_search_call: ["call_id", "execution", "arguments"],
  tool_search_output: ["call_id", "execution", "tools"],
  // Its tools are read with those of the request.
  additional_tools: ["role", "tools"],
  image_generation_call: ["result", "output_format"],
  reasoning: ["summary", "content", "encrypted_content"],
}
const FIELDS: ReadonlyMap<string, ReadonlySet<string>> = new Map(
  Object.entries(ITEM_FIELDS).map(([type, names = []]) => [type, new Set(["type", ...names])]),
)
/** `parsed_arguments` and `parsed` are OpenAI's own SDKs'. */
const ECHOES: ReadonlySet<string> = new Set([
  ...["id", "status", "phase", "caller", "parsed_arguments"],
  // Codex's own, about the turn that an item belongs to.
  "internal_chat_message_metadata_passthrough",
])
const OUTPUT_ECHOES: ReadonlySet<string> = new Set([...ECHOES, "name", "namespace"])
/** What OpenAI's own says of an image besides. */
const IMAGE_ECHOES: ReadonlySet<string> = new Set([
  ...ECHOES,
  ...["background", "quality", "size", "action", "revised_prompt"],
])
/** What a provider searched itself: what it found is in no item, and what it made of it follows. */
const OWN_WORK: ReadonlySet<string> = new Set(["web_search_call"])

function echoesOf(type: string): ReadonlySet<string> {
  if (type === "image_generation_call") return IMAGE_ECHOES
  return type.endsWith("_output") ? OUTPUT_ECHOES : ECHOES
}

/** Null for an item that no chat has a form for: it is noted. */
function readItem(
  item: JsonView,
  turns: Turns,
  calls: Calls,
  notes: FeatureNotes,
): ChatMessage | null {
  const type = textIn(item, "type") ?? "message"
  const fields = FIELDS.get(type)
  if (fields !== undefined) notes.noteFields(item, fields, echoesOf(type))
  switch (type) {
    case "message":
      return readMessage(item, turns, notes)
    case "function_call":
    case "custom_tool_call":
    case "tool_search_call":
      return { role: "assistant", parts: [readCall(item, type, calls)] }
    case "function_call_output":
    case "custom_tool_call_output":
      return { role: "tool", parts: [readResult(item, calls, notes)] }
    case "tool_search_output":
      return { role: "tool", parts: [readFound(item, calls)] }
    case "additional_tools":
      return null
    case "reasoning":
      return { role: "assistant", parts: [readThought(item, notes)] }
    case "image_generation_call":
      return { role: "assistant", parts: [readShown(item, notes)] }
    case "item_reference":
      return untranslatable(item, 'a reference to an item kept elsewhere (see "store": false)')
    default:
      notes.note(OWN_WORK.has(type) ? "answer-echo" : "hosted-tools", item)
      return null
  }
}

type CallType = "function_call" | "custom_tool_call" | "tool_search_call"

function readCall(item: JsonView, type: CallType, { own, names }: Calls): ContentPart {
  const id = needText(item, "call_id")
  const given = type === "tool_search_call" ? "tool_search" : needText(item, "name")
  const name = own.formName(given, textIn(item, "namespace") ?? null)
  names.set(id, name)
  const call = { id, name, arguments: argumentsOf(item, type) }
  return { kind: "tool-call", ...call, signature: null, cache: null }
}

function argumentsOf(item: JsonView, type: CallType): string {
  if (type === "custom_tool_call") return writeArguments(needText(item, "input"))
  if (type === "tool_search_call") return item.member("arguments")?.raw().text ?? "{}"
  const text = textIn(item, "arguments") ?? ""
  return text.trim() === "" ? "{}" : text
}

/** The tools themselves are the request's from then on: the result says which. */
function readFound(item: JsonView, { names }: Calls): ContentPart {
  const callId = needText(item, "call_id")
  const found = (item.member("tools")?.items() ?? []).map((tool) => tool.textOf("name") ?? "")
  const text = found.length === 0 ? "No tool was found." : `Found: ${found.join(", ")}`
  const parts: readonly TextPart[] = [{ kind: "text", text, cache: null }]
  const name = names.get(callId) ?? null
  return { kind: "tool-result", callId, name, parts, isError: false, cache: null }
}

function readMessage(item: JsonView, turns: Turns, notes: FeatureNotes): ChatMessage {
  const role = needText(item, "role")
  switch (role) {
    case "user":
    case "assistant":
      return { role, parts: readContent(item, notes) }
    case "system":
    case "developer":
      notes.note(isBeforeTurns(turns) ? "system" : "system-between-turns", item)
      return { role: "system", parts: readContent(item, notes) }
    default:
      return badValue(item.member("role") ?? item, "must be user, assistant, system or developer")
  }
}

function isBeforeTurns({ messages }: Turns): boolean {
  return messages.every(({ role }) => role === "system")
}

function readContent(item: JsonView, notes: FeatureNotes): readonly ContentPart[] {
  const content = item.member("content") ?? missing(item, "content")
  const text = content.text()
  if (text !== undefined) return [{ kind: "text", text, cache: null }]
  if (!content.isArray) return badValue(content, "must be a string or a list of parts")
  return content.items().map((part): ContentPart => {
    const type = needText(part, "type")
    if (type !== "refusal") return readPart(part, type, notes)
    notes.noteUnknown(part, PART_FIELDS)
    return { kind: "refusal", text: needText(part, "refusal") }
  })
}

const PART_FIELDS: ReadonlySet<string> = new Set([
  ...["type", "text", "refusal", "image_url", "detail", "file_id", "file_url", "file_data"],
  ...["filename", "annotations", "document_citations", "cache_control", "prompt_cache_breakpoint"],
])
const PART_ECHOES: ReadonlySet<string> = new Set(["id", "logprobs", "parsed"])

function readPart(part: JsonView, type: string, notes: FeatureNotes): TextPart | MediaPart {
  notes.noteFields(part, PART_FIELDS, PART_ECHOES)
  const cache = readCache(part, notes)
  const more = { name: null, detail: null, isCited: false, cache } as const
  switch (type) {
    case "input_text":
    case "output_text":
    case "text":
      for (const name of ["annotations", "document_citations"]) {
        if ((part.member(name)?.items().length ?? 0) > 0) notes.note("citation-history", part)
      }
      return { kind: "text", text: needText(part, "text"), cache }
    case "input_image": {
      const source = readSource(part, "image_url")
      notes.noteSource("image", source, part)
      const given = textIn(part, "detail") ?? null
      // As it is, which no other shape has a word for.
      const detail = given === "original" ? "high" : given
      if (detail !== null && detail !== "auto") notes.note("image-detail", part)
      return { ...more, kind: "image", source, detail }
    }
    case "input_file": {
      const member = part.member("file_url") === undefined ? "file_data" : "file_url"
      const source = readSource(part, member)
      notes.noteSource("file", source, part)
      return { ...more, kind: "file", source, name: textIn(part, "filename") ?? null }
    }
    default:
      return untranslatable(part, `a part of type ${excerpt(type)}`)
  }
}

function readSource(part: JsonView, member: string): MediaSource {
  const id = textIn(part, "file_id")
  if (id !== undefined) return { kind: "file-id", id }
  const given = needText(part, member)
  return member === "file_data" ? readData(given, part) : readUrl(given, part)
}

function readResult(item: JsonView, { names }: Calls, notes: FeatureNotes): ContentPart {
  const callId = needText(item, "call_id")
  const output = item.member("output") ?? missing(item, "output")
  const text = output.text()
  if (text === undefined && !output.isArray) badValue(output, "must be a string or a list of parts")
  const parts: readonly (TextPart | MediaPart)[] =
    text === undefined
      ? output.items().map((part) => readPart(part, needText(part, "type"), notes))
      : [{ kind: "text", text, cache: null }]
  if (parts.some(({ kind }) => kind !== "text")) notes.note("tool-result-media", item)
  const name = names.get(callId) ?? null
  return { kind: "tool-result", callId, name, parts, isError: false, cache: null }
}

/** An image of an earlier answer; PNG is what OpenAI makes unless told otherwise. */
function readShown(item: JsonView, notes: FeatureNotes): MediaPart {
  const mimeType = `image/${textIn(item, "output_format") ?? "png"}`
  const source: MediaSource = { kind: "data", mimeType, base64: needText(item, "result") }
  notes.noteSource("image", source, item)
  return { kind: "image", source, name: null, detail: null, isCited: false, cache: null }
}

const THOUGHT_FIELDS: ReadonlySet<string> = new Set(["type", "text"])

function readThought(item: JsonView, notes: FeatureNotes): ContentPart {
  const summary = item.member("summary")?.items() ?? []
  const whole = item.member("content")?.items() ?? []
  // The thought itself, where the model shows it; else what was made of it for people.
  const said = whole.length > 0 ? whole : summary
  for (const part of [...summary, ...whole]) notes.noteUnknown(part, THOUGHT_FIELDS)
  const text = said.map((part) => part.textOf("text") ?? "").join("")
  const kept = textIn(item, "encrypted_content") ?? null
  const redacted = kept === null ? null : bareSignature("hidden", kept)
  const signature = kept === null || redacted !== null ? null : readKept(kept)
  notes.noteThought({ signature, redacted }, item)
  return { kind: "reasoning", text, signature, redacted }
}

/** What has no tag is OpenAI's own, and what it hides of another's thoughts is theirs. */
function readKept(kept: string): string | null {
  if (bareSignature("nobody", kept) !== null) return null
  const bare = bareSignature("anthropic", kept)
  if (bare !== null) return bare
  return isTagged(kept) ? kept : tagSignature("openai", kept)
}
