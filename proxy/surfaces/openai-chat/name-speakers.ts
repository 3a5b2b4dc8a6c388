/**
 * Names of participants, which other shapes have no place for. They tell those of one role apart:
 * where a role has several, each begins what it says with its name; one alone needs none.
 *
 * Source: OpenAI API reference, "Create chat completion", `messages`, `name`.
 */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { ChatMessage, ContentPart } from "#proxy/exchange/chat-request.ts"
import type { FeatureNotes } from "#proxy/exchange/read-body.ts"

/** Names by role; what is a tool's name is none. */
export type Speakers = ReadonlyMap<string, ReadonlySet<string>>

const NAMED: ReadonlySet<string> = new Set(["system", "developer", "user", "assistant"])

export function readSpeakers(messages: readonly JsonView[]): Speakers {
  const speakers = new Map<string, Set<string>>()
  for (const message of messages) {
    const role = message.textOf("role") ?? ""
    if (!NAMED.has(role)) continue
    const names = speakers.get(role) ?? new Set<string>()
    speakers.set(role, names.add(message.textOf("name") ?? ""))
  }
  return speakers
}

export function nameSpeaker(
  message: ChatMessage,
  view: JsonView,
  speakers: Speakers,
  notes: FeatureNotes,
): ChatMessage {
  const name = view.member("name")
  const text = name?.text() ?? ""
  const names = speakers.get(view.textOf("role") ?? "")
  if (name === undefined || text === "" || names === undefined || names.size < 2) return message
  notes.note("participant-name", name)
  const prefix = `${text}: `
  const at = message.parts.findIndex(({ kind }) => kind === "text")
  const part = message.parts[at]
  if (part?.kind === "text") {
    return { ...message, parts: message.parts.with(at, { ...part, text: prefix + part.text }) }
  }
  // Calls alone are said by nobody: a text beside them would be one of the model's.
  if (message.role === "assistant") return message
  const said: ContentPart = { kind: "text", text: prefix, cache: null }
  return { ...message, parts: [said, ...message.parts] }
}
