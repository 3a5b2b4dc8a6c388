/** Refusals in OpenAI's shape: a body with all four keys, or an event inside a stream. */
import { REFUSALS, type Refusal } from "#proxy/exchange/refusal.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"

/** `{"error":{"message","type","param","code"}}`. */
export function renderError(refusal: Refusal): string {
  return JSON.stringify({
    error: {
      message: refusal.message,
      type: REFUSALS[refusal.code].type,
      param: refusal.param,
      code: refusal.code,
    },
  })
}

/** After the first byte of a stream; no `[DONE]` may follow it. */
export function renderStreamError(refusal: Refusal): string {
  return `event: error\ndata: ${renderError(refusal)}\n\n`
}

export function renderUpstreamError(error: UpstreamError): string {
  const { message, type, param, code } = error
  return JSON.stringify({ error: { message, type: type ?? "invalid_request_error", param, code } })
}
