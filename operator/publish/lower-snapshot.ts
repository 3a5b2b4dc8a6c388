/**
 * A Snapshot in the words of the release before this one, for sidecars that are not restarted yet.
 *
 * In: the Snapshot as compiled. Out: the same of the older schema, and what had to be withheld.
 * What the older release cannot do fails closed there and is never left out silently: a backend, or
 * every backend of a route, carries a problem; a policy that it could not enforce becomes
 * `access: invalid`. Fields that it may ignore without harm stay, since readers ignore what they do
 * not know. Parts that are the same in both keep their identity, so their texts are shared.
 */
import {
  OLDER_SCHEMA_VERSION,
  type OlderRoute,
  type OlderRule,
  type OlderSnapshot,
} from "#proxy/contract/older-snapshots.ts"
import type { ParameterLimits } from "#proxy/contract/parameter-limits.ts"
import { UNKNOWN_MAKE } from "#proxy/contract/price-lookup.ts"
import { type PriceTable, priceKey } from "#proxy/contract/prices.ts"
import type { RouteConfig, RuleConfig, Snapshot } from "#proxy/contract/snapshot.ts"
import { VENDORS } from "#proxy/contract/vendors.ts"

/** Something of one object that a sidecar's release cannot do. */
export interface Withheld {
  /** As the Snapshot names it: `AIProvider anthropic`, `AIRoute search/chat`, `ModelPolicy org`. */
  readonly object: string
  /** e.g. `schema Anthropic`. */
  readonly feature: string
}

export interface Lowered {
  readonly snapshot: OlderSnapshot
  /** Providers, then routes in order of the Snapshot, then the policy. */
  readonly withheld: readonly Withheld[]
}

/** What sidecars of schema 1 speak upstream. */
const OLDER_PROVIDER_SCHEMAS: ReadonlySet<string> = new Set(["OpenAI", "Simulated"])

export function lowerSnapshot(snapshot: Snapshot): Lowered {
  const lacking = new Map<string, string>()
  for (const [name, { schema }] of Object.entries(snapshot.providers)) {
    if (!OLDER_PROVIDER_SCHEMAS.has(schema)) lacking.set(name, `schema ${schema}`)
  }
  const kept = Object.entries(snapshot.providers).filter(([name]) => !lacking.has(name))
  const providers = Object.fromEntries(kept)
  const withheld = [...lacking].map(([name, feature]) => ({
    object: `AIProvider ${name}`,
    feature,
  }))
  const routes = snapshot.routes.map((route) => {
    const features = featuresOf(route, lacking)
    if (features.length > 0)
      withheld.push({ object: `AIRoute ${route.name}`, feature: features.join(", ") })
    return features.length === 0 && hasNoProblem(route) ? route : lowerRoute(route, lacking)
  })
  const { parameters, ...rest } = snapshot
  const denial = parameters === undefined ? null : denialOf(parameters)
  if (denial !== null) {
    withheld.push({ object: `ModelPolicy ${denial.policy}`, feature: denial.field })
  }
  return {
    snapshot: {
      ...rest,
      access: denial ?? snapshot.access,
      schemaVersion: OLDER_SCHEMA_VERSION,
      providers,
      routes,
      prices: lowerPrices(snapshot.prices),
    },
    withheld,
  }
}

/** A limit that the older release would not hold: it answers nothing rather than without it. */
function denialOf({ maxOutputTokens }: ParameterLimits) {
  const { policy } = maxOutputTokens
  const field = "spec.parameters.maxOutputTokens"
  return { kind: "invalid", policy, field, message: NEEDS_NEWER } as const
}

/**
 * Sidecars of schema 1 price all that speaks OpenAI's schema under its name, whoever runs it: where
 * two would stand under one name, OpenAI's own price stays, else the first. What they do not know
 * of a price (writes to caches, audio, images, tiers) they charge as input and output.
 */
function lowerPrices(prices: PriceTable): PriceTable {
  const renamed = Object.entries(prices).flatMap(([key, one]) => {
    const end = key.indexOf("/")
    const isShared = isOpenAiShaped(key.slice(0, end))
    return isShared ? [[priceKey("OpenAI", key.slice(end + 1)), one] as const] : []
  })
  return renamed.length === 0 ? prices : { ...Object.fromEntries(renamed.reverse()), ...prices }
}

function isOpenAiShaped(source: string): boolean {
  return source === UNKNOWN_MAKE || VENDORS.some(({ name }) => name === source)
}

/** What a route asks for and the older release lacks. */
function featuresOf(
  { rules }: RouteConfig,
  lacking: ReadonlyMap<string, string>,
): readonly string[] {
  if (lacking.size === 0) return []
  const features = rules.flatMap(({ backends }) =>
    backends.flatMap(({ provider }) => lacking.get(provider) ?? []),
  )
  return [...new Set(features)]
}

/** Then it reads the same in both schemas. */
function hasNoProblem(route: RouteConfig): route is RouteConfig & OlderRoute {
  return route.rules.every(({ backends }) => backends.every(({ problem }) => problem === null))
}

function lowerRoute(route: RouteConfig, lacking: ReadonlyMap<string, string>): OlderRoute {
  return { ...route, rules: route.rules.map((rule) => lowerRule(rule, lacking)) }
}

function lowerRule(rule: RuleConfig, lacking: ReadonlyMap<string, string>): OlderRule {
  const backends = rule.backends.map((backend) => {
    const feature = lacking.get(backend.provider)
    const problem = backend.problem?.message ?? null
    return feature === undefined || problem !== null
      ? { ...backend, problem }
      : { ...backend, problem: `AIProvider ${backend.provider}: ${feature} ${NEEDS_NEWER}` }
  })
  return { ...rule, backends }
}

const NEEDS_NEWER = "needs a newer sidecar, restart the pod"
