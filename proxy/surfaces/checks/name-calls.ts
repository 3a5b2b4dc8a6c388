/** Names of tools by the ids of their calls, for shapes in which a result names only the id. */
import type { ChatMessage } from "#proxy/exchange/chat-request.ts"

/** As the conversation goes on: a result is one of the last call with its id. */
export function nameCalls({ parts }: ChatMessage, names: Map<string, string>): void {
  for (const part of parts) if (part.kind === "tool-call") names.set(part.id, part.name)
}
