/** Markers of what shall be cached, in OpenAI's requests. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { CacheMarker } from "#proxy/exchange/chat-request.ts"
import type { FeatureNotes } from "#proxy/exchange/read-body.ts"
import { readCache as readAnthropicCache } from "../anthropic-messages/read-cache.ts"

/**
 * Anthropic's marker, which clients of this shape may write too, or OpenAI's own: it holds for 30
 * minutes at least, which the longer of Anthropic's two does.
 */
export function readCache(view: JsonView, notes: FeatureNotes): CacheMarker | null {
  const marker = readAnthropicCache(view, notes)
  const own = view.member("prompt_cache_breakpoint")
  if (marker !== null || own === undefined) return marker
  notes.note("cache-markers", own)
  return { ttl: "1h" }
}
