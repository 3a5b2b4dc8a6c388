/**
 * Whose fault an answer is that has another status than 200: the request's, ours or the upstream's.
 *
 * In: its status, its head and, where they were waited for, its words. Out: a failure that another
 * attempt may follow, or null: the words are about the request and go to the client. Pure.
 */
import type { AnswerHeaders } from "#proxy/exchange/ports.ts"
import type { Target } from "#proxy/exchange/target.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import { errorName } from "#proxy/providers/open-event.ts"
import type { AttemptFailure } from "./attempt-failure.ts"

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
  if (kind === "invalid-answer" && isPassedOn(status)) return null
  const detail = `answered with status ${status}`
  const after = secondsOf(headers["retry-after-ms"]) ?? headers["retry-after"]
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
  return NOT_OF_CLIENT.get(status) ?? (status >= 500 ? "server-error" : "invalid-answer")
}

/** The request itself was refused: no other target would take it, and its sender can change it. */
export function isPassedOn(status: number): boolean {
  return status >= 400 && status < 500 && !NOT_OF_CLIENT.has(status)
}

/** Whether its words tell more than its status: whose fault it is, and whether waiting helps. */
export function isWorthReading(status: number): boolean {
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

/** Of `retry-after-ms`, which Azure sends also where it sends no other; undefined when absurd. */
function secondsOf(milliseconds: string | undefined): string | undefined {
  if (milliseconds === undefined || !/^\d{1,12}$/.test(milliseconds)) return undefined
  return String(Math.ceil(Number(milliseconds) / 1000))
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
