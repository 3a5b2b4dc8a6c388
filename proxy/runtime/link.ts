/**
 * Snapshot to Runtime, once, when it arrives.
 *
 * In: one push and the pod as the operator sees it. Out: a frozen Runtime in which names are
 * objects, selectors are settled and header arrays are built, or a NACK that names object and path.
 * It must not know sockets, clocks or credentials: the same push gives the same Runtime.
 */
import { type AccessVerdict, judgeModel } from "#proxy/contract/access.ts"
import {
  linkPrices,
  type PriceLookup,
  priceSource,
  pricesNamed,
} from "#proxy/contract/price-lookup.ts"
import {
  formatVersion,
  type Nack,
  type PodIdentity,
  type SnapshotPush,
} from "#proxy/contract/push.ts"
import type {
  BackendConfig,
  BackendProblem,
  MatchConfig,
  ProviderConfig,
  RouteConfig,
  RuleConfig,
  Snapshot,
} from "#proxy/contract/snapshot.ts"
import type { Target, TargetSet } from "#proxy/exchange/target.ts"
import type {
  HeaderMatch,
  LinkedModel,
  LinkedRoute,
  LinkedRule,
  ModelLookup,
} from "#proxy/route/linked-route.ts"
import { withTarget } from "#proxy/route/pick-target.ts"
import { createRetryBudget } from "#proxy/route/retry-budget.ts"
import { selectsWorkload } from "#proxy/route/workload-selector.ts"
import { renderModels } from "#proxy/surfaces/models/render-models.ts"
import { listAllowedModels } from "./allowed-models.ts"
import { readSnapshot } from "./read-snapshot.ts"
import { LinkFault } from "./read-value.ts"
import type { Runtime } from "./runtime.ts"

export type Linked =
  | { readonly ok: true; readonly runtime: Runtime }
  | { readonly ok: false; readonly nack: Nack }

export function linkRuntime(push: SnapshotPush, identity: PodIdentity): Linked {
  try {
    const snapshot = readSnapshot(push.snapshot)
    return { ok: true, runtime: linkSnapshot(snapshot, push, identity) }
  } catch (fault) {
    if (!(fault instanceof LinkFault)) throw fault
    const where = fault.path === "" ? "the Snapshot" : fault.path
    const nack = { reason: `${where} ${fault.message}`, object: fault.object, path: fault.path }
    return { ok: false, nack }
  }
}

interface LinkContext {
  readonly snapshot: Snapshot
  readonly labels: Readonly<Record<string, string>>
  readonly version: string
  readonly prices: PriceLookup
}

function linkSnapshot(snapshot: Snapshot, push: SnapshotPush, identity: PodIdentity): Runtime {
  if (snapshot.namespace !== identity.namespace) {
    throw new LinkFault(`must be ${identity.namespace}, the pod's own namespace`, "/namespace")
  }
  const version = formatVersion(push.version)
  const prices = linkPrices(snapshot.prices)
  const context = { snapshot, labels: identity.labels, version, prices }
  const routes = snapshot.routes.map((route, index) => linkRoute(route, index, context))
  const models = linkModels(snapshot, routes)
  const allowedModels = listAllowedModels(models, snapshot.access, snapshot.team)
  return Object.freeze({
    version,
    pushed: Object.freeze({ ...push.version, hash: push.hash }),
    namespace: identity.namespace,
    pod: identity.pod,
    application: identity.application,
    team: snapshot.team,
    teamName: snapshot.team.kind === "unassigned" ? "unassigned" : snapshot.team.name,
    access: snapshot.access,
    outputLimit: snapshot.parameters?.maxOutputTokens ?? null,
    models,
    providers: snapshot.providers,
    prices: context.prices,
    allowedModels,
    modelLists: renderModels(allowedModels),
  })
}

function linkModels(snapshot: Snapshot, routes: readonly LinkedRoute[]): ModelLookup {
  const routeAt = (index: number, path: string): LinkedRoute => {
    const route = routes[index]
    if (route === undefined) throw new LinkFault(`names route ${index}, which is not there`, path)
    return route
  }
  const exact = new Map<string, LinkedModel>()
  for (const [name, index] of Object.entries(snapshot.models.exact)) {
    const route = routeAt(index, `/models/exact/${name}`)
    exact.set(name, Object.freeze({ route, label: name }))
  }
  const prefixes = snapshot.models.prefixes.map(({ prefix, route: index }, position) => {
    const route = routeAt(index, `/models/prefixes/${position}/route`)
    return Object.freeze({ prefix, model: Object.freeze({ route, label: `${prefix}*` }) })
  })
  for (const [position, { prefix }] of prefixes.entries()) {
    const before = prefixes[position - 1]
    if (before !== undefined && before.prefix.length < prefix.length) {
      const path = `/models/prefixes/${position}/prefix`
      throw new LinkFault("stands after a shorter one; the longest must be first", path)
    }
  }
  return Object.freeze({ exact, prefixes: Object.freeze(prefixes) })
}

