/**
 * Refusals in Gemini's shape, which is google.rpc.Status: `{"error":{"code","message","status"}}`.
 */
import { REFUSALS, type Refusal } from "#proxy/exchange/refusal.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import { writeEvent } from "#proxy/wire/sse-write.ts"
import { EVENT_STREAM, type SurfaceErrors } from "../surface.ts"

export const geminiErrors: SurfaceErrors = Object.freeze({
  body: renderError,
  upstream: renderUpstreamError,
  event: renderStreamError,
})

/** The reason is our code, as google.rpc.ErrorInfo has it. */
function renderError(refusal: Refusal): string {
  const { status: code } = REFUSALS[refusal.code]
  const { message, param } = refusal
  const info = {
    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
    reason: refusal.code.toUpperCase(),
    domain: "sidegate.dev",
    metadata: { code: refusal.code, ...(param === null ? {} : { param }) },
  }
  return JSON.stringify({ error: { code, message, status: statusOf(code), details: [info] } })
}

/**
 * An event like any other, since Google's clients pass over those that have a name. In an array
 * that is under way it is one more element, and the array is never closed.
 */
function renderStreamError(refusal: Refusal, streamType: string): string {
  const body = renderError(refusal)
  return streamType === EVENT_STREAM ? writeEvent(body) : `,\n${body}`
}

function renderUpstreamError({ message, code }: UpstreamError, status: number): string {
  const known = code !== null && /^[A-Z_]+$/.test(code) ? code : statusOf(status)
  return JSON.stringify({ error: { code: status, message, status: known } })
}

/** Names of google.rpc.Code by the HTTP status that goes with each. */
function statusOf(status: number): string {
  switch (status) {
    case 401:
      return "UNAUTHENTICATED"
    case 403:
      return "PERMISSION_DENIED"
    case 404:
      return "NOT_FOUND"
    case 429:
      return "RESOURCE_EXHAUSTED"
    case 501:
      return "UNIMPLEMENTED"
    case 502:
    case 503:
      return "UNAVAILABLE"
    case 504:
      return "DEADLINE_EXCEEDED"
    default:
      return status >= 500 ? "INTERNAL" : "INVALID_ARGUMENT"
  }
}
