/** Limits of a request that its surface enforces; the settings say what happens at each. */
import type { JsonLimits } from "#proxy/contract/json.ts"

export interface SurfaceLimits {
  readonly requestJson: JsonLimits
  readonly messagesMax: number
  readonly toolsMax: number
  readonly outputTokensDefault: number
}
