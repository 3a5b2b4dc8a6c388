/** What the client gets, as headers and bytes: answers of an upstream, and refusals of ours. */
import { formatNanoUsd } from "#proxy/contract/money.ts"
import type { AttemptFinal } from "#proxy/contract/records.ts"
import type { SurfaceName } from "#proxy/exchange/parsed-request.ts"
import type { Client } from "#proxy/exchange/ports.ts"
import { isFinal, REFUSALS, type Refusal } from "#proxy/exchange/refusal.ts"
import type { Target } from "#proxy/exchange/target.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import { errorsOf } from "#proxy/surfaces/registry.ts"

export interface AnswerFacts {
  readonly id: string
  readonly surface: SurfaceName
  readonly target: Target
  readonly servedModel: string
  readonly attempts: number
  readonly overheadMs: number
}

/**
 * Headers that every answer of an upstream carries; nothing of the upstream's own is among them.
 */
function answerHeaders(facts: AnswerFacts, contentType: string): string[] {
  return [
    "content-type",
    contentType,
    ...facts.target.answerHeaders,
    ...idHeaders(facts.surface, facts.id),
    "x-sidegate-model",
    headerText(facts.servedModel),
    "x-sidegate-attempts",
    String(facts.attempts),
    "x-sidegate-overhead-ms",
    String(Math.round(facts.overheadMs * 100) / 100),
  ]
}

/** Anthropic's clients look for theirs under another name. */
export function idHeaders(surface: SurfaceName, id: string): readonly string[] {
  const own = surface.startsWith("anthropic-") ? ["request-id", id] : NONE
  return ["x-request-id", id, ...own]
}

const NONE: readonly string[] = Object.freeze([])

export function sendAnswer(
  client: Client,
  facts: AnswerFacts,
  contentType: string,
  body: Uint8Array,
  final: AttemptFinal | null,
): void {
  const headers = answerHeaders(facts, contentType)
  const cost = final?.cost ?? null
  if (cost !== null) headers.push("x-sidegate-cost-usd", formatNanoUsd(cost))
  if (final?.source === "estimated") headers.push(...ESTIMATED)
  headers.push("content-length", String(body.length))
  client.start(200, headers)
  client.end(body)
}

/** Usage and cost of the answer are this gateway's own numbers. */
const ESTIMATED = Object.freeze(["x-sidegate-estimated", "true"])

/** A count that no provider made: no attempt was, and the header says whose number it is. */
export function sendEstimate(
  client: Client,
  { target, surface, id }: Pick<AnswerFacts, "target" | "surface" | "id">,
  body: string,
): void {
  const headers = ["content-type", "application/json", ...target.answerHeaders]
  headers.push(...idHeaders(surface, id), ...ESTIMATED)
  headers.push("content-length", String(utf8Bytes(body)))
  client.start(200, headers)
  client.end(body)
}

export function startStream(client: Client, facts: AnswerFacts, contentType: string): void {
  const headers = answerHeaders(facts, contentType)
  headers.push("cache-control", "no-cache", "x-accel-buffering", "no")
  client.start(200, headers)
}

/**
 * An upstream's 4xx about the request itself: status and words are the upstream's, the shape is
 * not.
 */
export function sendUpstreamError(
  client: Client,
  facts: AnswerFacts,
  status: number,
  error: UpstreamError | undefined,
): void {
  const { name } = facts.target.provider
  const message = `provider ${name} refused the request with status ${status}`
  const words = error ?? { message, type: null, param: null, code: null }
  const body = errorsOf(facts.surface).upstream(words, status, facts.id)
  const headers = answerHeaders(facts, "application/json")
  headers.push("content-length", String(utf8Bytes(body)))
  client.start(status, headers)
  client.end(body)
}

/** A refusal of the gateway before the first byte of an answer; `extra` is a flat header list. */
export function sendRefusal(
  client: Client,
  surface: SurfaceName,
  refusal: Refusal,
  id: string,
  extra: readonly string[] = [],
): void {
  const body = errorsOf(surface).body(refusal, id)
  const headers = ["content-type", "application/json", ...idHeaders(surface, id), ...extra]
  if (refusal.retryAfterSeconds !== null) {
    headers.push("retry-after", String(refusal.retryAfterSeconds))
  }
  if (isFinal(refusal)) headers.push("x-should-retry", "false")
  headers.push("content-length", String(utf8Bytes(body)))
  client.start(REFUSALS[refusal.code].status, headers)
  client.end(body)
}

export function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length
}

/** A client's own model name may hold what no header may: then it is percent-encoded. */
function headerText(text: string): string {
  return /^[\x21-\x7e][\x20-\x7e]*$/.test(text) ? text : encodeURIComponent(text.toWellFormed())
}
