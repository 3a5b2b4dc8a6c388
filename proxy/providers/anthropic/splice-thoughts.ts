/** A client's own bytes without the thoughts that Anthropic did not sign. */
import { type JsonDocument, memberOf } from "#proxy/contract/json-document.ts"
import type { ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import type { Target } from "#proxy/exchange/target.ts"
import { hasTag, isOfType, withoutForeignIn } from "../foreign-thoughts.ts"
import { type Edit, spliceModelAnd } from "../splice-body.ts"

export function spliceOwn(request: ParsedRequest, target: Target): Uint8Array {
  return spliceModelAnd(request, target, foreignThoughts(request.document))
}

/** None in a conversation of Anthropic's alone. */
export function foreignThoughts(document: JsonDocument): readonly Edit[] {
  return withoutForeignIn(document, memberOf(document, 0, "messages"), "content", isForeign)
}

function isForeign(document: JsonDocument, block: number): boolean {
  if (isOfType(document, block, "thinking")) return hasTag(document, block, "signature")
  return isOfType(document, block, "redacted_thinking") && hasTag(document, block, "data")
}
