/**
 * Every way the gateway says no: a closed union and its one table. Status codes appear nowhere
 * else.
 *
 * A refusal carries the sentence for the reader: what, where, which limit, which object decided. It
 * never carries a key, and never more than 64 characters of the caller's own input.
 */

export type RefusalCode = keyof typeof REFUSALS

export interface Refusal {
  readonly code: RefusalCode
  /** One sentence or two, ending with what to change. */
  readonly message: string
  /** Name of the offending field or JSON pointer; null when it is not one field. */
  readonly param: string | null
  /** Seconds for `retry-after`; null leaves the header out. */
  readonly retryAfterSeconds: number | null
  /** Present where repeating is no use, whatever the status says: `x-should-retry: false`. */
  readonly isFinal?: true
}

/**
 * `type` is OpenAI's error type; the other surfaces map `status` to theirs. `isFinal` marks those
 * that SDKs would repeat by their status, and in vain: nothing changes until a person changes it.
 */
export const REFUSALS = {
  bad_request: { status: 400, type: "invalid_request_error" },
  invalid_json: { status: 400, type: "invalid_request_error" },
  invalid_value: { status: 400, type: "invalid_request_error" },
  forbidden_field: { status: 400, type: "invalid_request_error" },
  duplicate_key: { status: 400, type: "invalid_request_error" },
  json_too_deep: { status: 400, type: "invalid_request_error" },
  unsupported_parameter: { status: 400, type: "invalid_request_error" },
  context_length_exceeded: { status: 400, type: "invalid_request_error" },
  image_url_denied: { status: 400, type: "invalid_request_error" },
  too_many_messages: { status: 400, type: "invalid_request_error" },
  bad_host: { status: 400, type: "invalid_request_error" },
  bad_header: { status: 400, type: "invalid_request_error" },
  absolute_form: { status: 400, type: "invalid_request_error" },
  empty_body: { status: 400, type: "invalid_request_error" },
  unexpected_body: { status: 400, type: "invalid_request_error" },
  body_length_mismatch: { status: 400, type: "invalid_request_error" },
  model_denied: { status: 403, type: "permission_error" },
  team_unknown: { status: 403, type: "permission_error" },
  team_unassigned: { status: 403, type: "permission_error" },
  no_policy: { status: 403, type: "permission_error" },
  policy_invalid: { status: 403, type: "permission_error" },
  model_not_found: { status: 404, type: "invalid_request_error" },
  endpoint_not_enabled: { status: 404, type: "invalid_request_error" },
  method_not_allowed: { status: 405, type: "invalid_request_error" },
  body_timeout: { status: 408, type: "invalid_request_error" },
  request_too_large: { status: 413, type: "invalid_request_error" },
  json_too_many_tokens: { status: 413, type: "invalid_request_error" },
  unsupported_media_type: { status: 415, type: "invalid_request_error" },
  expectation_failed: { status: 417, type: "invalid_request_error" },
  rate_limit_exceeded: { status: 429, type: "rate_limit_error" },
  headers_too_large: { status: 431, type: "invalid_request_error" },
  transfer_coding_unsupported: { status: 501, type: "invalid_request_error", isFinal: true },
  feature_unsupported: { status: 501, type: "server_error", isFinal: true },
  internal_error: { status: 500, type: "server_error" },
  upstream_failed: { status: 502, type: "server_error" },
  upstream_auth_failed: { status: 502, type: "server_error" },
  upstream_invalid_response: { status: 502, type: "server_error" },
  /** Only in-band: the stream ended without its terminal event. */
  upstream_truncated: { status: 502, type: "server_error" },
  upstream_timeout: { status: 504, type: "server_error" },
  draining: { status: 503, type: "server_error" },
  overloaded: { status: 503, type: "server_error" },
  config_not_ready: { status: 503, type: "server_error" },
  credential_missing: { status: 503, type: "server_error" },
  usage_journal_unavailable: { status: 503, type: "server_error" },
} as const satisfies Record<string, RefusalRow>

interface RefusalRow {
  readonly status: number
  readonly type: string
  readonly isFinal?: true
}

/** Whether a client that repeats the request gets the same again. */
export function isFinal({ code, isFinal: isSaid }: Refusal): boolean {
  const row: RefusalRow = REFUSALS[code]
  return isSaid === true || row.isFinal === true
}

/** Makes a refusal; `more` sets what differs from "no param, no retry-after". */
export function refuse(
  code: RefusalCode,
  message: string,
  more: Partial<Pick<Refusal, "isFinal">> & {
    readonly param?: string
    readonly retryAfterSeconds?: number
  } = {},
): Refusal {
  return {
    code,
    message,
    param: more.param ?? null,
    retryAfterSeconds: more.retryAfterSeconds ?? null,
    ...(more.isFinal === true ? { isFinal: true } : {}),
  }
}

/** At most 64 characters of the caller's words, control characters out, for use in a message. */
export function excerpt(text: string): string {
  const clean = text
    .slice(0, 64)
    .toWellFormed()
    .replace(/[\p{Cc}\p{Bidi_Control}]/gu, "?")
  return text.length > 64 ? `${clean}…` : clean
}
