/**
 * The book of prices: the built-in catalogue, and what ModelCatalogs say over it.
 *
 * In: entries of ModelCatalogs that hold. Out: by source (`priceSource`) what each model costs. An
 * entry of schema OpenAI without a vendor holds at every server that speaks it, whoever runs it;
 * one with a vendor stands before it, and any entry before the built-in price of the same name.
 */
import type { ConfigObject } from "#operator/index/view.ts"
import {
  type NamedPrices,
  namedPrices,
  priceSource,
  pricesNamed,
  UNKNOWN_MAKE,
} from "#proxy/contract/price-lookup.ts"
import type { Price } from "#proxy/contract/prices.ts"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import { VENDORS } from "#proxy/contract/vendors.ts"
import { BUILT_IN_MODELS } from "./catalogue/built-in.ts"
import { multipliersOf } from "./catalogue/multipliers.ts"
import { keeping } from "./read.ts"
import { settlePrices } from "./settle-prices.ts"

/** By source. A source that is not here has no prices. */
export type PriceBook = ReadonlyMap<string, NamedPrices<BookedPrices>>

export interface BookedPrices {
  /** Oldest first. */
  readonly prices: readonly Price[]
  /** Null for the built-in catalogue. */
  readonly source: ConfigObject | null
}

/** One entry of a ModelCatalog. */
export interface PriceEntry extends Pick<ProviderConfig, "schema" | "vendor"> {
  readonly object: ConfigObject
  readonly model: string
  /** Its prices, or the model of the same source whose prices it has. */
  readonly price:
    | { readonly kind: "own"; readonly prices: readonly Price[] }
    | { readonly kind: "as"; readonly model: string }
}

export interface Booked {
  readonly book: PriceBook
  /** Those that name a model whose price is known nowhere that they hold. */
  readonly unknown: readonly PriceEntry[]
}

type Names = Map<string, BookedPrices>

export const bookPrices = keeping((entries: readonly PriceEntry[]): Booked => {
  if (entries.length === 0) return { book: BUILT_IN_BOOK, unknown: [] }
  const names = new Map<string, Names>()
  for (const entry of entries) {
    for (const source of sourcesOf(entry)) {
      if (!names.has(source)) names.set(source, new Map(BUILT_IN.get(source)))
    }
  }
  // What holds at every server first, so that what is of one vendor stands before it.
  const ordered = [...entries].sort((a, b) => Number(isGeneral(b)) - Number(isGeneral(a)))
  for (const { object, model, price, ...entry } of ordered) {
    if (price.kind !== "own") continue
    const booked = { prices: price.prices, source: object }
    for (const source of sourcesOf(entry)) names.get(source)?.set(model, booked)
  }
  const own = new Map([...names].map(([source, known]) => [source, namedPrices(known)] as const))
  const unknown = ordered.filter((entry) => !bookAs(entry, own, names))
  const books = [...names].map(([source, known]) => [source, namedPrices(known)] as const)
  return { book: new Map([...BUILT_IN_BOOK, ...books]), unknown }
})

/** Books the prices of another model; false when they are known at none of its sources. */
function bookAs(entry: PriceEntry, own: PriceBook, names: ReadonlyMap<string, Names>): boolean {
  const { model, price, object } = entry
  if (price.kind !== "as") return true
  let isKnown = false
  for (const source of sourcesOf(entry)) {
    const booked = pricesNamed(own.get(source), price.model)
    if (booked === undefined) continue
    isKnown = true
    names.get(source)?.set(model, { prices: booked.prices, source: object })
  }
  return isKnown
}

function isGeneral({ schema, vendor }: Pick<PriceEntry, "schema" | "vendor">): boolean {
  return schema === "OpenAI" && vendor === null
}

function sourcesOf(entry: Pick<PriceEntry, "schema" | "vendor">): readonly string[] {
  return isGeneral(entry) ? OPENAI_SHAPED : [priceSource(entry)]
}

const OPENAI_SHAPED: readonly string[] = [UNKNOWN_MAKE, ...VENDORS.map(({ name }) => name)]

const BUILT_IN: ReadonlyMap<string, ReadonlyMap<string, BookedPrices>> = new Map(
  [...BUILT_IN_MODELS].map(([source, models]) => [
    source,
    new Map(
      [...models].map(([model, prices]) => {
        const multipliers = multipliersOf(source, model)
        const all = prices.map((price) => ({ ...price, multipliers }))
        return [model, { prices: settlePrices(all), source: null }] as const
      }),
    ),
  ]),
)

const BUILT_IN_BOOK: PriceBook = new Map(
  [...BUILT_IN].map(([source, models]) => [source, namedPrices(models)]),
)
