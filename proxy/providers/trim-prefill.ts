/**
 * The beginning of an answer, which the model goes on from: Anthropic's models refuse one that ends
 * in white space, at any host, and write what follows it themselves.
 */
import type { ChatMessage } from "#proxy/exchange/chat-request.ts"

export function trimPrefill(messages: readonly ChatMessage[]): readonly ChatMessage[] {
  const last = messages.at(-1)
  const part = last?.parts.at(-1)
  if (last?.role !== "assistant" || part?.kind !== "text" || !/\s$/.test(part.text)) return messages
  const parts = [...last.parts.slice(0, -1), { ...part, text: part.text.trimEnd() }]
  return [...messages.slice(0, -1), { ...last, parts }]
}
