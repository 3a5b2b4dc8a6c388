/** Prices of all that the backends of a namespace can serve, as far as they are known. */
import type { ConfigObject } from "#operator/index/view.ts"
import { type NamedPrices, priceSource, pricesNamed } from "#proxy/contract/price-lookup.ts"
import { type PriceTable, priceKey } from "#proxy/contract/prices.ts"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import type { ReadRoute } from "./compiled.ts"
import { compareText } from "./order.ts"
import type { BookedPrices, PriceBook } from "./price-book.ts"
import { remembering } from "./read.ts"

interface Serving {
  readonly route: ReadRoute
  /** Patterns, as in `spec.models`, that it serves here. */
  readonly patterns: readonly string[]
}

/**
 * A backend's own model stands under its name, though its price may be that of a prefix; where
 * clients name the model, every known name and prefix that they may mean is taken.
 */
export function pricesOf(
  book: PriceBook,
  serving: readonly Serving[],
  providers: readonly { readonly config: ProviderConfig }[],
): { readonly table: PriceTable; readonly sources: readonly ConfigObject[] } {
  const found = new Map<string, BookedPrices>()
  for (const [source, names] of namesServed(serving, providers)) {
    for (const name of names) {
      for (const [model, booked] of lookUp(book.get(source), name)) {
        found.set(priceKey(source, model), booked)
      }
    }
  }
  const sorted = [...found].sort(([a], [b]) => compareText(a, b))
  return {
    table: Object.fromEntries(sorted.map(([key, { prices }]) => [key, prices])),
    sources: sorted.flatMap(([, { source }]) => (source === null ? [] : [source])),
  }
}

/** Models and patterns that each source of prices is asked for here. */
function namesServed(
  serving: readonly Serving[],
  providers: readonly { readonly config: ProviderConfig }[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const sources = new Map(providers.map(({ config }) => [config.name, priceSource(config)]))
  const served = new Map<string, Set<string>>()
  for (const { route, patterns } of serving) {
    for (const { backends } of route.rules) {
      for (const { provider, model } of backends) {
        const source = sources.get(provider)
        if (source === undefined) continue
        const names = served.get(source) ?? new Set()
        served.set(source, names)
        if (model !== null) names.add(model)
        else for (const pattern of patterns) names.add(pattern)
      }
    }
  }
  return served
}

type Models = NamedPrices<BookedPrices>
type Found = readonly (readonly [string, BookedPrices])[]

/** A pattern stands for every known model that it covers. */
function lookUp(models: Models | undefined, name: string): Found {
  if (models === undefined) return []
  if (name.endsWith("*")) return coveredBy(models)(name.slice(0, -1))
  const booked = pricesNamed(models, name)
  return booked === undefined ? [] : [[name, booked]]
}

/** Remembers what each pattern covers; as many as there are different patterns. */
const coveredBy = remembering((models: Models) => {
  const known = new Map<string, Found>()
  return (pattern: string): Found => {
    const held = known.get(pattern)
    if (held !== undefined) return held
    const found: Found = [
      ...[...models.exact].filter(([model]) => model.startsWith(pattern)),
      ...models.prefixes
        .filter(([prefix]) => prefix.startsWith(pattern) || pattern.startsWith(prefix))
        .map(([prefix, booked]) => [`${prefix}*`, booked] as const),
    ]
    known.set(pattern, found)
    return found
  }
})
