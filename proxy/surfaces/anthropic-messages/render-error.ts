/** Refusals in Anthropic's shape: `{"type":"error","error":{"type","message"},"request_id"}`. */
import { REFUSALS, type Refusal } from "#proxy/exchange/refusal.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import { writeEvent } from "#proxy/wire/sse-write.ts"
import type { SurfaceErrors } from "../surface.ts"

export const anthropicErrors: SurfaceErrors = Object.freeze({
  body: renderError,
  upstream: renderUpstreamError,
  event: (refusal: Refusal, _streamType: string, id: string) =>
    writeEvent(renderError(refusal, id), "error"),
})

/** `code` and `param` are ours: Anthropic's clients read type and message, and log the rest. */
function renderError(refusal: Refusal, request_id: string): string {
  const { code, message, param } = refusal
  const type = typeOfStatus(REFUSALS[code].status)
  return JSON.stringify({ type: "error", error: { type, message, code, param }, request_id })
}

function renderUpstreamError(
  { message, type }: UpstreamError,
  status: number,
  request_id: string,
): string {
  const known = type !== null && TYPES.has(type) ? type : typeOfStatus(status)
  return JSON.stringify({ type: "error", error: { type: known, message }, request_id })
}

const TYPES: ReadonlySet<string> = new Set([
  "invalid_request_error",
  "authentication_error",
  "billing_error",
  "permission_error",
  "not_found_error",
  "request_too_large",
  "rate_limit_error",
  "timeout_error",
  "api_error",
  "overloaded_error",
])

/** As in "Errors", HTTP errors. */
function typeOfStatus(status: number): string {
  switch (status) {
    case 401:
      return "authentication_error"
    case 402:
      return "billing_error"
    case 403:
      return "permission_error"
    case 404:
      return "not_found_error"
    case 413:
      return "request_too_large"
    case 429:
      return "rate_limit_error"
    case 503:
    case 529:
      return "overloaded_error"
    case 504:
      return "timeout_error"
    default:
      return status >= 500 ? "api_error" : "invalid_request_error"
  }
}
