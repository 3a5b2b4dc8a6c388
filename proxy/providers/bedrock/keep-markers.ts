/**
 * Marks for a cache as far as a model takes them: others refuse the whole request. What is cached
 * changes the cost, not the answer.
 *
 * Source: Amazon Bedrock user guide, "Prompt caching", "Supported models": Anthropic's in all of a
 * request, Amazon Nova in all but its tools.
 */
import type { CacheMarker, ChatRequest } from "#proxy/exchange/chat-request.ts"
import { isNova, mayBeClaude } from "./bedrock-model.ts"

export function keepMarkers(chat: ChatRequest, model: string): ChatRequest {
  if (mayBeClaude(model)) return takesHour(model) ? chat : mapMarkers(chat, shorten)
  const tools = chat.tools.map((tool) => ({ ...tool, cache: null }))
  if (isNova(model)) return mapMarkers({ ...chat, tools }, shorten)
  return mapMarkers(chat, () => null)
}

/** An hour came with Claude's 4.5 generation; a longer mark than a model takes is refused. */
function takesHour(model: string): boolean {
  return !/claude-(?:3|(?:opus|sonnet|haiku)-4-(?:[01]-|\d{8}))/.test(model)
}

type MapMarker = (cache: CacheMarker) => CacheMarker | null

const shorten: MapMarker = () => ({ ttl: "5m" })

function mapMarkers(chat: ChatRequest, map: MapMarker): ChatRequest {
  const mapped = (cache: CacheMarker | null) => (cache === null ? null : map(cache))
  return {
    ...chat,
    tools: chat.tools.map((tool) => ({ ...tool, cache: mapped(tool.cache) })),
    messages: chat.messages.map(({ role, parts }) => ({
      role,
      parts: parts.map((part) => ("cache" in part ? { ...part, cache: mapped(part.cache) } : part)),
    })),
  }
}
