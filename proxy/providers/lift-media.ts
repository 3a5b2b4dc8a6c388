/**
 * Media that tools gave, for wires whose results are texts: they stand in a user's turn behind the
 * results, each behind the name of its call. Results of one turn must follow each other there.
 */
import type {
  ChatMessage,
  ContentPart,
  MediaPart,
  TextPart,
  ToolResultPart,
} from "#proxy/exchange/chat-request.ts"

/** The messages themselves where no result has a medium. */
export function liftMedia(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  if (!messages.some(({ parts }) => parts.some(hasMedia))) return messages
  const lifted: ChatMessage[] = []
  let waiting: ContentPart[] = []
  for (const message of messages) {
    if (message.role === "tool") {
      lifted.push({ role: "tool", parts: message.parts.map(withoutMedia) })
      for (const part of message.parts) waiting.push(...mediaOf(part))
      continue
    }
    if (waiting.length > 0) {
      if (message.role === "user") {
        lifted.push({ role: "user", parts: [...waiting, ...message.parts] })
        waiting = []
        continue
      }
      lifted.push({ role: "user", parts: waiting })
      waiting = []
    }
    lifted.push(message)
  }
  if (waiting.length > 0) lifted.push({ role: "user", parts: waiting })
  return lifted
}

function isMedia(part: TextPart | MediaPart): part is MediaPart {
  // A document of plain text is a text everywhere.
  return part.kind !== "text" && part.source.kind !== "text"
}

function hasMedia(part: ContentPart): boolean {
  return part.kind === "tool-result" && part.parts.some(isMedia)
}

function withoutMedia(part: ContentPart): ContentPart {
  if (part.kind !== "tool-result" || !hasMedia(part)) return part
  const rest = part.parts.filter((inner) => !isMedia(inner))
  const parts = rest.length > 0 ? rest : [textPart("What it gave is in the next message.")]
  return { ...part, parts }
}

function mediaOf(part: ContentPart): readonly ContentPart[] {
  if (part.kind !== "tool-result" || !hasMedia(part)) return []
  return [textPart(`${nameOf(part)} gave:`), ...part.parts.filter(isMedia)]
}

function nameOf({ name, callId }: ToolResultPart): string {
  return name === null ? `Call ${callId}` : `${name} (call ${callId})`
}

function textPart(text: string): TextPart {
  return { kind: "text", text, cache: null }
}
