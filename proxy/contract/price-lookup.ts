/**
 * Which prices a model has: by provider, by name, by the longest prefix.
 *
 * In: the Snapshot's price table, or the operator's book of one source. Out: the prices of one
 * model, or undefined: unpriced is never zero. It must not know where prices come from.
 */
import type { Price, PriceTable } from "./prices.ts"
import type { ProviderConfig } from "./snapshot.ts"

/**
 * Whose prices hold at a provider: those of the schema's own vendor; of schema OpenAI those of the
 * vendor that runs it, or of none for a server of unknown make.
 */
export function priceSource({ schema, vendor }: Pick<ProviderConfig, "schema" | "vendor">): string {
  return schema === "OpenAI" ? (vendor ?? UNKNOWN_MAKE) : schema
}

/** Servers that speak OpenAI's schema, of whatever make. */
export const UNKNOWN_MAKE = "OpenAI-compatible"

/** Prices by name, of one source; a name that ends in `*` stands for all that begin so. */
export interface NamedPrices<T> {
  readonly exact: ReadonlyMap<string, T>
  /** Without the `*`, the longest first. */
  readonly prefixes: readonly (readonly [prefix: string, prices: T])[]
}

export function namedPrices<T>(entries: Iterable<readonly [string, T]>): NamedPrices<T> {
  const exact = new Map<string, T>()
  const prefixes: (readonly [string, T])[] = []
  for (const [name, prices] of entries) {
    if (name.endsWith("*")) prefixes.push([name.slice(0, -1), prices])
    else exact.set(name, prices)
  }
  return { exact, prefixes: prefixes.sort(([a], [b]) => b.length - a.length) }
}

export function pricesNamed<T>(named: NamedPrices<T> | undefined, model: string): T | undefined {
  if (named === undefined) return undefined
  const exact = named.exact.get(model)
  if (exact !== undefined) return exact
  return named.prefixes.find(([prefix]) => model.startsWith(prefix))?.[1]
}

/** The table linked: by source. */
export type PriceLookup = ReadonlyMap<string, NamedPrices<readonly Price[]>>

export function linkPrices(table: PriceTable): PriceLookup {
  const bySource = new Map<string, [string, readonly Price[]][]>()
  for (const [key, prices] of Object.entries(table)) {
    const end = key.indexOf("/")
    const [source, model] = [key.slice(0, end), key.slice(end + 1)]
    const entries = bySource.get(source) ?? []
    bySource.set(source, entries)
    entries.push([model, prices])
  }
  return new Map([...bySource].map(([source, entries]) => [source, namedPrices(entries)]))
}
