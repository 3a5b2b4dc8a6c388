/**
 * Refusals in OpenAI's shape, which all of its surfaces share: a body with all four keys, or an
 * event inside a stream.
 */
import { writeJson } from "#proxy/contract/json-write.ts"
import { REFUSALS, type Refusal } from "#proxy/exchange/refusal.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import { writeEvent } from "#proxy/wire/sse-write.ts"
import type { SurfaceErrors } from "../surface.ts"

const EVENT_STREAM = /^text\/event-stream\b/i

export const openAiErrors: SurfaceErrors = Object.freeze({
  body: renderError,
  upstream: renderUpstreamError,
  /** No `[DONE]` may follow it; sound has no place for it. */
  event: (refusal: Refusal, streamType: string) =>
    EVENT_STREAM.test(streamType) ? writeEvent(renderError(refusal), "error") : "",
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
  const { message, type, param, code, innerError: innererror } = error
  const told = { message, type: type ?? "invalid_request_error", param, code, innererror }
  return writeJson({ error: told })
}
