/** Pass: ModelCatalogs over the built-in catalogue, as one book of prices. */
import {
  MODEL_CATALOG,
  type ModelCatalogSpec,
  parseModelCatalog,
  toEpochMs,
} from "#operator/api/v1alpha1/model-catalog.ts"
import { type ClusterView, type ConfigObject, formatRef } from "#operator/index/view.ts"
import { parseDecimal } from "#proxy/contract/money.ts"
import type { Price, PriceTier, Tariff } from "#proxy/contract/prices.ts"
import type { ProviderSchema } from "#proxy/contract/snapshot.ts"
import { BUILT_IN_MODELS, type DatedPrice, type DollarTariff } from "./catalogue/built-in.ts"
import type { BookedPrices, ObjectVerdict, PriceBook } from "./compiled.ts"
import { accepted, refused, resolved } from "./conditions.ts"
import { byAge } from "./order.ts"
import { contained, describeFault, readerOf, remembering, type Unreadable } from "./read.ts"

/** All ModelCatalogs together; beyond it the youngest are refused. */
export const CATALOGUE_ENTRIES_MAX = 2000

export interface PricesPass {
  readonly prices: PriceBook
  readonly verdicts: readonly ObjectVerdict[]
}

type Book = Map<ProviderSchema, Map<string, BookedPrices>>

export function compilePrices(view: ClusterView): PricesPass {
  const book: Book = new Map(
    [...BUILT_IN].map(([schema, models]) => [schema, new Map(models)] as const),
  )
  const verdicts: ObjectVerdict[] = []
  let entries = 0
  for (const object of [...view.catalogs].sort(byAge)) {
    const reading = readCatalog(object)
    const verdict = reading.ok
      ? judge(object, reading.entries, book, entries)
      : refused(object, "Invalid", describeFault(reading))
    verdicts.push(verdict)
    if (!reading.ok || verdict.accepted.status !== "True") continue
    entries += reading.entries.length
    for (const { schema, model, prices } of reading.entries) {
      modelsOf(book, schema).set(model, { prices, source: object })
    }
  }
  return { prices: book, verdicts }
}

/** Taken whole or not at all, as routes are. */
function judge(
  object: ConfigObject,
  entries: readonly Entry[],
  book: Book,
  before: number,
): ObjectVerdict {
  for (const { schema, model } of entries) {
    const holder = book.get(schema)?.get(model)?.source ?? null
    if (holder === null) continue
    const message =
      `${formatRef(holder)}, which came first, already says what ${schema} model ${model} costs; ` +
      "remove the entry here or there"
    return refused(object, "Conflicted", message)
  }
  if (before + entries.length > CATALOGUE_ENTRIES_MAX) {
    const message = `ModelCatalogs may have ${CATALOGUE_ENTRIES_MAX} models together; remove one`
    return refused(object, "LimitExceeded", message)
  }
  return { object, accepted: accepted(), resolvedRefs: resolved() }
}

interface Entry {
  readonly schema: ProviderSchema
  readonly model: string
  readonly prices: readonly Price[]
}

type CatalogReading = { readonly ok: true; readonly entries: readonly Entry[] } | Unreadable

const readSpec = readerOf(MODEL_CATALOG, parseModelCatalog)

export const readCatalog = remembering(
  contained((object: ConfigObject): CatalogReading => {
    const parsed = readSpec(object)
    if (!parsed.ok) return parsed
    const entries: Entry[] = []
    for (const [index, { schema, model, prices }] of parsed.spec.models.entries()) {
      const settled = settlePrices(prices)
      if (new Set(settled.map(({ fromMs }) => fromMs)).size < settled.length) {
        const path = `spec.models[${index}].prices`
        return { ok: false, path, message: "two prices of one model hold from the same time" }
      }
      entries.push({ schema, model, prices: settled })
    }
    return { ok: true, entries }
  }),
)

/**
 * Dollars per million tokens are pico-dollars a token times 10^6 over 10^12: six digits are kept
 * exactly.
 */
function settlePrices(
  prices: readonly DatedPrice[] | ModelCatalogSpec["models"][number]["prices"],
): readonly Price[] {
  const settled = prices.map(({ from, tiers, ...tariff }) => ({
    fromMs: from === undefined ? 0 : (toEpochMs(from) ?? 0),
    ...settleTariff(tariff),
    ...(tiers === undefined ? {} : { tiers: settleTiers(tiers) }),
  }))
  return settled.sort((a, b) => a.fromMs - b.fromMs)
}

function settleTiers(tiers: NonNullable<DatedPrice["tiers"]>): readonly PriceTier[] {
  const settled = tiers.map(({ aboveInputTokens, ...tariff }) => ({
    aboveInputTokens,
    ...settleTariff(tariff),
  }))
  return settled.sort((a, b) => a.aboveInputTokens - b.aboveInputTokens)
}

const OPTIONAL_PRICES = [
  "cacheWrite",
  "cacheWrite1h",
  "inputAudio",
  "inputImage",
  "outputAudio",
  "outputImage",
] as const satisfies readonly (keyof Tariff)[]

/** A price that is absent stays absent: what it falls back to is settled where money is made. */
function settleTariff(tariff: DollarTariff): Tariff {
  const { input, cachedInput, output } = tariff
  const settled: { -readonly [K in keyof Tariff]: Tariff[K] } = {
    input: picoPerToken(input),
    cachedInput: cachedInput === undefined ? null : picoPerToken(cachedInput),
    output: picoPerToken(output),
  }
  for (const name of OPTIONAL_PRICES) {
    const price = tariff[name]
    if (price !== undefined) settled[name] = picoPerToken(price)
  }
  return settled
}

function picoPerToken(dollarsPerMillion: string): number {
  const units = parseDecimal(dollarsPerMillion, 6)
  if (units === undefined) throw new Error("a price that passed its pattern must be decimal")
  return Number(units)
}

function modelsOf(book: Book, schema: ProviderSchema): Map<string, BookedPrices> {
  const known = book.get(schema)
  if (known !== undefined) return known
  const made = new Map<string, BookedPrices>()
  book.set(schema, made)
  return made
}

const BUILT_IN: PriceBook = new Map(
  BUILT_IN_MODELS.map(({ schema, models }) => [
    schema,
    new Map(
      Object.entries(models).map(([model, prices]) => [
        model,
        { prices: settlePrices(prices), source: null },
      ]),
    ),
  ]),
)
