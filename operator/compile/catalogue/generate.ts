/**
 * Writes the built-in catalogue from the price list of the npm package @pydantic/genai-prices
 * (MIT).
 *
 *   node operator/compile/catalogue/generate.ts            writes it
 *   node operator/compile/catalogue/generate.ts --check    exits 1 when it is stale
 *
 * Taken are text models of OpenAI with a price for input and output. Not taken: names known only by
 * prefix or expression (a name that is not in the table is unpriced, never guessed), models with
 * audio or image prices, and the dearer tiers of long prompts: the base tier stands for all.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { findProvider, type ModelInfo, type ModelPrice } from "@pydantic/genai-prices"

const FILE = fileURLToPath(new URL("generated/openai.json", import.meta.url))
const COMMAND = "node operator/compile/catalogue/generate.ts"

interface DatedPrice {
  readonly from?: string
  readonly input: string
  readonly cachedInput?: string
  readonly output: string
}

const text = generate()
if (!process.argv.includes("--check")) writeFileSync(FILE, text)
else if (readFileSync(FILE, "utf8") !== text) {
  console.error(`${FILE} is stale: run ${COMMAND}`)
  process.exitCode = 1
}

function generate(): string {
  const provider = findProvider({ providerId: "openai" })
  if (provider === undefined) throw new Error("the price list knows no provider openai")
  const models = new Map<string, readonly DatedPrice[]>()
  for (const model of provider.models) {
    const prices = pricesOf(model)
    if (prices === undefined || /image|audio/.test(model.id)) continue
    for (const name of namesOf(model.match)) models.set(name, prices)
  }
  const sorted = [...models].sort(([a], [b]) => (a < b ? -1 : 1))
  const catalogue = {
    generatedBy: COMMAND,
    source: `npm @pydantic/genai-prices ${packageVersion()}, provider openai`,
    licence: "MIT, Copyright (c) Pydantic Services Inc.",
    unit: "US dollars per million tokens; base tier only",
    models: Object.fromEntries(sorted),
  }
  return `${JSON.stringify(catalogue, undefined, 1)}\n`
}

/** Names that are spelled out; prefixes and expressions are not names. */
function namesOf(match: ModelInfo["match"]): readonly string[] {
  if ("equals" in match) return [match.equals]
  return "or" in match ? match.or.flatMap(namesOf) : []
}

function pricesOf(model: ModelInfo): readonly DatedPrice[] | undefined {
  if (!Array.isArray(model.prices)) {
    const price = priceOf(model.prices)
    return price === undefined ? undefined : [price]
  }
  const dated = model.prices.map(({ constraint, prices }) => {
    const price = priceOf(prices)
    if (constraint === undefined || price === undefined) return price
    if (constraint.type !== "start_date") return undefined
    return { from: `${constraint.start_date}T00:00:00Z`, ...price }
  })
  return dated.every((price) => price !== undefined) ? dated : undefined
}

function priceOf(prices: ModelPrice): DatedPrice | undefined {
  if (Object.keys(prices).some((key) => /audio|image/.test(key))) return undefined
  const input = dollars(prices["input_mtok"])
  const output = dollars(prices["output_mtok"])
  if (input === undefined || output === undefined) return undefined
  const cachedInput = dollars(prices["cache_read_mtok"])
  return { input, ...(cachedInput === undefined ? {} : { cachedInput }), output }
}

function dollars(price: ModelPrice[string]): string | undefined {
  if (price === undefined) return undefined
  const base = typeof price === "number" ? price : price.base
  return base.toFixed(6).replace(/[.]?0+$/, "")
}

function packageVersion(): string {
  const main = fileURLToPath(import.meta.resolve("@pydantic/genai-prices"))
  const found = /"version": "([^"]+)"/.exec(readFileSync(join(main, "../../package.json"), "utf8"))
  return found?.[1] ?? "unknown"
}
