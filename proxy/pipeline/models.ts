/**
 * The models that a caller can name: the list, and one by its name.
 *
 * In: the Runtime in force and a GET. Out: the answer in the shape of who asks, or a refusal; for
 * one model that is the refusal which a call of it would get. No provider is asked.
 */
import type { Caller } from "#proxy/exchange/caller.ts"
import { accept, type Decision, reject } from "#proxy/exchange/parsed-request.ts"
import type { RawRequest } from "#proxy/exchange/ports.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { admitModel, refuseAll } from "#proxy/policy/admit-model.ts"
import type { LinkedModel } from "#proxy/route/linked-route.ts"
import { findModel } from "#proxy/route/match-route.ts"
import { pickTarget } from "#proxy/route/pick-target.ts"
import type { Runtime } from "#proxy/runtime/runtime.ts"
import { modelAsked, modelsSurfaceOf, renderModel } from "#proxy/surfaces/models/render-models.ts"
import { idHeaders, utf8Bytes } from "./answer.ts"
import { Exchange } from "./exchange.ts"
import type { Arrival, PipelineContext } from "./exchange-plan.ts"
import { identify } from "./identify.ts"
import { CONFIG_NOT_READY, refuseNoRule, refuseUnknownModel, refuseUnusable } from "./no-target.ts"

/** `GET /v1/models` and its sisters: the exact names this caller may use; patterns are left out. */
export function handleModels(arrival: Arrival, context: PipelineContext): void {
  const surface = surfaceOf(arrival)
  const exchange = new Exchange(surface, arrival, context)
  finish(exchange, ({ modelLists }) => accept(modelLists[surface]))
}

/** `GET /v1/models/{model}`: one of the list, or a name that only a pattern serves. */
export function handleModel(arrival: Arrival, context: PipelineContext): void {
  const surface = surfaceOf(arrival)
  const exchange = new Exchange(surface, arrival, context)
  exchange.operation = "retrieve_model"
  finish(exchange, (runtime) => {
    const name = modelAsked(arrival.raw.path)
    if (!name.ok) return name
    const model = findModel(runtime.models, name.value)
    if (model === undefined) return reject(refuseUnknownModel(runtime, name.value))
    exchange.modelLabel = model.label
    const refusal = refuseUnserved(runtime, model, name.value)
    return refusal === null ? accept(renderModel(name.value, surface)) : reject(refusal)
  })
}

function surfaceOf({ raw }: Arrival) {
  return modelsSurfaceOf(raw.path, raw.headers)
}

/** Ends the exchange with the body that `decide` gives a caller who may use any model at all. */
function finish(exchange: Exchange, decide: (runtime: Runtime) => Decision<string>): void {
  const { runtime, raw, surface } = exchange
  if (runtime === null) {
    exchange.refuse(CONFIG_NOT_READY)
    return
  }
  const allowed = mayUseAny(runtime, raw)
  const body = allowed.ok ? decide(runtime) : allowed
  if (!body.ok) {
    exchange.refuse(body.refusal)
    return
  }
  exchange.answerWith(body.value, [
    "content-type",
    "application/json",
    "content-length",
    String(utf8Bytes(body.value)),
    ...idHeaders(surface, raw.id),
    "x-sidegate-config",
    runtime.version,
  ])
}

function mayUseAny(runtime: Runtime, { headers }: RawRequest): Decision<Caller> {
  const caller = identify(runtime, headers)
  if (!caller.ok || runtime.access.kind === "rules") return caller
  return reject(refuseAll(runtime.access))
}

/**
 * Null when some rule of the model's route has a target that may serve. What a request's own
 * headers would choose among the rules is not judged, as in the list.
 */
function refuseUnserved(runtime: Runtime, { route }: LinkedModel, name: string): Refusal | null {
  let refusal: Refusal | null = null
  for (const rule of route.rules) {
    const admitted = admitModel(runtime.access, rule.targets, rule.unusable, name)
    if (admitted.ok && pickTarget(rule.tiers, admitted.value, 0) !== null) return null
    refusal ??= admitted.ok ? refuseUnusable(rule) : admitted.refusal
  }
  return refusal ?? refuseNoRule(route, name)
}
