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

import type { Caller } from "#proxy/exchange/caller.ts"
import {
  accept,
  type Decision,
  type ParsedRequest,
  reject,
  type SurfaceName,
} from "#proxy/exchange/parsed-request.ts"
import type { Client, Ports, RawRequest } from "#proxy/exchange/ports.ts"
import { excerpt, type Refusal, refuse } from "#proxy/exchange/refusal.ts"
import type { TargetSet } from "#proxy/exchange/target.ts"
import { admitModel, refuseAll } from "#proxy/policy/admit-model.ts"
import type { LinkedModel, LinkedRule } from "#proxy/route/linked-route.ts"
import { findModel, findRule } from "#proxy/route/match-route.ts"
import { pickTarget } from "#proxy/route/pick-target.ts"
import type { Runtime } from "#proxy/runtime/runtime.ts"
import { modelsSurfaceOf } from "#proxy/surfaces/models/render-models.ts"
import type { Surface } from "#proxy/surfaces/surface.ts"
import { idHeaders, sendRefusal, utf8Bytes } from "./answer.ts"
import { Exchange, type ExchangePlan } from "./exchange.ts"
import { identify, requestTimeout } from "./identify.ts"
import { RequestForms } from "./request-forms.ts"
import type { PipelineSettings } from "./settings.ts"

/**
 * One call of a model on any surface. Null: no configuration yet, 503. A bug closes the exchange
 * and throws.
 */
export function handleModelCall(
  surface: Surface,
  runtime: Runtime | null,
  raw: RawRequest,
  client: Client,
  ports: Ports,
  settings: PipelineSettings,
): void {
  const exchange = new Exchange(surface.name, runtime, raw, client, ports, settings)
  if (runtime === null) {
    exchange.refuse(CONFIG_NOT_READY)
    return
  }
  try {
    const planned = planCall(surface, runtime, raw, exchange, settings)
    if (planned.ok) exchange.run(planned.value)
    else exchange.refuse(planned.refusal)
  } catch (bug) {
    exchange.crash()
    throw bug
  }
}

/**
 * `GET /v1/models` and its sisters: the exact names that this caller may use; patterns are left
 * out.
 */
export function handleModels(
  runtime: Runtime | null,
  raw: RawRequest,
  client: Client,
  ports: Ports,
  settings: PipelineSettings,
): void {
  const surface = modelsSurfaceOf(raw.path, raw.headers)
  const exchange = new Exchange(surface, runtime, raw, client, ports, settings)
  if (runtime === null) {
    exchange.refuse(CONFIG_NOT_READY)
    return
  }
  const caller = identify(runtime, raw.headers)
  if (!caller.ok) {
    exchange.refuse(caller.refusal)
    return
  }
  if (runtime.access.kind !== "rules") {
    exchange.refuse(refuseAll(runtime.access))
    return
  }
  const body = runtime.modelLists[surface]
  exchange.answerWith(body, [
    "content-type",
    "application/json",
    "content-length",
    String(utf8Bytes(body)),
    ...idHeaders(surface, raw.id),
    "x-sidegate-config",
    runtime.version,
  ])
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

const CONFIG_NOT_READY = refuse(
  "config_not_ready",
  "this sidecar has no configuration yet; it serves as soon as the operator has sent one",
  { retryAfterSeconds: 1 },
)

function planCall(
  surface: Surface,
  runtime: Runtime,
  raw: RawRequest,
  exchange: Exchange,
  settings: PipelineSettings,
): Decision<ExchangePlan> {
  const caller = identify(runtime, raw.headers)
  if (!caller.ok) return caller
  const parsed = surface.parse(raw, settings)
  if (!parsed.ok) return parsed
  exchange.isStream = parsed.value.isStream
  const model = findModel(runtime.models, parsed.value.model)
  if (model === undefined) return reject(refuseUnknownModel(runtime, parsed.value.model))
  exchange.modelLabel = model.label
  const rule = matchRule(model, raw, parsed.value)
  if (!rule.ok) return rule
  const { targets, unusable } = rule.value
  const admitted = admitModel(runtime.access, targets, unusable, parsed.value.model)
  if (!admitted.ok) return admitted
  const forms = new RequestForms(surface, parsed.value)
  return planAttempts(runtime, caller.value, forms, rule.value, admitted.value, raw)
}

function matchRule(
  model: LinkedModel,
  raw: RawRequest,
  request: ParsedRequest,
): Decision<LinkedRule> {
  const rule = findRule(model.route.rules, raw.headers)
  if (rule !== undefined) return accept(rule)
  const what = `AIRoute ${model.route.name} serves model "${excerpt(request.model)}"`
  const sentence = `${what}, but none of its rules matches this request's headers and workload`
  return reject(refuse("model_not_found", sentence, { param: "model" }))
}

function planAttempts(
  runtime: Runtime,
  caller: Caller,
  forms: RequestForms,
  rule: LinkedRule,
  out: TargetSet,
  raw: RawRequest,
): Decision<ExchangePlan> {
  if (pickTarget(rule.tiers, out, 0) === null) return reject(refuseUnusable(rule))
  const timeout = requestTimeout(raw.headers, rule.timeouts.requestMs)
  if (!timeout.ok) return timeout
  return accept({ runtime, caller, forms, rule, out, timeoutMs: timeout.value })
}

function refuseUnusable(rule: LinkedRule): Refusal {
  const problems = rule.targets.flatMap(({ problem }) => (problem === null ? [] : [problem]))
  const messages = [...new Set(problems.map(({ message }) => message))]
  const why = messages.length === 0 ? "all weights are 0" : messages.join("; ")
  const what = `no backend of AIRoute ${rule.route}, rule ${rule.name}, can serve`
  const isTooOld = problems.length > 0 && problems.every(({ code }) => code !== "upstream_failed")
  return refuse(isTooOld ? "feature_unsupported" : "upstream_failed", `${what}: ${why}`)
}

const MODELS_NAMED_MAX = 10

function refuseUnknownModel(runtime: Runtime, model: string): Refusal {
  const names = runtime.allowedModels.slice(0, MODELS_NAMED_MAX)
  const listed =
    names.length === 0 ? "no model is available here" : `models here: ${names.join(", ")}`
  const sentence = `no AIRoute names model "${excerpt(model)}"; ${listed}`
  return refuse("model_not_found", sentence, { param: "model" })
}
