/** What an attempt is given, and whom it tells. */
import type { Price } from "#proxy/contract/prices.ts"
import type { AttemptIntent } from "#proxy/contract/records.ts"
import type { Caller } from "#proxy/exchange/caller.ts"
import type { ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import type { Ports, RawRequest, UpstreamRequest } from "#proxy/exchange/ports.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import type { Target } from "#proxy/exchange/target.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import type { ProviderAdapter } from "#proxy/providers/adapter.ts"
import { adapterFor } from "#proxy/providers/registry.ts"
import { costWith, priceOf } from "#proxy/quota/attempt-cost.ts"
import type { LinkedRule } from "#proxy/route/linked-route.ts"
import type { Runtime } from "#proxy/runtime/runtime.ts"
import { upstreamHeaders } from "#proxy/wire/request-headers.ts"
import type { Attempt } from "./attempt.ts"
import type { AttemptFailure } from "./attempt-failure.ts"

export interface AttemptPlan {
  readonly request: ParsedRequest
  readonly target: Target
  readonly adapter: ProviderAdapter
  readonly upstream: UpstreamRequest
  readonly intent: AttemptIntent
  readonly price: Price | undefined
}

/** Told at most one of the last five, and nothing after it. */
export interface AttemptOwner {
  /** The journal has the intent, in this turn or a later one: its deadlines begin. */
  onDispatch(attempt: Attempt): void
  /** Whole events of a stream, content included; false holds the upstream back until `resume`. */
  onStreamBytes(attempt: Attempt, bytes: Uint8Array): boolean
  onStreamDone(attempt: Attempt): void
  /** The stream broke after content: the refusal is for the client, in-band. */
  onStreamBroken(attempt: Attempt, refusal: Refusal): void
  onAnswer(attempt: Attempt, body: Uint8Array): void
  /** A 4xx about the request itself, to be passed on once. */
  onUpstreamError(attempt: Attempt, status: number, error: UpstreamError | undefined): void
  /** Nothing reached the client: another attempt may follow. */
  onFailure(attempt: Attempt, failure: AttemptFailure): void
}

/** Stage 10: the upstream's request and the journal's intent for one target. */
export function planAttempt(
  exchange: {
    readonly runtime: Runtime
    readonly caller: Caller
    readonly request: ParsedRequest
    readonly rule: LinkedRule
  },
  target: Target,
  raw: RawRequest,
  admittedAt: number,
  attempt: number,
  nextAttemptId: Ports["nextAttemptId"],
): AttemptPlan {
  const { runtime, caller, request, rule } = exchange
  const { provider } = target
  const adapter = adapterFor(provider.schema)
  const model = target.model ?? request.model
  const price = priceOf(target, model, runtime.prices, admittedAt)
  return {
    request,
    target,
    adapter,
    price,
    upstream: {
      provider,
      method: "POST",
      path: target.path,
      headers: upstreamHeaders(raw.headers, request.isStream),
      body: adapter.encodeBody(request, target),
      authorization: adapter.authorization,
      connectTimeoutMs: provider.connectTimeoutMs,
    },
    intent: {
      id: nextAttemptId(),
      operation: raw.id,
      attempt,
      admittedAt,
      route: rule.route,
      rule: rule.name,
      provider: provider.name,
      model,
      requestedModel: request.model,
      user: caller.user ?? request.user,
      stream: request.isStream,
      estimate: request.estimate,
      estimatedCost: costWith(price, request.estimate),
    },
  }
}
