/** What an attempt is given. */
import type { Price } from "#proxy/contract/prices.ts"
import type { AttemptIntent } from "#proxy/contract/records.ts"
import type { Caller } from "#proxy/exchange/caller.ts"
import type { ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import type { Ports, RawRequest, UpstreamRequest } from "#proxy/exchange/ports.ts"
import type { Target } from "#proxy/exchange/target.ts"
import type { ProviderAdapter } from "#proxy/providers/adapter.ts"
import { adapterFor } from "#proxy/providers/registry.ts"
import { costWith, priceOf } from "#proxy/quota/attempt-cost.ts"
import type { LinkedRule } from "#proxy/route/linked-route.ts"
import type { Runtime } from "#proxy/runtime/runtime.ts"
import { upstreamHeaders } from "#proxy/wire/request-headers.ts"

export interface AttemptPlan {
  readonly request: ParsedRequest
  readonly target: Target
  readonly adapter: ProviderAdapter
  readonly upstream: UpstreamRequest
  readonly intent: AttemptIntent
  readonly price: Price | undefined
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
