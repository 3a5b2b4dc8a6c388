/**
 * Writes the built-in catalogue from the price list of the npm package @pydantic/genai-prices
 * (MIT), and what `additions.ts` says over it.
 *
 *   node operator/compile/catalogue/generate.ts            writes it
 *   node operator/compile/catalogue/generate.ts --check    exits 1 when it is stale
 *
 * `read-list.ts` says which names are taken from the list, `read-price.ts` which prices.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { ADDITIONS } from "./additions.ts"
import { readList } from "./read-list.ts"
import type { DatedPrice } from "./tariff.ts"

const FILE = fileURLToPath(new URL("generated/prices.json", import.meta.url))
const COMMAND = "node operator/compile/catalogue/generate.ts"

/** Whose prices we have, as `priceSource` names them, and what the list calls them. */
const SOURCES = {
  OpenAI: "openai",
  Mistral: "mistral",
  Groq: "groq",
  Together: "together",
  Fireworks: "fireworks",
  DeepSeek: "deepseek",
  XAI: "x-ai",
  OpenRouter: "openrouter",
  Perplexity: "perplexity",
  Cerebras: "cerebras",
  CloudflareWorkersAI: "cloudflare",
  AzureOpenAI: "azure",
  Anthropic: "anthropic",
  Gemini: "google",
  VertexAI: "google",
  Bedrock: "aws",
  Cohere: "cohere",
} as const

const text = generate()
if (!process.argv.includes("--check")) writeFileSync(FILE, text)
else if (readFileSync(FILE, "utf8") !== text) {
  console.error(`${FILE} is stale: run ${COMMAND}`)
  process.exitCode = 1
}

function generate(): string {
  const sources = Object.entries(SOURCES).map(([source, id]) => {
    const listed = [...readList(id)].filter(([name]) => !isForeign(source, name))
    const names = [...new Map([...listed, ...additionsTo(source)])]
    return `${JSON.stringify(source)}: ${formatModels(groupByPrices(names))}`
  })
  const head = {
    generatedBy: COMMAND,
    source: `npm @pydantic/genai-prices ${packageVersion()}`,
    licence: "MIT, Copyright (c) Pydantic Services Inc.",
    unit: "US dollars per million tokens; a name that ends in * stands for all that begin so",
  }
  const fields = Object.entries(head).map(([name, value]) => `"${name}": ${JSON.stringify(value)}`)
  return `{\n${[...fields, `"sources": {\n${sources.join(",\n")}\n}`].join(",\n")}\n}\n`
}

function additionsTo(source: string): readonly (readonly [string, readonly DatedPrice[]])[] {
  return ADDITIONS.filter(({ sources }) => sources.includes(source)).flatMap(({ names, prices }) =>
    names.map((name) => [name, prices] as const),
  )
}

/** Google's list is that of Vertex AI too, which also serves Claude. */
function isForeign(source: string, name: string): boolean {
  return source === "Gemini" && name.includes("claude")
}

interface Model {
  readonly names: readonly string[]
  readonly prices: readonly DatedPrice[]
}

/** Names in order; models in the order of their first name. */
function groupByPrices(
  names: readonly (readonly [string, readonly DatedPrice[]])[],
): readonly Model[] {
  const models = new Map<string, { names: string[]; prices: readonly DatedPrice[] }>()
  for (const [name, prices] of names.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const key = JSON.stringify(prices)
    const model = models.get(key) ?? { names: [], prices }
    models.set(key, model)
    model.names.push(name)
  }
  return [...models.values()]
}

/** One line a model, so that a change of the list reads as what changed. */
function formatModels(models: readonly Model[]): string {
  return `[\n${models.map((model) => JSON.stringify(model)).join(",\n")}\n]`
}

function packageVersion(): string {
  const main = fileURLToPath(import.meta.resolve("@pydantic/genai-prices"))
  const found = /"version": "([^"]+)"/.exec(readFileSync(join(main, "../../package.json"), "utf8"))
  return found?.[1] ?? "unknown"
}
