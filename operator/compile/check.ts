/**
 * Proves a compiled namespace again, by code that shares nothing with the passes that made it.
 *
 * In    the result, and the objects that it was made from.
 * Out   violations: each is a bug of the compiler, and a Snapshot with one is not published.
 * Must not repair anything, and must not use the passes' helpers: they may be what is wrong. What
 * concerns a part alone is looked at once for each part: parts are values, and many namespaces and
 * versions share them.
 */
import type { NamespaceView } from "#operator/index/view.ts"
import type { ModelAccess } from "#proxy/contract/access.ts"
import type { PriceTable } from "#proxy/contract/prices.ts"
import { CONTROL_LIMITS } from "#proxy/contract/push.ts"
import type {
  ModelIndex,
  ProviderConfig,
  RouteConfig,
  RuleConfig,
  Snapshot,
} from "#proxy/contract/snapshot.ts"
import { checkCredentials } from "./check-credentials.ts"
import { checkParameters } from "./check-parameters.ts"
import type { CompiledCluster, CompiledNamespace, CompileSettings } from "./compiled.ts"

const NEEDS_OPTIONS = new Set(["AzureOpenAI", "VertexAI", "Bedrock"])
/** Room for the push around the Snapshot. */
const SNAPSHOT_BYTES_MAX = CONTROL_LIMITS.messageBytesMax - 64 * 1024

/** Empty when everything holds. */
export function checkNamespace(
  compiled: CompiledNamespace,
  cluster: CompiledCluster,
  view: NamespaceView,
  settings: CompileSettings,
): readonly string[] {
  const { snapshot } = compiled
  return [
    ...holds(snapshot.namespace === view.namespace.name, "the Snapshot is of another namespace"),
    ...holds(
      sizeOf(snapshot) <= SNAPSHOT_BYTES_MAX,
      `the Snapshot is over ${SNAPSHOT_BYTES_MAX} bytes`,
    ),
    ...checkModels(snapshot.models, snapshot.routes.length),
    ...snapshot.routes.flatMap((route) => checkPlace(route, snapshot, settings)),
    ...snapshot.routes.flatMap(routeFaults),
    ...checkOrder(
      "routes",
      snapshot.routes.map(({ name }) => name),
    ),
    ...checkProviders(snapshot),
    ...checkPrices(snapshot.prices),
    ...checkDefault(snapshot.access, settings),
    ...accessFaults(snapshot.access),
    ...checkSources(compiled),
    ...checkParameters(compiled, cluster),
    ...checkCredentials(compiled, cluster, view, settings),
  ]
}

/** Characters of its JSON. */
function sizeOf({ access, providers, routes, prices, ...others }: Snapshot): number {
  const parts: readonly object[] = [
    access,
    ...routes,
    ...Object.values(providers),
    ...Object.values(prices),
  ]
  const keys = [...Object.keys(providers), ...Object.keys(prices), ...Object.keys(others)]
  const around = JSON.stringify([others, keys]).length + parts.length + SIZE_OF_NAMES
  return parts.reduce((sum, part) => sum + partSize(part), around)
}

/** The names and signs that the sum of the parts leaves out. */
const SIZE_OF_NAMES = 100

const partSize = once((part: object) => JSON.stringify(part).length)

function checkModels(models: ModelIndex, routes: number): readonly string[] {
  const indexes = [...Object.values(models.exact), ...models.prefixes.map(({ route }) => route)]
  const used = new Set(indexes)
  const prefixes = models.prefixes.map(({ prefix }) => prefix)
  return [
    ...indexes
      .filter((index) => !Number.isInteger(index) || index < 0 || index >= routes)
      .map((index) => `a model points at route ${index} of ${routes}`),
    ...holds(used.size === routes, "a route serves no model"),
    ...Object.keys(models.exact)
      .filter((name) => name === "" || name.includes("*"))
      .map((name) => `"${name}" is no exact model name`),
    ...prefixes
      .filter((prefix) => prefix.includes("*"))
      .map((prefix) => `prefix ${prefix} has a *`),
    ...holds(new Set(prefixes).size === prefixes.length, "a prefix is there twice"),
    ...holds(
      prefixes.every((prefix, at) => at === 0 || (prefixes[at - 1] ?? "").length >= prefix.length),
      "a longer prefix comes after a shorter one",
    ),
    ...checkOrder(
      "exact models",
      Object.keys(models.exact).filter((name) => !/^\d+$/.test(name)),
    ),
  ]
}

