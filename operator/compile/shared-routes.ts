/** Pass: shared AIRoutes, and what to say of each over all the namespaces that it serves. */
import { isSharedRoute } from "#operator/index/entry.ts"
import type { ClusterView, ConfigObject, NamespaceFacts } from "#operator/index/view.ts"
import { accessOf } from "./access.ts"
import {
  type BackendProblem,
  backendsCondition,
  clusterProblem,
  type Denials,
  isAllowed,
  notPermitted,
  type ProblemOf,
} from "./backends.ts"
import { type Claims, claim, type Loser, patternsOf } from "./claims.ts"
import type {
  ClusterCore,
  CompileSettings,
  ObjectVerdict,
  SharedRoute,
  SharedRouteReading,
} from "./compiled.ts"
import { accepted, listSome, notAccepted, refused } from "./conditions.ts"
import { denialsOf } from "./denials.ts"
import { byName } from "./order.ts"
import { describeFault } from "./read.ts"
import { readSharedRoute } from "./routes.ts"
import { selects } from "./select.ts"

/** By name. Elsewhere than in the operator's namespace no route is shared, whoever says so. */
export function readSharedRoutes(
  view: ClusterView,
  operatorNamespace: string,
): readonly SharedRouteReading[] {
  return view.sharedRoutes
    .filter((object) => isSharedRoute(object, operatorNamespace))
    .sort(byName)
    .map((object) => {
      const reading = readSharedRoute(object)
      return reading.ok
        ? { object, route: reading.route, fault: "" }
        : { object, route: null, fault: describeFault(reading) }
    })
}

/** The shared routes as they meet in one namespace. */
export function claimShared(
  routes: readonly SharedRoute[],
  namespace: NamespaceFacts,
): Claims<SharedRoute> {
  return claim(routes.filter((route) => selects(route.namespaces, namespace.labels)))
}

/** Those that can be read. */
export function sharedRoutesOf(core: ClusterCore): readonly SharedRoute[] {
  return core.sharedRoutes.flatMap(({ route }) => (route === null ? [] : [route]))
}

/**
 * One verdict for each shared route, by name. A route that loses anywhere is `Accepted=False` and
 * its message says where; in the other namespaces it is in force.
 */
export function judgeSharedRoutes(
  core: ClusterCore,
  namespaces: readonly NamespaceFacts[],
  settings: CompileSettings,
): readonly ObjectVerdict[] {
  const losses = lossesOf(sharedRoutesOf(core), namespaces)
  return core.sharedRoutes.map(({ object, route, fault }) => {
    if (route === null) return refused(object, "Invalid", fault)
    const problemOf = problemsAnywhere(route)
    const resolvedRefs = backendsCondition(route, problemOf, deniedEverywhere(route, problemOf))
    const loss = losses.get(object)
    if (loss === undefined) return { object, accepted: accepted(), resolvedRefs }
    const message = `in namespace ${listSome(loss.namespaces, 3)}: ${loss.first.message}`
    return { object, accepted: notAccepted(loss.first.reason, message), resolvedRefs }
  })

  /** A policy for some of its namespaces is no fault of a shared route. */
  function deniedEverywhere(route: SharedRoute, problemOf: ProblemOf): Denials {
    let denials: Denials | null = null
    for (const { labels } of namespaces) {
      if (!selects(route.namespaces, labels)) continue
      const { access } = accessOf(core, labels, settings)
      const here = denialsOf(route, access, problemOf)
      denials = new Map([...(denials ?? here)].filter(([rule]) => here.has(rule)))
      if (denials.size === 0) return denials
    }
    return denials ?? new Map()
  }

  function problemsAnywhere(route: SharedRoute): ProblemOf {
    const known = new Map<string, BackendProblem | null>()
    return (provider) => {
      const held = known.get(provider)
      if (held !== undefined) return held
      const problem = problemAnywhere(route, provider)
      known.set(provider, problem)
      return problem
    }
  }

  function problemAnywhere(route: SharedRoute, provider: string): BackendProblem | null {
    const problem = clusterProblem(core, provider)
    if (problem !== null) return problem
    const forbidden = namespaces.filter(
      (namespace) =>
        selects(route.namespaces, namespace.labels) && !isAllowed(core, provider, namespace),
    )
    const names = forbidden.map(({ name }) => name)
    return names.length === 0 ? null : notPermitted(provider, listSome(names, 3))
  }
}

interface Loss {
  readonly first: Loser<SharedRoute>
  readonly namespaces: readonly string[]
}

function lossesOf(
  routes: readonly SharedRoute[],
  namespaces: readonly NamespaceFacts[],
): ReadonlyMap<ConfigObject, Loss> {
  const losses = new Map<ConfigObject, Loss>()
  if (canNeverCollide(routes)) return losses
  for (const namespace of namespaces) {
    for (const loser of claimShared(routes, namespace).losers) {
      const { object } = loser.route
      const before = losses.get(object)
      const names = [...(before?.namespaces ?? []), namespace.name]
      losses.set(object, { first: before?.first ?? loser, namespaces: names })
    }
  }
  return losses
}

/** The common case, told without looking at a single namespace. */
function canNeverCollide(routes: readonly SharedRoute[]): boolean {
  const patterns = routes.flatMap(patternsOf)
  return new Set(patterns).size === patterns.length && claim(routes).losers.length === 0
}
