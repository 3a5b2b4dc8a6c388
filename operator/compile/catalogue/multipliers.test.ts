/** What built-in prices cost at other terms of service, as the book of prices has it. */
import { expect, test } from "vitest"
import { pricesNamed } from "#proxy/contract/price-lookup.ts"
import { PRICE_TERMS } from "#proxy/contract/price-terms.ts"
import { costOf } from "#proxy/contract/prices.ts"
import { bookPrices } from "../price-book.ts"
import { BUILT_IN_MODELS } from "./built-in.ts"
import { multipliersOf, TERM_ROWS } from "./multipliers.ts"

const { book } = bookPrices([])
const TOKENS = { inputTokens: 1_000_000, cachedInputTokens: 0, outputTokens: 0 }

/** Of a million tokens in, in dollars; null where unpriced. */
function dollars(source: string, model: string, terms: Record<string, string>): number | null {
  const price = pricesNamed(book.get(source), model)?.prices.at(-1)
  if (price === undefined) throw new Error(`${model} has no price`)
  const cost = costOf(price, { ...TOKENS, terms })
  return cost === null ? null : cost / 1e9
}

test.each([
  ["OpenAI", "gpt-4o", "service_tier=priority", 4.25],
  ["OpenAI", "gpt-4o-2024-08-06", "service_tier=priority", 4.25],
  ["OpenAI", "gpt-4o-2024-05-13", "service_tier=priority", 8.75],
  ["OpenAI", "gpt-4o-mini", "service_tier=priority", 0.25],
  ["OpenAI", "gpt-4.1", "service_tier=priority", 3.5],
  ["OpenAI", "gpt-5", "service_tier=priority", 2.5],
  ["OpenAI", "gpt-5-mini", "service_tier=priority", 0.45],
  ["OpenAI", "o4-mini-2025-04-16", "service_tier=priority", 2],
  ["OpenAI", "o3", "service_tier=flex", 1],
  ["OpenAI", "gpt-4-turbo", "service_tier=priority", null],
  ["OpenAI", "gpt-5", "service_tier=scale", null],
  ["AzureOpenAI", "gpt-4o", "service_tier=flex", 1.25],
  ["AzureOpenAI", "gpt-4o", "service_tier=priority", null],
  ["Groq", "llama-3.3-70b-versatile", "service_tier=flex", 0.59],
  ["Gemini", "gemini-2.5-flash", "service_tier=priority", 0.6],
  ["VertexAI", "gemini-2.5-flash", "service_tier=priority", null],
  ["Anthropic", "claude-opus-5-5", "speed=fast", 8],
  ["Anthropic", "claude-sonnet-4-6", "speed=fast", null],
  ["Anthropic", "claude-haiku-4-5", "inference_geo=us", 1.1],
  ["DeepSeek", "deepseek-chat", "service_tier=flex", null],
])("a million tokens of %s's %s at %s", (source, model, term, want) => {
  const [field = "", word = ""] = term.split("=")
  const got = dollars(source, model, { [field]: word })
  if (want === null) expect(got).toBeNull()
  else expect(got).toBeCloseTo(want, 5)
})

test("every row is of a name that the catalogue has, at a term that there is", () => {
  const terms: readonly string[] = PRICE_TERMS
  for (const { sources, names, multipliers } of TERM_ROWS) {
    expect(multipliers.filter(({ when }) => !terms.includes(when))).toEqual([])
    for (const source of sources) {
      const known = [...(BUILT_IN_MODELS.get(source)?.keys() ?? [])]
      for (const name of names) {
        const own = name.endsWith("*") ? known : known.filter((model) => model === name)
        expect([source, name, own.length > 0]).toEqual([source, name, true])
      }
    }
  }
})

test("no name has a term twice", () => {
  for (const [source, models] of BUILT_IN_MODELS) {
    for (const model of models.keys()) {
      const whens = (multipliersOf(source, model) ?? []).map(({ when }) => when)
      expect(new Set(whens).size).toBe(whens.length)
    }
  }
})