/** What of a route depends on the Snapshot that it is in. */
function checkPlace(
  route: RouteConfig,
  snapshot: Snapshot,
  settings: CompileSettings,
): readonly string[] {
  const [namespace] = route.name.split("/")
  const isOwnOrShared = namespace === snapshot.namespace || namespace === settings.operatorNamespace
  const problems = isOwnOrShared ? [] : [`route ${route.name} belongs to another namespace`]
  for (const { name, backends } of route.rules) {
    for (const { provider, problem } of backends) {
      if (Object.hasOwn(snapshot.providers, provider) === (problem === null)) continue
      const text =
        problem === null
          ? `backend ${provider} points at no provider`
          : `backend ${provider} has a problem and is provided all the same`
      problems.push(`route ${route.name} rule ${name}: ${text}`)
    }
  }
  return problems
}

/** What of a route holds wherever it is. */
const routeFaults = once((route: RouteConfig): readonly string[] => {
  const names = route.rules.map(({ name }) => name)
  return [
    ...holds(
      names.length >= 1 && names.length <= 16,
      `route ${route.name} has ${names.length} rules`,
    ),
    ...holds(new Set(names).size === names.length, `route ${route.name} has two rules of one name`),
    ...route.rules.flatMap((rule) =>
      checkRule(rule).map((problem) => `route ${route.name} rule ${rule.name}: ${problem}`),
    ),
  ]
})

function checkRule(rule: RuleConfig): readonly string[] {
  const { backends, matches, retry, timeouts } = rule
  const times = [timeouts.requestMs, timeouts.firstTokenMs, timeouts.streamIdleMs]
  return [
    ...holds(backends.length >= 1 && backends.length <= 16, `${backends.length} backends`),
    ...holds(matches.length <= 8, `${matches.length} matches`),
    ...holds(isWithin(retry.attempts, 1, 10), `${retry.attempts} attempts`),
    ...holds(isWithin(retry.budgetPercent, 0, 100), `a budget of ${retry.budgetPercent} percent`),
    ...holds(retry.triggers.length > 0, "no trigger"),
    ...holds(
      times.every((time) => isWithin(time, 10, 86_400_000)),
      "a time limit out of range",
    ),
    ...holds(
      matches.every(
        ({ headers, workloadSelector }) => headers.length > 0 || workloadSelector !== null,
      ),
      "a match without a condition",
    ),
    ...backends.flatMap(({ weight, priority }) => [
      ...holds(isWithin(weight, 0, 1_000_000), `weight ${weight}`),
      ...holds(isWithin(priority, 0, 15), `priority ${priority}`),
    ]),
    ...holds(
      backends.some(({ weight }) => weight > 0),
      "all weights are 0",
    ),
  ]
}

function checkProviders(snapshot: Snapshot): readonly string[] {
  const used = new Set<string>()
  for (const route of snapshot.routes)
    for (const provider of providersNamed(route)) used.add(provider)
  return Object.entries(snapshot.providers).flatMap(([name, provider]) => [
    ...holds(provider.name === name, `provider ${name} calls itself ${provider.name}`),
    ...holds(used.has(name), `provider ${name} serves no backend`),
    ...providerFaults(provider),
  ])
}

const providersNamed = once(({ rules }: RouteConfig): readonly string[] => [
  ...new Set(rules.flatMap(({ backends }) => backends.map(({ provider }) => provider))),
])

