/**
 * Every way the control channel says no, in one table: code to HTTP status.
 *
 * Refused callers get constant words, so that a token can be probed for nothing: the reason is in
 * the metric.
 */
import type { PublishErrorCode } from "./publisher.ts"

export const CONTROL_ERRORS = Object.freeze({
  bad_message: 400,
  unauthorized: 401,
  forbidden: 403,
  foreign_session: 403,
  not_found: 404,
  unknown_session: 404,
  seq_regression: 409,
  batch_too_large: 413,
  message_too_large: 413,
  unsupported_media_type: 415,
  internal: 500,
  not_leader: 503,
  overloaded: 503,
  ledger_unavailable: 503,
})

export type ControlErrorCode = keyof typeof CONTROL_ERRORS

export interface ControlError {
  readonly code: ControlErrorCode
  readonly message: string
  /** Null when trying again is of no use. */
  readonly retryAfterSeconds: number | null
}

export const UNAUTHORIZED: ControlError = Object.freeze({
  code: "unauthorized",
  message: "a pod-bound token for the audience sidegate is required",
  retryAfterSeconds: null,
})

/**
 * Retry-After: a pod that the operator's watch has not seen yet is let in within a second or two.
 */
export const FORBIDDEN: ControlError = Object.freeze({
  code: "forbidden",
  message: "this pod may not use the control channel",
  retryAfterSeconds: 2,
})

export const NOT_FOUND: ControlError = Object.freeze({
  code: "not_found",
  message: "no such endpoint",
  retryAfterSeconds: null,
})

export const INTERNAL: ControlError = Object.freeze({
  code: "internal",
  message: "an error of the operator; see its log",
  retryAfterSeconds: 5,
})

export const TOO_MANY_REPORTS: ControlError = Object.freeze({
  code: "overloaded",
  message: "this pod reports too often: send more records in each report",
  retryAfterSeconds: 2,
})

export function badMessage(message: string): ControlError {
  return { code: "bad_message", message, retryAfterSeconds: null }
}

export function fromPublishError(code: PublishErrorCode, message: string): ControlError {
  switch (code) {
    case "not_leader":
      return { code, message, retryAfterSeconds: 1 }
    case "overloaded":
      // Spread over 3 to 9 s: what a thousand sidecars then ask is within what hellos may.
      return { code, message, retryAfterSeconds: 6 }
    case "unknown_session":
    case "foreign_session":
    case "bad_message":
      return { code, message, retryAfterSeconds: null }
    case "too_large":
      return INTERNAL
    default:
      return code satisfies never
  }
}
