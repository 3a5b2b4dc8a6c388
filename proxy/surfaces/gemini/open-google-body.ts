/** The body as a checked JSON object whose fields stand in one of their two spellings each. */
import { type JsonDocument, NONE } from "#proxy/contract/json-document.ts"
import { pointerTo } from "#proxy/contract/json-keys.ts"
import type { JsonLimits } from "#proxy/contract/json-scan.ts"
import { findTwice } from "#proxy/exchange/google-names.ts"
import { type Decision, reject } from "#proxy/exchange/parsed-request.ts"
import { refuse } from "#proxy/exchange/refusal.ts"
import { openBody } from "../checks/open-body.ts"

export function openGoogleBody(body: Uint8Array, limits: JsonLimits): Decision<JsonDocument> {
  const opened = openBody(body, limits)
  if (!opened.ok) return opened
  const node = findTwice(opened.value)
  if (node === NONE) return opened
  const param = pointerTo(opened.value, node)
  const message = `the field stands twice in its object, in both of its spellings, at ${param}`
  return reject(refuse("duplicate_key", message, { param }))
}