const providerFaults = once((provider: ProviderConfig): readonly string[] => {
  const { name } = provider
  return [
    ...holds(isReachable(provider), `provider ${name} has the destination "${provider.origin}"`),
    ...holds(
      (provider.schema === "Simulated") === (provider.simulated !== null),
      `provider ${name} is simulated in half`,
    ),
    ...holds(
      (provider.options?.schema ?? provider.schema) === provider.schema &&
        (provider.options !== null) === NEEDS_OPTIONS.has(provider.schema),
      `provider ${name} has the options of another schema`,
    ),
    ...holds(
      provider.vendor === null || provider.schema === "OpenAI",
      `provider ${name} is of a vendor that does not speak ${provider.schema}`,
    ),
    ...holds(isWithin(provider.connectTimeoutMs, 10, 60_000), `provider ${name} never connects`),
  ]
})

function isReachable({ schema, origin, pathPrefix, network }: ProviderConfig): boolean {
  if (schema === "Simulated") return origin === "" && pathPrefix === ""
  if (!/^\/|^$/.test(pathPrefix) || pathPrefix.endsWith("/")) return false
  if (network === "Public") return /^https:\/\/[^/@?#\\]+$/.test(origin)
  return /^https?:\/\/[^/@?#\\]+$/.test(origin)
}

function checkPrices(prices: PriceTable): readonly string[] {
  return Object.entries(prices).flatMap(([key, list]) =>
    priceFaults(list).map((fault) => `prices of ${key} ${fault}`),
  )
}

const priceFaults = once((list: PriceTable[string]): readonly string[] => {
  return [
    ...holds(list.length > 0, "are an empty list"),
    ...holds(
      list.every(({ fromMs }, at) => at === 0 || (list[at - 1]?.fromMs ?? 0) < fromMs),
      "are out of order",
    ),
    ...holds(
      list.every(({ fromMs: _from, tiers = [], multipliers = {}, ...tariff }) =>
        [tariff, multipliers, ...tiers].every((one) =>
          Object.values(one).every(
            (price) => price === null || (Number.isSafeInteger(price) && Number(price) >= 0),
          ),
        ),
      ),
      "include one that is no amount",
    ),
    ...holds(
      list.every(({ tiers = [] }) =>
        tiers.every(
          ({ aboveInputTokens }, at) => (tiers[at - 1]?.aboveInputTokens ?? 0) < aboveInputTokens,
        ),
      ),
      "have tiers out of order",
    ),
  ]
})

function checkDefault(access: ModelAccess, { unselected }: CompileSettings): readonly string[] {
  return holds(access.kind !== "none" || unselected === "Deny", "nothing is allowed by default")
}

const accessFaults = once((access: ModelAccess): readonly string[] => {
  if (access.kind === "none") return []
  if (access.kind === "invalid") return holds(access.policy !== "", "a denial that names no policy")
  return [
    ...holds(
      access.allow.length === 0 || access.otherwise === "Deny",
      "an allow list denies nothing",
    ),
    ...holds((access.otherwise === "Deny") === access.decidedBy.length > 0, "nobody decided"),
    ...holds(
      [...access.allow, ...access.deny].every(({ models }) => models.length > 0),
      "an entry without models",
    ),
  ]
})

function checkSources({ snapshot, sources }: CompiledNamespace): readonly string[] {
  const names = new Set(sources.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`))
  return [
    ...snapshot.routes
      .filter(({ name }) => !names.has(`AIRoute ${name}`))
      .map(({ name }) => `route ${name} has no source`),
    ...Object.keys(snapshot.providers)
      .filter((name) => !names.has(`AIProvider /${name}`))
      .map((name) => `provider ${name} has no source`),
    ...holds(names.size === sources.length, "a source is named twice"),
  ]
}

function checkOrder(what: string, names: readonly string[]): readonly string[] {
  const isSorted = names.every((name, at) => at === 0 || (names[at - 1] ?? "") < name)
  return holds(isSorted, `${what} are out of order`)
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most
}

function holds(condition: boolean, otherwise: string): readonly string[] {
  return condition ? [] : [otherwise]
}

/** One result for one part. */
function once<K extends object, V extends readonly string[] | number>(look: (part: K) => V) {
  const known = new WeakMap<K, V>()
  return (part: K): V => {
    const held = known.get(part)
    if (held !== undefined) return held
    const found = look(part)
    known.set(part, found)
    return found
  }
}
