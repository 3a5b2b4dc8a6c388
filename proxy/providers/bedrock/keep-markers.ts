/**
 * Marks for a cache as far as a model takes them: others refuse the whole request. What is cached
 * changes the cost, not the answer.
 *
 * Source: Amazon Bedrock user guide, "Prompt caching", "Supported models": Anthropic's in all of a
 * request, Amazon Nova in all but its tools.
 */
import type { ChatRequest } from "#proxy/exchange/chat-request.ts"
import { isNova, mayBeClaude } from "./bedrock-model.ts"

export function keepMarkers(chat: ChatRequest, model: string): ChatRequest {
  if (mayBeClaude(model)) return chat
  const tools = chat.tools.map((tool) => ({ ...tool, cache: null }))
  if (isNova(model)) return { ...chat, tools }
  const messages = chat.messages.map(({ role, parts }) => ({
    role,
    parts: parts.map((part) => ("cache" in part ? { ...part, cache: null } : part)),
  }))
  return { ...chat, tools, messages }
}
