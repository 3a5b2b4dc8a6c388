/**
 * An upstream's own words about a request it refused: bounded, and nothing of its answer besides.
 */
import type { RawJson } from "#proxy/contract/json-write.ts"

export interface UpstreamError {
  readonly message: string
  readonly type: string | null
  readonly param: string | null
  readonly code: string | null
  /** Of OpenAI's shape alone: Azure tells in `innererror` what its content filter found. */
  readonly innerError?: RawJson | undefined
}
