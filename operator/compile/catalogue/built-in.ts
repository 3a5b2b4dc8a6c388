/** The built-in catalogue: what models cost where no ModelCatalog says otherwise. */
import catalogue from "./generated/prices.json" with { type: "json" }
import type { DatedPrice } from "./tariff.ts"

/** By name; a name that ends in `*` stands for all that begin so. */
export type CatalogueModels = ReadonlyMap<string, readonly DatedPrice[]>

/** Where the prices are from, for metrics and `explain`. */
export const BUILT_IN_SOURCE: string = catalogue.source

type Listed = readonly {
  readonly names: readonly string[]
  readonly prices: readonly DatedPrice[]
}[]

const LISTED: Readonly<Record<string, Listed>> = catalogue.sources

/** Simulated models cost what their namesakes of OpenAI cost, and these what is written here. */
const SIMULATED: CatalogueModels = new Map<string, readonly DatedPrice[]>([
  ...modelsOf(catalogue.sources.OpenAI),
  ["simulated", [{ input: "1", cachedInput: "0.5", output: "2" }]],
  ["simulated-small", [{ input: "0.1", cachedInput: "0.05", output: "0.4" }]],
  ["simulated-large", [{ input: "5", cachedInput: "2.5", output: "15" }]],
])

/** By source, as `priceSource` names them. */
export const BUILT_IN_MODELS: ReadonlyMap<string, CatalogueModels> = new Map([
  ...Object.entries(LISTED).map(([source, listed]) => [source, modelsOf(listed)] as const),
  ["Simulated", SIMULATED],
])

function modelsOf(listed: Listed): CatalogueModels {
  return new Map(
    listed.flatMap(({ names, prices }) => names.map((name) => [name, prices] as const)),
  )
}
