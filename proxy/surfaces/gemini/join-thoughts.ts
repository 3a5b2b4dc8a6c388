/**
 * A thought that was streamed, as one again: Google's chats send every piece of an answer back as
 * it came, so that a thought is many unsigned parts and a signature without text behind them.
 */
import type { ChatMessage, ContentPart, ReasoningPart } from "#proxy/exchange/chat-request.ts"

/** The pieces' texts join the signature; what has no signature stays as it is. */
export function joinThoughts(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  /** Unsigned pieces of the thought under way. */
  let pieces: ReasoningPart[] = []
  const joined = new Map<ContentPart, ReasoningPart | null>()
  for (const { role, parts } of messages) {
    for (const part of parts) {
      const isThought = role === "assistant" && part.kind === "reasoning"
      if (!isThought || part.redacted !== null) pieces = []
      else if (part.signature === null) pieces.push(part)
      else {
        const text = pieces.map((piece) => piece.text).join("")
        if (part.text === "") {
          for (const piece of pieces) joined.set(piece, null)
          joined.set(part, { ...part, text })
        }
        pieces = []
      }
    }
  }
  if (joined.size === 0) return messages
  return messages.map((message) => ({
    ...message,
    parts: message.parts.flatMap((part) => {
      const now = joined.get(part)
      return now === undefined ? [part] : now === null ? [] : [now]
    }),
  }))
}
