/** Pass: the Snapshot of one namespace, put together from what the other passes settled. */
import type { ConfigObject, NamespaceView } from "#operator/index/view.ts"
import {
  type ModelIndex,
  type RouteConfig,
  SNAPSHOT_SCHEMA_VERSION,
} from "#proxy/contract/snapshot.ts"
import { accessOf } from "./access.ts"
import {
  backendsCondition,
  type Denials,
  type ProblemOf,
  problemsIn,
  withProblems,
} from "./backends.ts"
import { claim } from "./claims.ts"
import type {
  ClusterCore,
  CompiledNamespace,
  CompileSettings,
  ObjectVerdict,
  ReadRoute,
} from "./compiled.ts"
import { accepted, notAccepted, refused } from "./conditions.ts"
import { denialsOf } from "./denials.ts"
import { byName, compareText } from "./order.ts"
import { pricesOf } from "./prices-served.ts"
import { describeFault, remembering } from "./read.ts"
import { ownRoutes, readOwnRoute } from "./routes.ts"
import { claimShared, sharedRoutesOf } from "./shared-routes.ts"
import { teamOf } from "./teams.ts"

export function assembleNamespace(
  core: ClusterCore,
  view: NamespaceView,
  settings: CompileSettings,
): CompiledNamespace {
  const { namespace } = view
  const problemOf = problemsIn(core, namespace)
  const access = accessOf(core, namespace.labels, settings)
  const denials = (route: ReadRoute) => denialsOf(route, access.access, problemOf)
  const own = judgeOwnRoutes(view, problemOf, denials, settings.operatorNamespace)
  const shared = claimShared(sharedRoutesOf(core), namespace)
  const serving = settle(own.holders, shared.holders)
  const routes = serving.map(({ route }) => routeConfig(route, problemOf))
  const providers = providersOf(core, routes)
  const prices = pricesOf(core.prices, serving, providers)
  const team = teamOf(core, namespace, settings)
  return {
    snapshot: {
      schemaVersion: SNAPSHOT_SCHEMA_VERSION,
      namespace: namespace.name,
      team: team.verdict,
      access: access.access,
      ...(access.parameters === undefined ? {} : { parameters: access.parameters }),
      providers: Object.fromEntries(providers.map(({ config }) => [config.name, config])),
      routes,
      models: modelIndex(serving),
      prices: prices.table,
    },
    verdicts: own.verdicts,
    sources: sourcesOf([
      ...serving.map(({ route }) => route.object),
      ...providers.map(({ object }) => object),
      ...access.sources,
      ...team.sources,
      ...prices.sources,
    ]),
    credentials: providers.flatMap(({ config, credential }) =>
      credential === null ? [] : [{ provider: config.name, ...credential }],
    ),
  }
}

interface OwnRoutes {
  readonly holders: ReadonlyMap<string, ReadRoute>
  readonly verdicts: readonly ObjectVerdict[]
}

function judgeOwnRoutes(
  view: NamespaceView,
  problemOf: ProblemOf,
  denials: (route: ReadRoute) => Denials,
  operatorNamespace: string,
): OwnRoutes {
  const verdicts: ObjectVerdict[] = []
  const readable: ReadRoute[] = []
  for (const object of ownRoutes(view.routes, operatorNamespace)) {
    const reading = readOwnRoute(object)
    if (reading.ok) readable.push(reading.route)
    else verdicts.push(refused(object, "Invalid", describeFault(reading)))
  }
  const { winners, losers, holders } = claim(readable)
  for (const route of winners) {
    const resolvedRefs = backendsCondition(route, problemOf, denials(route))
    verdicts.push({ object: route.object, accepted: accepted(), resolvedRefs })
  }
  for (const { route, reason, message } of losers) {
    const resolvedRefs = backendsCondition(route, problemOf, denials(route))
    verdicts.push({ object: route.object, accepted: notAccepted(reason, message), resolvedRefs })
  }
  return { holders, verdicts: verdicts.sort((a, b) => byName(a.object, b.object)) }
}

interface Serving {
  readonly route: ReadRoute
  /** Patterns, as in `spec.models`, that it serves here. */
  readonly patterns: readonly string[]
}

/** Own before shared for the same pattern; a route that serves nothing is out. In order of name. */
function settle(
  own: ReadonlyMap<string, ReadRoute>,
  shared: ReadonlyMap<string, ReadRoute>,
): readonly Serving[] {
  const patterns = new Map<ReadRoute, string[]>()
  for (const [pattern, route] of new Map([...shared, ...own])) {
    const served = patterns.get(route)
    if (served === undefined) patterns.set(route, [pattern])
    else served.push(pattern)
  }
  return [...patterns]
    .map(([route, served]) => ({ route, patterns: served }))
    .sort((a, b) => byName(a.route.object, b.route.object))
}

/** The same value again while nothing is wrong with a route: what was made of it still holds. */
function routeConfig(route: ReadRoute, problemOf: ProblemOf): RouteConfig {
  const sound = soundConfig(route)
  const rules = withProblems(route.rules, problemOf)
  return rules === sound.rules ? sound : { name: sound.name, rules }
}

const soundConfig = remembering(({ object, rules }: ReadRoute): RouteConfig => {
  return { name: `${object.namespace}/${object.name}`, rules }
})

/** Providers that some backend here can reach, by name. */
function providersOf(core: ClusterCore, routes: readonly RouteConfig[]) {
  const names = new Set<string>()
  for (const { rules } of routes) {
    for (const { backends } of rules) {
      for (const { provider, problem } of backends) if (problem === null) names.add(provider)
    }
  }
  return [...names].sort(compareText).flatMap((name) => {
    const provider = core.providers.get(name)
    if (provider === undefined || provider.config === null) return []
    const { config, credential, object } = provider
    return [{ config, credential, object }]
  })
}

function modelIndex(serving: readonly Serving[]): ModelIndex {
  const exact: [string, number][] = []
  const prefixes: { readonly prefix: string; readonly route: number }[] = []
  for (const [route, { patterns }] of serving.entries()) {
    for (const pattern of patterns) {
      if (pattern.endsWith("*")) prefixes.push({ prefix: pattern.slice(0, -1), route })
      else exact.push([pattern, route])
    }
  }
  return {
    exact: Object.fromEntries(exact.sort(([a], [b]) => compareText(a, b))),
    prefixes: prefixes.sort(
      (a, b) => b.prefix.length - a.prefix.length || compareText(a.prefix, b.prefix),
    ),
  }
}

function sourcesOf(objects: readonly ConfigObject[]): CompiledNamespace["sources"] {
  return [...new Set(objects)]
    .sort((a, b) => compareText(a.kind, b.kind) || byName(a, b))
    .map(({ kind, namespace, name, uid, generation }) => ({
      kind,
      namespace,
      name,
      uid,
      generation,
    }))
}
