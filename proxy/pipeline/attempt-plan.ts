/** What an attempt is given. */
import type { Price } from "#proxy/contract/prices.ts"
import type { AttemptIntent } from "#proxy/contract/records.ts"
import type { Caller } from "#proxy/exchange/caller.ts"
import { accept, type Decision, type ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import type { HeaderList, Ports, RawRequest, UpstreamRequest } from "#proxy/exchange/ports.ts"
import type { Target } from "#proxy/exchange/target.ts"
import type { UpstreamWire } from "#proxy/providers/adapter.ts"
import { boundWith, NO_USAGE, priceOf } from "#proxy/quota/attempt-cost.ts"
import { estimateUsage } from "#proxy/quota/estimate-usage.ts"
import type { LinkedRule } from "#proxy/route/linked-route.ts"
import type { Runtime } from "#proxy/runtime/runtime.ts"
import { type RequestMedia, upstreamHeaders } from "#proxy/wire/request-headers.ts"
import type { AttemptCodec } from "./attempt-codec.ts"
import { encodeRequest } from "./encode-request.ts"
import type { RequestForms } from "./request-forms.ts"

export interface AttemptPlan {
  readonly request: ParsedRequest
  readonly target: Target
  readonly wire: UpstreamWire
  readonly codec: AttemptCodec
  readonly upstream: UpstreamRequest
  readonly intent: AttemptIntent
  readonly price: Price | undefined
}

/** What is the same for all attempts of an exchange. */
export interface AttemptFacts {
  readonly runtime: Runtime
  readonly caller: Caller
  readonly forms: RequestForms
  readonly rule: LinkedRule
  readonly raw: RawRequest
  /** Wall clock in ms. */
  readonly admittedAt: number
}

/** Refused when the target cannot be told the request; nothing has happened then. */
export function planAttempt(
  facts: AttemptFacts,
  target: Target,
  attempt: number,
  nextAttemptId: Ports["nextAttemptId"],
): Decision<AttemptPlan> {
  const { runtime, caller, forms, rule, raw, admittedAt } = facts
  const { request, surface } = forms
  const { provider } = target
  const model = target.model ?? request.model
  const about = { model, id: raw.id, admittedAt }
  const encoded = encodeRequest(forms, target, about)
  if (!encoded.ok) return encoded
  const { wire, body, codec, media } = encoded.value
  const price = priceOf(target, model, runtime.prices, admittedAt)
  // Counting is never billed, whatever becomes of it.
  const isBilled = surface.operation !== "count_tokens"
  const estimate = isBilled ? estimateUsage(request.measure, model) : NO_USAGE
  return accept({
    request,
    target,
    wire,
    codec,
    price,
    upstream: {
      provider,
      method: "POST",
      path: wire.path({ provider, model, isStream: request.isStream }),
      headers: headersOf(raw, wire, media, wire.name === surface.wire),
      body,
      authorization: wire.authorization,
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
      estimate,
      estimatedCost: boundWith(price, estimate),
    },
  })
}

/** The client's, where those of `wire` say what the wire takes of them. */
function passedHeaders(headers: RawRequest["headers"], wire: UpstreamWire): RawRequest["headers"] {
  const { passedValue } = wire
  if (passedValue === undefined) return headers
  const own = wire.passedHeaders.map((name): readonly [string, string | undefined] => {
    const value = headers[name]
    const kept = value === undefined ? "" : passedValue(name, value)
    return [name, kept === "" ? undefined : kept]
  })
  return { ...headers, ...Object.fromEntries(own) }
}

/** The wire's own headers, and those of the client's that its own wire takes. */
function headersOf(
  { headers }: RawRequest,
  wire: UpstreamWire,
  media: RequestMedia,
  isSame: boolean,
): HeaderList {
  const passed = isSame
    ? upstreamHeaders(passedHeaders(headers, wire), media, wire.passedHeaders)
    : null
  const base = passed ?? upstreamHeaders(headers, media)
  if (wire.headers.length === 0) return base
  const list = [...base]
  for (let index = 0; index < wire.headers.length; index += 2) {
    const name = wire.headers[index] ?? ""
    // The client's own, where one passed.
    if (!base.includes(name)) list.push(name, wire.headers[index + 1] ?? "")
  }
  return list
}
