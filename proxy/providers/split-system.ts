/**
 * The system prompt and the turns, for wires that have a place for it before the turns alone. What
 * the system says between turns is told there, in a user's turn and between marks: to move it into
 * the prompt would tell it too early, and would spoil the cache of all turns before it.
 */
import type { ChatMessage, ContentPart } from "#proxy/exchange/chat-request.ts"

export interface SplitSystem {
  readonly prompt: readonly ChatMessage[]
  readonly turns: readonly ChatMessage[]
}

/** A turn of the system that the wire takes where it stands, by its place in all messages. */
export type TakesSystem = (place: number) => boolean

export function splitSystem(
  messages: readonly ChatMessage[],
  takes: TakesSystem = () => false,
): SplitSystem {
  const first = messages.findIndex(({ role }) => role !== "system")
  // A prompt is no conversation anywhere but at OpenAI: its last message is what is asked.
  const leading = first < 0 ? messages.length - 1 : first
  const turns = messages.slice(leading).map((message, at): ChatMessage => {
    if (message.role !== "system") return message
    if (first < 0) return { ...message, role: "user" }
    return takes(leading + at) ? message : { role: "user", parts: message.parts.map(mark) }
  })
  return { prompt: messages.slice(0, leading), turns }
}

/** The mark that Claude Code itself uses where its model takes no system's turn. */
function mark(part: ContentPart): ContentPart {
  if (part.kind !== "text") return part
  return { ...part, text: `<system-reminder>\n${part.text}\n</system-reminder>` }
}
