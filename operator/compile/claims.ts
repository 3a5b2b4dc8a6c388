/**
 * Who serves which model name: routes of one scope are taken oldest first, and a name is claimed
 * once.
 *
 * A route that names what is taken already loses as a whole and claims nothing, so that it never
 * serves half of what it says. Scopes are a namespace's own routes, and the shared routes as they
 * meet in one namespace; a namespace's own route merely shadows a shared one.
 */
import { formatRef } from "#operator/index/view.ts"
import type { ReadRoute } from "./compiled.ts"
import { byAge } from "./order.ts"

/** Routes of one scope in one namespace; the youngest beyond it are refused. */
export const ROUTES_MAX = 1000
/** Upper bound in characters of JSON of the routes of one scope in one namespace. */
export const ROUTES_SIZE_MAX = 2 * 1024 * 1024

export interface Claims<R extends ReadRoute> {
  /** Oldest first; these are in force. */
  readonly winners: readonly R[]
  readonly losers: readonly Loser<R>[]
  /** Pattern as written in `spec.models` to the route that serves it. */
  readonly holders: ReadonlyMap<string, R>
}

export interface Loser<R extends ReadRoute> {
  readonly route: R
  readonly reason: "Conflicted" | "LimitExceeded"
  readonly message: string
}

export function claim<R extends ReadRoute>(routes: readonly R[]): Claims<R> {
  const winners: R[] = []
  const losers: Loser<R>[] = []
  const holders = new Map<string, R>()
  let size = 0
  for (const route of [...routes].sort((a, b) => byAge(a.object, b.object))) {
    const patterns = patternsOf(route)
    const taken = patterns.find((pattern) => holders.has(pattern))
    const holder = taken === undefined ? undefined : holders.get(taken)
    if (taken !== undefined && holder !== undefined) {
      losers.push({ route, reason: "Conflicted", message: conflict(taken, holder) })
      continue
    }
    if (winners.length === ROUTES_MAX || size + route.size > ROUTES_SIZE_MAX) {
      losers.push({ route, reason: "LimitExceeded", message: limit() })
      continue
    }
    size += route.size
    winners.push(route)
    for (const pattern of patterns) holders.set(pattern, route)
  }
  return { winners, losers, holders }
}

export function patternsOf(route: ReadRoute): readonly string[] {
  return [...route.exact, ...route.prefixes.map((prefix) => `${prefix}*`)]
}

function conflict(pattern: string, holder: ReadRoute): string {
  return (
    `${formatRef(holder.object)}, which came first, already serves model "${pattern}"; this ` +
    `route is wholly ` +
    "out of force until the model is removed here or there"
  )
}

function limit(): string {
  return (
    `a namespace may have ${ROUTES_MAX} routes and ${ROUTES_SIZE_MAX} characters of them; ` +
    `older ones come first`
  )
}
