/**
 * The table of contents of the proxy: the stages of one request, in place and in order.
 *
 * In: the Runtime in force, a request as accepted, the client's connection, and the ports. Out: an
 * answer or a refusal at the client, one settlement for each attempt, one record of the exchange.
 * The Runtime it began with is the one it ends with. It must not know sockets, files, clocks or
 * Kubernetes.
 *
 *   identify, parse, match, admit, plan: pure, one synchronous turn; each may refuse
 *   encode, journal, dispatch, decode, render, settle, observe: `Exchange` and `Attempt`
 *   guard, cache and reserve have their places between admit and plan, and around decode
 */

import {
  accept,
  type Decision,
  type ParsedRequest,
  reject,
  type SurfaceName,
} from "#proxy/exchange/parsed-request.ts"
import type { Client, RawRequest } from "#proxy/exchange/ports.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import { admitModel } from "#proxy/policy/admit-model.ts"
import type { LinkedModel, LinkedRule } from "#proxy/route/linked-route.ts"
import { findModel, findRule } from "#proxy/route/match-route.ts"
import { pickTarget } from "#proxy/route/pick-target.ts"
import type { Runtime } from "#proxy/runtime/runtime.ts"
import type { Surface } from "#proxy/surfaces/surface.ts"
import { sendRefusal } from "./answer.ts"
import { boundRequest } from "./bound-request.ts"
import { Exchange } from "./exchange.ts"
import type { Arrival, ExchangePlan, PipelineContext } from "./exchange-plan.ts"
import { identify, requestTimeout } from "./identify.ts"
import { CONFIG_NOT_READY, refuseNoRule, refuseUnknownModel, refuseUnusable } from "./no-target.ts"
import { RequestForms } from "./request-forms.ts"

/**
 * One call of a model on any surface. Without configuration yet: 503. A bug closes the exchange and
 * throws.
 */
export function handleModelCall(
  surface: Surface,
  arrival: Arrival,
  context: PipelineContext,
): void {
  const { runtime } = arrival
  const exchange = new Exchange(surface.name, arrival, context)
  if (runtime === null) {
    exchange.refuse(CONFIG_NOT_READY)
    return
  }
  try {
    const planned = planCall(surface, runtime, exchange, context)
    if (planned.ok) exchange.run(planned.value)
    else exchange.refuse(planned.refusal)
  } catch (bug) {
    exchange.crash()
    throw bug
  }
}

/** The shell's own refusals (limits, draining, unknown endpoints), in the caller's error shape. */
export function refuseRequest(
  surface: SurfaceName,
  refusal: Refusal,
  id: string,
  client: Client,
): void {
  sendRefusal(client, surface, refusal, id)
}

function planCall(
  surface: Surface,
  runtime: Runtime,
  exchange: Exchange,
  { ports, settings }: PipelineContext,
): Decision<ExchangePlan> {
  const { raw } = exchange
  const caller = identify(runtime, raw.headers)
  if (!caller.ok) return caller
  const parsed = surface.parse(raw, settings)
  if (!parsed.ok) return parsed
  exchange.isStream = parsed.value.isStream
  const noStream = parsed.value.isStream ? ports.refuseStream() : null
  if (noStream !== null) return reject(noStream)
  const model = findModel(runtime.models, parsed.value.model)
  if (model === undefined) return reject(refuseUnknownModel(runtime, parsed.value.model))
  exchange.modelLabel = model.label
  const rule = matchRule(model, raw, parsed.value)
  if (!rule.ok) return rule
  const { targets, unusable } = rule.value
  const admitted = admitModel(runtime.access, targets, unusable, parsed.value.model)
  if (!admitted.ok) return admitted
  const bounded = boundRequest(surface, runtime, raw, parsed, settings)
  if (!bounded.ok) return bounded
  if (pickTarget(rule.value.tiers, admitted.value, 0) === null) {
    return reject(refuseUnusable(rule.value))
  }
  const timeout = requestTimeout(raw.headers, rule.value.timeouts.requestMs)
  if (!timeout.ok) return timeout
  return accept({
    runtime,
    caller: caller.value,
    forms: new RequestForms(surface, bounded.value),
    rule: rule.value,
    out: admitted.value,
    timeoutMs: timeout.value,
  })
}

function matchRule(
  model: LinkedModel,
  raw: RawRequest,
  request: ParsedRequest,
): Decision<LinkedRule> {
  const rule = findRule(model.route.rules, raw.headers)
  if (rule !== undefined) return accept(rule)
  return reject(refuseNoRule(model.route, request.model))
}
