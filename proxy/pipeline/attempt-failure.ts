/**
 * How an attempt can fail before the client got anything, what may follow, and what the client is
 * told.
 */
import type { RetryTrigger } from "#proxy/contract/snapshot.ts"
import type { UpstreamFailure } from "#proxy/exchange/ports.ts"
import { type Refusal, refuse } from "#proxy/exchange/refusal.ts"
import type { Target } from "#proxy/exchange/target.ts"

/**
 * `unreached`: no byte of the request went out. `broken`: it went out and no usable answer came.
 * `invalid-answer`: an answer came that is none. `too-large`: one came that is over a limit, and
 * would be as large again. `refused`: our credentials were.
 */
export interface AttemptFailure {
  readonly kind:
    | "unreached"
    | "no-credential"
    | "refused"
    | "rate-limited"
    | "server-error"
    | "broken"
    | "invalid-answer"
    | "too-large"
    | "first-token-timeout"
  readonly target: Target
  readonly status: number | null
  /** For the reader: no key, no body. */
  readonly detail: string
  /** From the upstream's `retry-after`. */
  readonly retryAfterSeconds: number | null
  /** Present when the upstream said `x-should-retry: false`, or means it. */
  readonly isFinal?: true
}

/**
 * What must be among the rule's triggers for a retry; null needs none: another target may have
 * other credentials, and without one nothing was sent.
 */
export function triggerOf(kind: AttemptFailure["kind"]): RetryTrigger | null {
  switch (kind) {
    case "no-credential":
    case "refused":
      return null
    case "unreached":
      return "Connect"
    case "rate-limited":
      return "RateLimited"
    case "server-error":
    case "broken":
    case "invalid-answer":
    case "too-large":
      return "ServerError"
    case "first-token-timeout":
      return "FirstTokenTimeout"
  }
}

/** Whether any target may be asked after it: each answers at what the request's sender pays. */
export function mayFollow({ kind }: AttemptFailure): boolean {
  return kind !== "too-large"
}

/** Whether the same target may be asked again once all have been tried. */
export function mayRepeat({ kind, isFinal }: AttemptFailure): boolean {
  if (isFinal === true) return false
  switch (kind) {
    case "unreached":
    case "server-error":
    case "broken":
    case "first-token-timeout":
      return true
    case "no-credential":
    case "refused":
    case "rate-limited":
    case "invalid-answer":
    case "too-large":
      return false
  }
}

export function failureOf(failure: UpstreamFailure, target: Target): AttemptFailure {
  const kind =
    failure.kind === "credential-missing"
      ? "no-credential"
      : failure.kind === "too-large" || failure.kind === "protocol"
        ? "invalid-answer"
        : failure.wasSent
          ? "broken"
          : "unreached"
  return {
    kind,
    target,
    status: null,
    detail: `${SAID[failure.kind]} (${failure.kind}: ${failure.detail})`,
    retryAfterSeconds: null,
  }
}

const SAID: Readonly<Record<UpstreamFailure["kind"], string>> = {
  connect: "could not be reached",
  dns: "could not be reached",
  tls: "could not be reached",
  "address-denied": "is at an address that is not allowed",
  reset: "broke the connection",
  protocol: "did not answer in HTTP",
  "too-large": "answered with more than is taken",
  "credential-missing": "cannot be asked without its credential",
}

/** Of a whole answer that had begun: what kind of failure it is, and what is said of it. */
export function ofBrokenAnswer({
  kind,
  detail,
}: UpstreamFailure): readonly [AttemptFailure["kind"], string] {
  if (kind === "too-large") return [kind, `gave more than is taken (${detail})`]
  return ["invalid-answer", `cut its answer short (${kind})`]
}

/** In a stream, by the upstream's own name for it. */
export function ofError(name: string | null): string {
  return `reported an error in its stream${name === null ? "" : ` (${name})`}`
}

/**
 * What the client is told when no attempt is left. All rate-limited is 429; else the last one
 * speaks. It may try again unless every upstream said not to.
 */
export function refuseAfter(failures: readonly AttemptFailure[]): Refusal {
  const last = failures.at(-1)
  if (last === undefined) return refuse("upstream_failed", "no provider could be tried")
  const made = failures.length === 1 ? "1 attempt" : `${failures.length} attempts`
  const { name } = last.target.provider
  const sentence = `provider ${name} ${last.detail}, after ${made}`
  const waits = failures.flatMap(({ retryAfterSeconds: wait }) => (wait === null ? [] : [wait]))
  const more = {
    ...(failures.every((failure) => failure.isFinal) ? ({ isFinal: true } as const) : {}),
    // Where one said nothing, sooner may do.
    ...(waits.length === failures.length ? { retryAfterSeconds: Math.min(...waits) } : {}),
  }
  if (failures.every((failure) => failure.kind === "rate-limited")) {
    const retryAfterSeconds = waits.length === 0 ? 1 : Math.min(...waits)
    return refuse("rate_limit_exceeded", sentence, { ...more, retryAfterSeconds })
  }
  switch (last.kind) {
    case "no-credential":
      return refuse("credential_missing", sentence, { retryAfterSeconds: 5 })
    case "refused":
      return refuse("upstream_auth_failed", sentence, more)
    case "invalid-answer":
      return refuse("upstream_invalid_response", sentence, more)
    case "too-large":
      return refuse("upstream_invalid_response", sentence, { isFinal: true })
    case "first-token-timeout":
      return refuse("upstream_timeout", sentence)
    case "unreached":
    case "rate-limited":
    case "server-error":
    case "broken":
      return refuse("upstream_failed", sentence, more)
  }
}
