import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { calcPrice } from "@pydantic/genai-prices"
import { describe, expect, test } from "vitest"
import { namedPrices, pricesNamed } from "#proxy/contract/price-lookup.ts"
import { VENDORS } from "#proxy/contract/vendors.ts"
import { ADDITIONS } from "./additions.ts"
import { BUILT_IN_MODELS, BUILT_IN_SOURCE } from "./built-in.ts"
import { pricesOf } from "./read-price.ts"
import type { DatedPrice } from "./tariff.ts"

const books = new Map(
  [...BUILT_IN_MODELS].map(([source, models]) => [source, namedPrices(models)] as const),
)
const find = (source: string, model: string) => pricesNamed(books.get(source), model)

describe("the built-in catalogue", () => {
  test("is what the price list gives now", () => {
    const script = fileURLToPath(new URL("generate.ts", import.meta.url))
    expect(() =>
      execFileSync(process.execPath, [script, "--check"], { stdio: "pipe" }),
    ).not.toThrow()
  })
  test("names its source", () => {
    expect(BUILT_IN_SOURCE).toMatch(/^npm @pydantic\/genai-prices \d+\.\d+\.\d+$/)
  })
  test("has sources that a provider can have, and no other", () => {
    const schemas = ["AzureOpenAI", "Anthropic", "Gemini", "VertexAI", "Bedrock", "Cohere"]
    const known = [...schemas, "Simulated", ...VENDORS.map(({ name }) => name)]
    expect([...BUILT_IN_MODELS.keys()].filter((source) => !known.includes(source))).toEqual([])
  })
  test("has the price of a model, of its dated name, and from when it holds", () => {
    const base = [{ input: "2.5", cachedInput: "1.25", output: "10" }]
    expect(find("OpenAI", "gpt-4o")).toEqual(base)
    expect(find("OpenAI", "gpt-4o-2024-08-06")).toEqual(base)
    expect(find("OpenAI", "o3")?.map(({ from, input }) => [from, input])).toEqual([
      [undefined, "10"],
      ["2025-06-10T00:00:00Z", "2"],
    ])
  })
  test("has writes to caches and tiers of long prompts", () => {
    expect(find("Anthropic", "claude-sonnet-4-5-20250929")).toEqual([
      {
        input: "3",
        cachedInput: "0.3",
        cacheWrite: "3.75",
        cacheWrite1h: "6",
        output: "15",
        tiers: [
          {
            aboveInputTokens: 200_000,
            input: "6",
            cachedInput: "0.6",
            cacheWrite: "7.5",
            cacheWrite1h: "12",
            output: "22.5",
          },
        ],
      },
    ])
  })
  test.each([
    ["Bedrock", "anthropic.claude-3-7-sonnet-20250219-v1:0", "3"],
    ["Bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "3.3"],
    ["Bedrock", "eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "3.3"],
    ["Bedrock", "global.anthropic.claude-sonnet-4-5-20250929-v1:0", "3"],
    ["Bedrock", "eu.amazon.nova-pro-v1:0", "0.8"],
    ["VertexAI", "claude-sonnet-4-5@20250929", "3"],
    ["VertexAI", "gemini-2.5-flash", "0.3"],
    ["Gemini", "gemini-2.5-pro", "1.25"],
    ["AzureOpenAI", "gpt-4o", "2.5"],
    ["Groq", "llama-3.3-70b-versatile", "0.59"],
    ["OpenRouter", "anthropic/claude-sonnet-4.5", "3"],
    ["OpenAI", "text-embedding-3-small", "0.02"],
    ["Bedrock", "amazon.titan-embed-text-v1", "0.1"],
    ["Bedrock", "amazon.titan-embed-text-v2:0", "0.02"],
    ["Bedrock", "eu.cohere.embed-v4:0", "0.12"],
    ["Bedrock", "cohere.embed-multilingual-v3", "0.1"],
    ["Anthropic", "claude-haiku-5-5", "0.1"],
    ["OpenAI", "omni-moderation-latest", "0"],
  ])("%s sells %s at %s a million tokens of input", (source, model, input) => {
    expect(find(source, model)?.[0]?.input).toBe(input)
  })
  test.each<[string, string, Partial<DatedPrice>]>([
    ["OpenAI", "gpt-4o-transcribe", { input: "2.5", inputAudio: "6", output: "10" }],
    ["OpenAI", "gpt-4o-mini-tts-2025-12-15", { input: "0.6", output: "12" }],
    ["OpenAI", "gpt-audio", { inputAudio: "32", outputAudio: "64" }],
    ["AzureOpenAI", "gpt-4o-audio-preview", { inputAudio: "40", outputAudio: "80" }],
    ["OpenAI", "gpt-image-1", { input: "5", inputImage: "10", output: "40" }],
    ["OpenAI", "gpt-image-1.5", { inputImage: "8", output: "10", outputImage: "32" }],
    ["OpenAI", "gpt-image-2.5-flare", { inputImage: "8", output: "30" }],
    ["Gemini", "gemini-2.5-flash", { inputAudio: "1", cachedInput: "0.03" }],
    ["Gemini", "gemini-2.5-flash-image", { output: "2.5", outputImage: "30" }],
    ["Gemini", "gemini-embedding-2", { input: "0.2", inputAudio: "6.5", inputImage: "12" }],
  ])("%s sells %s by its modalities: %j", (source, model, prices) => {
    expect(find(source, model)?.at(-1)).toMatchObject(prices)
  })
  test("has the hour in Claude's cache at two inputs wherever it has the five minutes", () => {
    const odd: string[] = []
    for (const [source, models] of BUILT_IN_MODELS) {
      for (const [name, prices] of models) {
        if (!name.includes("claude")) continue
        for (const price of prices.flatMap((one) => [one, ...(one.tiers ?? [])])) {
          const { input, cacheWrite, cacheWrite1h } = price
          if (cacheWrite === undefined) continue
          if (Number(cacheWrite1h) !== 2 * Number(input)) odd.push(`${source} ${name}`)
        }
      }
    }
    expect(odd).toEqual([])
  })
  test("has no write to a cache below what its input costs", () => {
    const odd: string[] = []
    for (const [source, models] of BUILT_IN_MODELS) {
      for (const [name, prices] of models) {
        for (const { input, cacheWrite } of prices.flatMap((one) => [one, ...(one.tiers ?? [])])) {
          if (Number(cacheWrite ?? input) < Number(input)) odd.push(`${source} ${name}`)
        }
      }
    }
    expect(odd).toEqual([])
    // "Input token price + (Cache storage price x (5 minutes / 60 minutes))".
    const [gemini] = find("OpenRouter", "google/gemini-3.1-pro-preview") ?? []
    expect(gemini).toMatchObject({ input: "2", cacheWrite: "2.375" })
  })
  test.each([
    ["an hour of speech is no token", "OpenAI", "whisper-1"],
    ["nor is a minute", "OpenAI", "gpt-transcribe"],
    ["nor is a character to be spoken", "OpenAI", "tts-1"],
    ["nor is a picture", "OpenAI", "dall-e-3"],
    ["nor is a search", "Cohere", "rerank-v3.5"],
    ["a page is none", "Mistral", "mistral-ocr-2505"],
    ["nor is a minute that a chat hears", "Mistral", "voxtral-small-latest"],
    ["a charge for each request is more than tokens", "Perplexity", "sonar"],
    ["what is free today", "Mistral", "mistral-nemo:free"],
    ["a vendor's model at another", "Groq", "gpt-4o"],
    ["a name that nobody has", "OpenAI", "gpt-99"],
    ["a beginning of a name that the list does not give as such", "OpenAI", "gpt-4o-2030-01-01"],
  ])("%s is unpriced", (_why, source, model) => {
    expect(find(source, model)).toBeUndefined()
  })
  test("prices a simulated model as its namesake, and three of its own", () => {
    expect(find("Simulated", "gpt-4o")).toEqual(find("OpenAI", "gpt-4o"))
    expect(find("Simulated", "simulated-small")).toHaveLength(1)
  })
})

const ADDED = new Map(
  [...BUILT_IN_MODELS.keys()].map((source) => {
    const rows = ADDITIONS.filter(({ sources }) => sources.includes(source))
    const names = rows.flatMap((row) => row.names.map((name) => [name, row] as const))
    return [source, namedPrices(names)] as const
  }),
)
const isAdded = (source: string, name: string) => pricesNamed(ADDED.get(source), name) !== undefined

test.each(ADDITIONS)("the list does not yet say itself: $names.0, $page", (row) => {
  const { sources, names, prices } = row
  for (const source of sources) {
    for (const name of names) {
      expect(find(source, name.replace("*", ""))).toEqual(prices)
      const id = Object.entries(LIST_IDS).find(([ours]) => ours === source)?.[1]
      const picked = calcPrice({}, name.replace("*", ""), { providerId: id ?? "" })?.model
      expect(picked === undefined ? undefined : pricesOf(picked)).not.toEqual(prices)
    }
  }
})

const LIST_IDS = {
  OpenAI: "openai",
  Anthropic: "anthropic",
  Gemini: "google",
  VertexAI: "google",
  Bedrock: "aws",
  AzureOpenAI: "azure",
  Mistral: "mistral",
  DeepSeek: "deepseek",
  XAI: "x-ai",
  Cerebras: "cerebras",
  OpenRouter: "openrouter",
  Cohere: "cohere",
}
const ENDINGS = ["", "-20260301", "-v1:0", "@20260301", "-latest", "-5", ".5", "-mini", ":free"]

test.each(Object.entries(LIST_IDS))(
  "%s: no name, whatever its ending, costs other than the list says",
  (source, id) => {
    const wrong: string[] = []
    for (const key of BUILT_IN_MODELS.get(source)?.keys() ?? []) {
      // Of the form of a date by its expression, which no other ending has.
      if (key.endsWith("-20*")) continue
      for (const ending of ENDINGS) {
        const name = `${key.replace("*", "")}${ending}`
        const ours = find(source, name)
        if (ours === undefined || isAdded(source, name)) continue
        const picked = calcPrice({}, name, { providerId: id })?.model
        const theirs = picked === undefined ? undefined : pricesOf(picked)
        if (JSON.stringify(ours) !== JSON.stringify(theirs)) wrong.push(`${name}: ${picked?.id}`)
      }
    }
    expect(wrong).toEqual([])
  },
)
