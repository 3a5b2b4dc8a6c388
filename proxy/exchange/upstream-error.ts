/**
 * An upstream's own words about a request it refused: bounded, and nothing of its answer besides.
 */
export interface UpstreamError {
  readonly message: string
  readonly type: string | null
  readonly param: string | null
  readonly code: string | null
}
