/**
 * Signatures as clients of Google's shape have them: bytes in base64. Google's own are bare here,
 * the others tagged.
 */
import { bareSignature, isTagged, tagSignature } from "#proxy/exchange/signatures.ts"

export function showSignature(signature: string): string {
  const own = bareSignature("google", signature)
  if (own !== null) return own
  return isTagged(signature) ? signature : tagSignature("anthropic", signature)
}

/** Of a thought that its provider hid. */
export function showHidden(data: string): string {
  return isTagged(data) ? data : tagSignature("hidden", data)
}

export interface ReadSignature {
  readonly signature: string | null
  readonly redacted: string | null
}

export function readSignature(text: string): ReadSignature {
  const hidden = bareSignature("hidden", text)
  if (hidden !== null) return { signature: null, redacted: standard(hidden) }
  const bare = bareSignature("anthropic", text)
  if (bare !== null) return { signature: standard(bare), redacted: null }
  const signature = isTagged(text) ? text : tagSignature("google", text)
  return { signature, redacted: null }
}

/** Some SDKs write bytes in the alphabet for URLs, which others do not know. */
function standard(base64: string): string {
  return base64.replaceAll("-", "+").replaceAll("_", "/")
}
