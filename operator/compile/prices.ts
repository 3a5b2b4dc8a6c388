/** Pass: ModelCatalogs over the built-in catalogue, as one book of prices. */
import { MODEL_CATALOG, parseModelCatalog } from "#operator/api/v1alpha1/model-catalog.ts"
import { type ClusterView, type ConfigObject, formatRef } from "#operator/index/view.ts"
import type { ObjectVerdict } from "./compiled.ts"
import { accepted, listSome, notResolved, refused, resolved } from "./conditions.ts"
import { byAge } from "./order.ts"
import { bookPrices, type PriceBook, type PriceEntry } from "./price-book.ts"
import { contained, describeFault, readerOf, remembering, type Unreadable } from "./read.ts"
import { settlePrices } from "./settle-prices.ts"

/** All ModelCatalogs together; beyond it the youngest are refused. */
export const CATALOGUE_ENTRIES_MAX = 2000
const MODELS_NAMED_MAX = 10

export interface PricesPass {
  readonly prices: PriceBook
  readonly verdicts: readonly ObjectVerdict[]
}

export function compilePrices(view: ClusterView): PricesPass {
  const holders = new Map<string, PriceEntry>()
  const verdicts: ObjectVerdict[] = []
  for (const object of [...view.catalogs].sort(byAge)) {
    const reading = readCatalog(object)
    const verdict = reading.ok
      ? judge(object, reading.entries, holders)
      : refused(object, "Invalid", describeFault(reading))
    verdicts.push(verdict)
    if (!reading.ok || verdict.accepted.status !== "True") continue
    for (const entry of reading.entries) holders.set(keyOf(entry), entry)
  }
  const { book, unknown } = bookPrices([...holders.values()])
  return { prices: book, verdicts: verdicts.map((verdict) => resolve(verdict, unknown)) }
}

/** Taken whole or not at all, as routes are. */
function judge(
  object: ConfigObject,
  entries: readonly PriceEntry[],
  holders: ReadonlyMap<string, PriceEntry>,
): ObjectVerdict {
  for (const entry of entries) {
    const holder = holders.get(keyOf(entry))
    if (holder === undefined) continue
    const message =
      `${formatRef(holder.object)}, which came first, already says what ${nameOf(entry)} costs; ` +
      "remove the entry here or there"
    return refused(object, "Conflicted", message)
  }
  if (holders.size + entries.length > CATALOGUE_ENTRIES_MAX) {
    const message = `ModelCatalogs may have ${CATALOGUE_ENTRIES_MAX} models together; remove one`
    return refused(object, "LimitExceeded", message)
  }
  return { object, accepted: accepted(), resolvedRefs: resolved() }
}

/** The other entries hold: only what is priced as an unknown model stays unpriced. */
function resolve(verdict: ObjectVerdict, unknown: readonly PriceEntry[]): ObjectVerdict {
  const names = unknown
    .filter(({ object }) => object === verdict.object)
    .map((entry) =>
      entry.price.kind === "as"
        ? `${nameOf(entry)} (priced as ${entry.price.model})`
        : nameOf(entry),
    )
  if (names.length === 0) return verdict
  const message = `no price is known for ${listSome(names, MODELS_NAMED_MAX)}; these are unpriced`
  return { ...verdict, resolvedRefs: notResolved("PriceNotFound", message) }
}

function keyOf({ schema, vendor, model }: PriceEntry): string {
  return `${schema} ${vendor ?? ""} ${model}`
}

function nameOf({ schema, vendor, model }: PriceEntry): string {
  return `${vendor ?? schema} model ${model}`
}

type CatalogReading = { readonly ok: true; readonly entries: readonly PriceEntry[] } | Unreadable

const readSpec = readerOf(MODEL_CATALOG, parseModelCatalog)

export const readCatalog = remembering(contained(readModels))

function readModels(object: ConfigObject): CatalogReading {
  const parsed = readSpec(object)
  if (!parsed.ok) return parsed
  const entries = new Map<string, PriceEntry>()
  for (const [index, { schema, vendor = null, model, ...more }] of parsed.spec.models.entries()) {
    const path = `spec.models[${index}]`
    const { prices, pricedAs } = more
    const settled = settlePrices(prices ?? [])
    if (new Set(settled.map(({ fromMs }) => fromMs)).size < settled.length) {
      const message = "two prices of one model hold from the same time"
      return { ok: false, path: `${path}.prices`, message }
    }
    const price: PriceEntry["price"] =
      pricedAs === undefined ? { kind: "own", prices: settled } : { kind: "as", model: pricedAs }
    const entry = { object, schema, vendor, model, price }
    if (entries.has(keyOf(entry))) {
      return { ok: false, path, message: `${nameOf(entry)} is named twice` }
    }
    entries.set(keyOf(entry), entry)
  }
  return { ok: true, entries: [...entries.values()] }
}
