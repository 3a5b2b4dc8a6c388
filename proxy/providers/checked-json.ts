/** Limits for a text of JSON within a body that has been scanned with limits of its own. */
import type { JsonLimits } from "#proxy/contract/json-scan.ts"

export const CHECKED_JSON: JsonLimits = Object.freeze({
  bytesMax: 32 * 1024 * 1024,
  depthMax: 64,
  tokensMax: 500_000,
  loneSurrogates: "accepted",
} satisfies JsonLimits)
