/**
 * Refusals in OpenAI's shape, which all of its surfaces share: a body with all four keys, or an
 * event inside a stream.
 */
import { REFUSALS, type Refusal } from "#proxy/exchange/refusal.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import type { SurfaceErrors } from "../surface.ts"

export const openAiErrors: SurfaceErrors = Object.freeze({
  body: renderError,
  upstream: renderUpstreamError,
  /** No `[DONE]` may follow it. */
  event: (refusal: Refusal) => `event: error\ndata: ${renderError(refusal)}\n\n`,
})

/** `{"error":{"message","type","param","code"}}`. */
function renderError(refusal: Refusal): string {
  return JSON.stringify({
    error: {
      message: refusal.message,
      type: REFUSALS[refusal.code].type,
      param: refusal.param,
      code: refusal.code,
    },
  })
}

function renderUpstreamError(error: UpstreamError): string {
  const { message, type, param, code } = error
  return JSON.stringify({ error: { message, type: type ?? "invalid_request_error", param, code } })
}