function linkRoute(route: RouteConfig, index: number, context: LinkContext): LinkedRoute {
  const rules = route.rules.flatMap((rule, position) => {
    const headerMatches = linkMatches(rule.matches, context.labels)
    if (headerMatches === undefined) return []
    const path = `/routes/${index}/rules/${position}`
    return [linkRule(route.name, rule, headerMatches, path, context)]
  })
  return Object.freeze({ name: route.name, rules: Object.freeze(rules) })
}

/** Null: every request matches. Undefined: no request of this workload does. */
function linkMatches(
  matches: readonly MatchConfig[],
  labels: Readonly<Record<string, string>>,
): readonly (readonly HeaderMatch[])[] | null | undefined {
  if (matches.length === 0) return null
  const open = matches.filter(
    ({ workloadSelector }) =>
      workloadSelector === null || selectsWorkload(workloadSelector, labels),
  )
  if (open.length === 0) return undefined
  return open.some(({ headers }) => headers.length === 0)
    ? null
    : open.map(({ headers }) => headers)
}

function linkRule(
  route: string,
  rule: RuleConfig,
  headerMatches: readonly (readonly HeaderMatch[])[] | null,
  path: string,
  context: LinkContext,
): LinkedRule {
  const targets = rule.backends.map((backend, index) =>
    linkTarget(route, backend, index, `${path}/backends/${index}`, context),
  )
  const priorities = [...new Set(targets.map((target) => target.priority))].sort((a, b) => a - b)
  const tiers = priorities.map((priority) =>
    Object.freeze(targets.filter((target) => target.priority === priority)),
  )
  let unusable: TargetSet = 0
  for (const target of targets) {
    if (target.problem !== null || target.weight === 0) unusable = withTarget(unusable, target)
  }
  return Object.freeze({
    route,
    name: rule.name,
    headerMatches,
    targets: Object.freeze(targets),
    tiers: Object.freeze(tiers),
    unusable,
    retry: rule.retry,
    retryBudget: createRetryBudget(rule.retry.budgetPercent),
    timeouts: rule.timeouts,
  })
}

function linkTarget(
  route: string,
  backend: BackendConfig,
  index: number,
  path: string,
  context: LinkContext,
): Target {
  const { snapshot, version, prices } = context
  const provider = Object.hasOwn(snapshot.providers, backend.provider)
    ? snapshot.providers[backend.provider]
    : undefined
  if (provider === undefined && backend.problem === null) {
    const message = `names ${backend.provider}, which is not among the providers`
    throw new LinkFault(message, `${path}/provider`, `AIRoute ${route}`)
  }
  const { model } = backend
  const served = provider ?? absentProvider(backend.provider)
  const headers = ["x-sidegate-provider", backend.provider, "x-sidegate-route", route]
  return Object.freeze({
    index,
    provider: served,
    model,
    modelJson: model === null ? null : new TextEncoder().encode(JSON.stringify(model)),
    weight: backend.weight,
    priority: backend.priority,
    problem: problemOf(backend, served),
    verdict: model === null ? null : judgeAtLink(snapshot, backend.provider, model),
    prices: model === null ? undefined : pricesNamed(prices.get(priceSource(served)), model),
    answerHeaders: Object.freeze([...headers, "x-sidegate-config", version]),
  })
}

function problemOf(backend: BackendConfig, provider: ProviderConfig): BackendProblem | null {
  if (backend.problem !== null) return backend.problem
  const { name, disabled } = provider
  return disabled ? { code: "upstream_failed", message: `AIProvider ${name} is disabled` } : null
}

function judgeAtLink(snapshot: Snapshot, provider: string, model: string): AccessVerdict | null {
  return snapshot.access.kind === "rules" ? judgeModel(snapshot.access, provider, model) : null
}

/** Stands in for a provider that is not in the Snapshot; its target is never dispatched to. */
function absentProvider(name: string): ProviderConfig {
  return {
    name,
    schema: "OpenAI",
    origin: "",
    pathPrefix: "",
    vendor: null,
    options: null,
    network: "Public",
    credential: "None",
    connectTimeoutMs: 1,
    disabled: true,
    simulated: null,
  }
}
