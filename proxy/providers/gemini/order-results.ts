/**
 * Results in the order of their calls. Gemini pairs them by place, or by name where names differ;
 * other shapes pair them by id, so that their clients write them in any order, a message for each.
 */
import type { ChatMessage, ContentPart } from "#proxy/exchange/chat-request.ts"

export function orderResults(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const ordered: ChatMessage[] = []
  /** Of the last call with each id. */
  const places = new Map<string, number>()
  const placeOf = (part: ContentPart) =>
    (part.kind === "tool-result" ? places.get(part.callId) : undefined) ?? Number.MAX_SAFE_INTEGER
  let count = 0
  let results: ContentPart[] = []
  const close = (): void => {
    if (results.length === 0) return
    ordered.push({ role: "tool", parts: results.toSorted((a, b) => placeOf(a) - placeOf(b)) })
    results = []
  }
  for (const message of messages) {
    if (message.role === "tool") {
      for (const part of message.parts) results.push(part)
      continue
    }
    close()
    for (const part of message.parts) {
      if (part.kind === "tool-call") places.set(part.id, count++)
    }
    ordered.push(message)
  }
  close()
  return ordered
}
