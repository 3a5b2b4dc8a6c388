/** A user's turn of shapes in which results of tools have no turn of their own. */
import type { ChatMessage, ContentPart } from "./chat-request.ts"

/** Results are a turn of role `tool` in the intermediate form, before what else was said. */
export function splitResults(parts: readonly ContentPart[]): readonly ChatMessage[] {
  const results = parts.filter(({ kind }) => kind === "tool-result")
  const rest = parts.filter(({ kind }) => kind !== "tool-result")
  const turns: ChatMessage[] = []
  if (results.length > 0) turns.push({ role: "tool", parts: results })
  if (rest.length > 0) turns.push({ role: "user", parts: rest })
  return turns
}
