/** Pass: one AIRoute read apart from all others, with every default supplied. */
import { AI_ROUTE, type AIRouteSpec, parseAIRoute } from "#operator/api/v1alpha1/ai-route.ts"
import { durationMs, type LabelSelectorSpec } from "#operator/api/v1alpha1/fields.ts"
import { isSharedRoute } from "#operator/index/entry.ts"
import type { ConfigObject } from "#operator/index/view.ts"
import type {
  LabelSelector,
  MatchConfig,
  RetryConfig,
  RuleConfig,
  TimeoutConfig,
} from "#proxy/contract/snapshot.ts"
import type { ReadRoute, SharedRoute } from "./compiled.ts"
import { compareText } from "./order.ts"
import { contained, readerOf, remembering, sharing } from "./read.ts"

export type RouteReading<R extends ReadRoute = ReadRoute> =
  | { readonly ok: true; readonly route: R }
  | { readonly ok: false; readonly path: string; readonly message: string }

/** A route that serves its own namespace: `spec.namespaces` is not for it. */
export const readOwnRoute = remembering(
  contained((object: ConfigObject): RouteReading => {
    const parsed = readSpec(object)
    if (!parsed.ok) return parsed
    if (parsed.spec.namespaces !== undefined) {
      const message =
        "only AIRoutes in the operator's namespace may serve other namespaces; remove the field"
      return { ok: false, path: "spec.namespaces", message }
    }
    return { ok: true, route: routeOf(object, parsed.spec) }
  }),
)

/** A route of the operator's namespace with `spec.namespaces`. */
export const readSharedRoute = remembering(
  contained((object: ConfigObject): RouteReading<SharedRoute> => {
    const parsed = readSpec(object)
    if (!parsed.ok) return parsed
    const { namespaces } = parsed.spec
    if (namespaces === undefined) {
      return { ok: false, path: "spec.namespaces", message: "Required value" }
    }
    return { ok: true, route: { ...routeOf(object, parsed.spec), namespaces } }
  }),
)

/** The AIRoutes of a namespace that are its own: shared ones are judged with the cluster. */
export function ownRoutes(
  routes: readonly ConfigObject[],
  operatorNamespace: string,
): readonly ConfigObject[] {
  return routes.filter((route) => !isSharedRoute(route, operatorNamespace))
}

const readSpec = readerOf(AI_ROUTE, parseAIRoute)

function routeOf(object: ConfigObject, spec: AIRouteSpec): ReadRoute {
  const rules = spec.rules.map(ruleOf)
  return {
    object,
    exact: spec.models.filter((model) => !model.endsWith("*")),
    prefixes: spec.models.filter((model) => model.endsWith("*")).map((model) => model.slice(0, -1)),
    rules,
    size: sizeOf(object.name, spec.models, rules),
  }
}

/** Never below the characters of JSON, and cheaper than writing it: routes are many. */
function sizeOf(name: string, models: readonly string[], rules: readonly RuleConfig[]): number {
  let size = 200 + name.length
  for (const model of models) size += 40 + model.length
  for (const rule of rules) {
    size += 350 + rule.name.length
    // A problem is at most as long as the names in it and its longest reason.
    for (const { provider, model } of rule.backends) {
      size += 300 + 2 * provider.length + (model?.length ?? 0)
    }
    for (const { headers, workloadSelector } of rule.matches) {
      size += 60
      for (const header of headers) size += JSON.stringify(header).length
      if (workloadSelector !== null) size += JSON.stringify(workloadSelector).length
    }
  }
  return size
}

// Most rules say the same of these: one value for all that do, so that a full compile makes less.
const NO_MATCHES: readonly MatchConfig[] = Object.freeze([])
const STRATEGIES = Object.freeze({ Weighted: Object.freeze({ type: "Weighted" }) })
const retries = sharing<RetryConfig>()
const timeLimits = sharing<TimeoutConfig>()

function ruleOf(rule: AIRouteSpec["rules"][number]): RuleConfig {
  return {
    name: rule.name,
    matches: rule.matches === undefined ? NO_MATCHES : rule.matches.map(matchOf),
    strategy: STRATEGIES[rule.strategy?.type ?? "Weighted"],
    backends: rule.backends.map(({ provider, model, weight, priority }) => ({
      provider,
      model: model ?? null,
      weight: weight ?? 1,
      priority: priority ?? 0,
      problem: null,
    })),
    retry: retryOf(rule.retry ?? {}),
    timeouts: timeoutsOf(rule.timeouts ?? {}),
  }
}

function matchOf(match: NonNullable<AIRouteSpec["rules"][number]["matches"]>[number]): MatchConfig {
  const headers = (match.headers ?? []).map(({ name, value }) => ({ name, value }))
  return {
    headers: headers.sort((a, b) => compareText(a.name, b.name)),
    workloadSelector:
      match.workloadSelector === undefined ? null : selectorOf(match.workloadSelector),
  }
}

function selectorOf({ matchLabels = {}, matchExpressions = [] }: LabelSelectorSpec): LabelSelector {
  const labels = Object.entries(matchLabels).sort(([a], [b]) => compareText(a, b))
  return {
    matchLabels: Object.fromEntries(labels),
    matchExpressions: matchExpressions.map(({ key, operator, values }) => ({
      key,
      operator,
      values: [...(values ?? [])],
    })),
  }
}

/** In the order in which a Snapshot names them. */
const ALL_TRIGGERS = ["Connect", "FirstTokenTimeout", "RateLimited", "ServerError"] as const

function retryOf(retry: NonNullable<AIRouteSpec["rules"][number]["retry"]>): RetryConfig {
  const { attempts = 3, budgetPercent = 20 } = retry
  const triggers =
    retry.triggers === undefined ? ALL_TRIGGERS : [...retry.triggers].sort(compareText)
  return retries(`${attempts} ${budgetPercent} ${triggers.join()}`, () => ({
    attempts,
    budgetPercent,
    triggers,
  }))
}

function timeoutsOf(
  timeouts: NonNullable<AIRouteSpec["rules"][number]["timeouts"]>,
): TimeoutConfig {
  const { request, firstToken, streamIdle } = timeouts
  const requestMs = request === undefined ? 600_000 : durationMs(request)
  const firstTokenMs =
    firstToken === undefined ? Math.min(60_000, requestMs) : durationMs(firstToken)
  const streamIdleMs = streamIdle === undefined ? 60_000 : durationMs(streamIdle)
  return timeLimits(`${requestMs} ${firstTokenMs} ${streamIdleMs}`, () => ({
    requestMs,
    firstTokenMs,
    streamIdleMs,
  }))
}
