/** Refusals of a request that nothing here can serve, before anyone was asked. */
import { excerpt, type Refusal, refuse } from "#proxy/exchange/refusal.ts"
import type { LinkedRoute, LinkedRule } from "#proxy/route/linked-route.ts"
import type { Runtime } from "#proxy/runtime/runtime.ts"

export const CONFIG_NOT_READY = refuse(
  "config_not_ready",
  "this sidecar has no configuration yet; it serves as soon as the operator has sent one",
  { retryAfterSeconds: 1 },
)

const MODELS_NAMED_MAX = 10

export function refuseUnknownModel(runtime: Runtime, model: string): Refusal {
  const names = runtime.allowedModels.slice(0, MODELS_NAMED_MAX)
  const listed =
    names.length === 0 ? "no model is available here" : `models here: ${names.join(", ")}`
  const sentence = `no AIRoute names model "${excerpt(model)}"; ${listed}`
  return refuse("model_not_found", sentence, { param: "model" })
}

export function refuseNoRule(route: LinkedRoute, model: string): Refusal {
  const what = `AIRoute ${route.name} serves model "${excerpt(model)}"`
  const sentence = `${what}, but none of its rules matches this request's headers and workload`
  return refuse("model_not_found", sentence, { param: "model" })
}

export function refuseUnusable(rule: LinkedRule): Refusal {
  const problems = rule.targets.flatMap(({ problem }) => (problem === null ? [] : [problem]))
  const messages = [...new Set(problems.map(({ message }) => message))]
  const why = messages.length === 0 ? "all weights are 0" : messages.join("; ")
  const what = `no backend of AIRoute ${rule.route}, rule ${rule.name}, can serve`
  const isTooOld = problems.length > 0 && problems.every(({ code }) => code !== "upstream_failed")
  return refuse(isTooOld ? "feature_unsupported" : "upstream_failed", `${what}: ${why}`)
}
