/**
 * The scope of a mark for the cache, which Vertex AI does not know and refuses: Claude Code writes
 * it on the system prompt and on tools, which are alike for many. It changes the cost alone.
 */
import {
  firstIn,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  nextIn,
  STRIDE,
} from "#proxy/contract/json-document.ts"
import { type Edit, withoutMember } from "../splice-body.ts"

export function cacheScopes(document: JsonDocument): readonly Edit[] {
  return ["system", "tools"].flatMap((name) => scopesIn(document, memberOf(document, 0, name)))
}

function scopesIn(document: JsonDocument, list: number): readonly Edit[] {
  const edits: Edit[] = []
  if (list === NONE || kindOf(document, list) !== KIND.array) return edits
  for (let item = firstIn(document, list); item !== NONE; item = nextIn(document, list, item)) {
    const marker = memberOf(document, item, "cache_control")
    const scope = memberOf(document, marker, "scope")
    if (scope !== NONE) edits.push(withoutMember(document, scope - STRIDE, marker))
  }
  return edits
}
