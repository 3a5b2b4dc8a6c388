/** Anthropic's marker of what shall be cached, `cache_control`. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { CacheMarker } from "#proxy/exchange/chat-request.ts"
import type { FeatureNotes } from "#proxy/exchange/read-body.ts"

const FIELDS: ReadonlySet<string> = new Set(["type", "ttl", "scope"])

/** `scope` says who else may use what is cached: a matter of cost alone. */
export function readCache(view: JsonView, notes: FeatureNotes): CacheMarker | null {
  const marker = view.member("cache_control")
  if (marker === undefined) return null
  notes.note("cache-markers", marker)
  notes.noteUnknown(marker, FIELDS)
  return { ttl: marker.textOf("ttl") === "1h" ? "1h" : "5m" }
}
