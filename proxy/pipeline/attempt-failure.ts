/**
 * How an attempt can fail before the client got anything, what may follow, and what the client is
 * told.
 */
import type { RetryTrigger } from "#proxy/contract/snapshot.ts"
import type { AnswerHeaders, UpstreamFailure } from "#proxy/exchange/ports.ts"
import { type Refusal, refuse } from "#proxy/exchange/refusal.ts"
import type { Target } from "#proxy/exchange/target.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import { errorName } from "#proxy/providers/open-event.ts"

/**
 * `unreached`: no byte of the request went out. `broken`: it went out and no usable answer came.
 * `nonsense`: an answer came that is none. `too-large`: one came that is over a limit, and would be
 * as large again. `refused`: our credentials were.
 */
export interface AttemptFailure {
  readonly kind:
    | "unreached"
    | "no-credential"
    | "refused"
    | "rate-limited"
    | "server-error"
    | "broken"
    | "nonsense"
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
    case "nonsense":
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
    case "nonsense":
    case "too-large":
      return false
  }
}

export function failureOf(failure: UpstreamFailure, target: Target): AttemptFailure {
  const kind =
    failure.kind === "credential-missing"
      ? "no-credential"
      : failure.kind === "too-large" || failure.kind === "protocol"
        ? "nonsense"
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
  return ["nonsense", `cut its answer short (${kind})`]
}

/** In a stream, by the upstream's own name for it. */
export function ofError(name: string | null): string {
  return `reported an error in its stream${name === null ? "" : ` (${name})`}`
}

/** An answer of an upstream that is none to the request. */
export interface RefusedAnswer {
  readonly status: number
  readonly headers: AnswerHeaders
  /** What it says, where that was waited for and could be read. */
  readonly error?: UpstreamError | undefined
}

/** Who was asked, and when: wall clock in ms. */
interface Asked {
  readonly target: Target
  readonly intent: { readonly admittedAt: number }
}

/** Null when the request itself is at fault: the upstream's words go to the client. */
export function failureOfAnswer(
  { status, headers, error }: RefusedAnswer,
  { target, intent }: Asked,
  retryAfterSecondsMax: number,
): AttemptFailure | null {
  const name = errorName(headers["x-amzn-errortype"]?.split(":", 1)[0], error?.code, error?.type)
  const kind = OF_AWS.get(name ?? "") ?? kindOfStatus(status)
  if (status === PAYMENT_REQUIRED || isOfAccount(error))
    return failureOfKey(target, status, `wants its account to be paid${inBrackets(name)}`)
  if (isOfKey(error) || kind === "refused") {
    const what = isOfClock(error)
      ? "refused our signature, as this node's clock is off"
      : "refused our credentials"
    return failureOfKey(target, status, `${what}${inBrackets(`status ${status}`, name)}`)
  }
  if (kind === "nonsense" && isPassedOn(status)) return null
  const detail = `answered with status ${status}`
  const after = headers["retry-after"]
  const retryAfterSeconds = readRetryAfter(after, intent.admittedAt, retryAfterSecondsMax)
  const failure = { kind, target, status, detail, retryAfterSeconds } as const
  return headers["x-should-retry"] === "false" ? { ...failure, isFinal: true } : failure
}

/** Another target has another key or account; this one changes when a person changes it. */
function failureOfKey(target: Target, status: number, detail: string): AttemptFailure {
  return { kind: "refused", target, status, detail, retryAfterSeconds: null, isFinal: true }
}

function inBrackets(...parts: readonly (string | null)[]): string {
  const said = parts.filter((part) => part !== null)
  return said.length === 0 ? "" : ` (${said.join(", ")})`
}

const PAYMENT_REQUIRED = 402

/** Groq's "flex tier capacity exceeded". */
const CAPACITY_EXCEEDED = 498

/**
 * What is in the range of a client's mistakes and is none of its: our key (401, 403) and account
 * (402), the upstream's time (408), rate (429), model that failed (424, Bedrock) and capacity.
 */
const NOT_OF_CLIENT: ReadonlyMap<number, AttemptFailure["kind"]> = new Map([
  [401, "refused"],
  [PAYMENT_REQUIRED, "refused"],
  [403, "refused"],
  [408, "server-error"],
  [424, "server-error"],
  [429, "rate-limited"],
  [CAPACITY_EXCEEDED, "rate-limited"],
])

/**
 * What AWS names in the head, whatever its status: the lists of common errors of its services have
 * 400 for some of these. Source: "Common Error Types" of the Bedrock and of other API references.
 */
const OF_AWS: ReadonlyMap<string, AttemptFailure["kind"]> = new Map([
  ["AccessDeniedException", "refused"],
  ["ExpiredTokenException", "refused"],
  ["IncompleteSignatureException", "refused"],
  ["InvalidSignatureException", "refused"],
  ["MissingAuthenticationTokenException", "refused"],
  ["UnrecognizedClientException", "refused"],
  ["ThrottlingException", "rate-limited"],
])

/** AWS takes signatures of five minutes before and after its own time. */
function isOfClock(error: UpstreamError | undefined): boolean {
  return error !== undefined && /^signature (expired|not yet current)/i.test(error.message)
}

function kindOfStatus(status: number): AttemptFailure["kind"] {
  return NOT_OF_CLIENT.get(status) ?? (status >= 500 ? "server-error" : "nonsense")
}

/** The request itself was refused: no other target would take it, and its sender can change it. */
export function isPassedOn(status: number): boolean {
  return status >= 400 && status < 500 && !NOT_OF_CLIENT.has(status)
}

/** Whether its words tell more than its status: whose fault it is, and whether waiting helps. */
export function isExplained(status: number): boolean {
  return status === 429 || NOT_OF_CLIENT.get(status) === "refused"
}

/**
 * Whether an upstream's words are about our account, whatever its status says: OpenAI's 429 of code
 * `insufficient_quota`, which no waiting mends, and Anthropic's 400 of an empty balance.
 */
function isOfAccount(error: UpstreamError | undefined): boolean {
  if (error === undefined) return false
  if ([error.code, error.type].includes("insufficient_quota")) return true
  return /^your credit balance is too low/i.test(error.message)
}

/**
 * Whether an upstream's words are about our key, although its status says that the request is at
 * fault, as Google's (`API key not valid`) and xAI's, which quotes a part of the key.
 */
function isOfKey(error: UpstreamError | undefined): boolean {
  if (error === undefined) return false
  return error.code === "invalid_api_key" || OF_KEY.test(error.message)
}

const OF_KEY =
  /^(?:(?:incorrect|invalid)(?: |%20)api(?: |%20)key|api key (?:not valid|not found|expired))/i

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
    case "nonsense":
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

/** Seconds from `retry-after`, which holds seconds or a date; null when absurd. Capped at `max`. */
export function readRetryAfter(
  value: string | undefined,
  nowMs: number,
  max: number,
): number | null {
  if (value === undefined) return null
  const text = value.trim()
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : (Date.parse(text) - nowMs) / 1000
  if (!Number.isFinite(seconds) || seconds < 0) return null
  return Math.min(Math.ceil(seconds), max)
}
