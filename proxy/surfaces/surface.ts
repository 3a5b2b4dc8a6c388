/**
 * What clients speak, one folder each; here the one place that says how each renders a refusal.
 *
 * In: a refusal and the surface of the request. Out: text in the caller's own shape. Anything
 * beyond the shape (who decided, which status) is the refusal's and its table's.
 */
import type { SurfaceName } from "#proxy/exchange/parsed-request.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import { renderError, renderStreamError, renderUpstreamError } from "./openai-chat/render-error.ts"

export interface SurfaceErrors {
  /** A whole JSON body. */
  readonly body: (refusal: Refusal) => string
  /** An upstream's 4xx about the request itself: its words, our shape. */
  readonly upstream: (error: UpstreamError) => string
  /** One in-band event, after which the stream is cut. */
  readonly event: (refusal: Refusal) => string
}

const OPENAI: SurfaceErrors = Object.freeze({
  body: renderError,
  upstream: renderUpstreamError,
  event: renderStreamError,
})

export const SURFACE_ERRORS: Readonly<Record<SurfaceName, SurfaceErrors>> = Object.freeze({
  "openai-chat": OPENAI,
  "openai-models": OPENAI,
})
