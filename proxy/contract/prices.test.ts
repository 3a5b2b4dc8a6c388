import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { formatNanoUsd, formatUsd, parseDecimal } from "./money.ts"
import { costBound, costOf, type Price, priceAt, type Tariff } from "./prices.ts"
import type { TokenUsage } from "./records.ts"

const price = (input: number, cachedInput: number | null, output: number, fromMs = 0) => ({
  fromMs,
  input,
  cachedInput,
  output,
})
const usage = (inputTokens: number, cachedInputTokens: number, outputTokens: number) => ({
  inputTokens,
  cachedInputTokens,
  outputTokens,
})

test.each([
  [
    "a price of 0.0125 dollars per million does not round away",
    price(12_500, null, 0),
    usage(1, 0, 0),
    13,
  ],
  ["and is exact for many", price(12_500, null, 0), usage(1_000_000, 0, 0), 12_500_000],
  ["cached tokens have their own price", price(2000, 1000, 0), usage(10, 4, 0), 16],
  ["without one they cost what input costs", price(2000, null, 0), usage(10, 4, 0), 20],
  ["more cached than input is not more than input", price(2000, 1000, 0), usage(10, 99, 0), 10],
  ["a free model costs nothing", price(0, null, 0), usage(10, 0, 10), 0],
  ["it rounds up once, not for each part", price(1, 1, 1), usage(2, 1, 1), 1],
])("%s", (_name, tariff, tokens, want) => {
  expect(costOf(tariff, tokens)).toBe(want)
})

/** Every price apart from the others, so that a token at the wrong one shows. */
const full: Price = {
  fromMs: 0,
  input: 1_000_000,
  cachedInput: 100_000,
  cacheWrite: 1_250_000,
  cacheWrite1h: 2_000_000,
  inputAudio: 3_000_000,
  inputImage: 1_500_000,
  output: 5_000_000,
  outputAudio: 20_000_000,
  outputImage: 30_000_000,
}
const tiered: Price = {
  ...full,
  tiers: [
    { ...full, input: 2_000_000, output: 7_000_000, aboveInputTokens: 200 },
    { input: 3_000_000, cachedInput: null, output: 6_000_000, aboveInputTokens: 400 },
  ],
}

test.each<[string, Price, TokenUsage, number]>([
  [
    "written tokens have their own price",
    full,
    { ...usage(10, 0, 0), cacheWriteTokens: 4 },
    11_000,
  ],
  [
    "and those kept for an hour another",
    full,
    { ...usage(10, 1, 0), cacheWriteTokens: 4, cacheWrite1hTokens: 3 },
    5000 + 100 + 1250 + 6000,
  ],
  [
    "an hour costs what any write costs where it has no price",
    { ...price(1_000_000, null, 0), cacheWrite: 1_250_000 },
    { ...usage(10, 0, 0), cacheWriteTokens: 4, cacheWrite1hTokens: 4 },
    11_000,
  ],
  [
    "writes cost what input costs where they have none",
    price(1_000_000, null, 0),
    { ...usage(10, 0, 0), cacheWriteTokens: 4, cacheWrite1hTokens: 4 },
    10_000,
  ],
  [
    "audio and images of both sides have their own prices",
    full,
    {
      ...usage(10, 0, 10),
      inputAudioTokens: 2,
      inputImageTokens: 3,
      outputAudioTokens: 4,
      outputImageTokens: 1,
    },
    5000 + 6000 + 4500 + 25_000 + 80_000 + 30_000,
  ],
  [
    "cached audio is charged as audio",
    full,
    { ...usage(10, 8, 0), inputAudioTokens: 5 },
    15_000 + 500,
  ],
  [
    "where audio costs what text costs, cached audio is charged as cached",
    price(1_000_000, 100_000, 0),
    { ...usage(10, 8, 0), inputAudioTokens: 5 },
    2000 + 800,
  ],
  ["reasoning costs what output costs", full, { ...usage(0, 0, 10), reasoningTokens: 9 }, 50_000],
  ["a prompt at the bound of a tier is below it", tiered, usage(200, 0, 1), 205_000],
  ["one token more puts the whole call into it", tiered, usage(201, 1, 1), 400_000 + 100 + 7000],
  [
    "several prompts that are longer together are in the tier of the longest",
    tiered,
    { ...usage(201, 0, 1), longestPrompt: 200 },
    206_000,
  ],
  ["which is that of all of them", tiered, { ...usage(500, 0, 0), longestPrompt: 201 }, 1_000_000],
  [
    "the last tier that applies holds, without the prices before it",
    tiered,
    usage(401, 1, 1),
    1_209_000,
  ],
])("%s", (_name, tariff, tokens, want) => {
  expect(costOf(tariff, tokens)).toBe(want)
})

test.each<[string, Price, TokenUsage, number]>([
  ["the price of a write, which may come unasked", full, usage(10, 0, 0), 12_500],
  [
    "of an hour only when it was asked for",
    full,
    { ...usage(10, 0, 0), cacheWriteTokens: 10, cacheWrite1hTokens: 10 },
    20_000,
  ],
  ["audio as far as it was sent", full, { ...usage(10, 0, 0), inputAudioTokens: 2 }, 16_000],
  ["the dearest form of an answer", full, usage(0, 0, 1), 30_000],
  ["the dearest tier that the prompt may reach", tiered, usage(401, 0, 0), 1_203_000],
  ["but none that it cannot", tiered, usage(200, 0, 0), 250_000],
])("the bound takes %s", (_name, tariff, tokens, want) => {
  expect(costBound(tariff, tokens)).toBe(want)
})

test("a cost is a safe integer whatever a provider reports", () => {
  const absurd = usage(Number.MAX_SAFE_INTEGER, 0, Number.MAX_SAFE_INTEGER)
  expect(costOf(price(2_500_000, null, 10_000_000), absurd)).toBe(Number.MAX_SAFE_INTEGER)
})

test("the short way and the long way agree", () => {
  const tokens = fc.nat(2_000_000_000)
  const tariff = fc.nat(200_000_000)
  fc.assert(
    fc.property(tokens, tokens, tokens, tariff, tariff, tariff, (i, c, o, a, b, d) => {
      const cached = Math.min(c, i)
      const pico =
        BigInt(i - cached) * BigInt(a) + BigInt(cached) * BigInt(b) + BigInt(o) * BigInt(d)
      expect(costOf(price(a, b, d), usage(i, c, o))).toBe(Number((pico + 999n) / 1000n))
    }),
  )
})

const rate = fc.nat(200_000_000)
const count = fc.oneof(fc.nat(50), fc.nat(2_000_000_000))
const tariffs: fc.Arbitrary<Tariff> = fc.record(
  {
    input: rate,
    cachedInput: fc.option(rate),
    cacheWrite: rate,
    cacheWrite1h: rate,
    inputAudio: rate,
    inputImage: rate,
    output: rate,
    outputAudio: rate,
    outputImage: rate,
  },
  { requiredKeys: ["input", "cachedInput", "output"] },
)
const prices: fc.Arbitrary<Price> = fc
  .tuple(
    tariffs,
    fc.uniqueArray(count, { maxLength: 3 }),
    fc.array(tariffs, { minLength: 3, maxLength: 3 }),
  )
  .map(([base, bounds, above]) => ({
    ...base,
    fromMs: 0,
    tiers: bounds
      .sort((a, b) => a - b)
      .map((aboveInputTokens, at) => ({ ...(above[at] ?? base), aboveInputTokens })),
  }))
/** Sizes of disjoint parts, so that the whole is known from them. */
const splits = fc.record({
  fresh: count,
  cached: count,
  write: count,
  hour: count,
  audio: count,
  image: count,
  text: count,
  reasoning: count,
  speech: count,
  drawn: count,
})
type Split = {
  readonly [K in
    | "fresh"
    | "cached"
    | "write"
    | "hour"
    | "audio"
    | "image"
    | "text"
    | "reasoning"
    | "speech"
    | "drawn"]: number
}

function usageFrom(split: Split): TokenUsage {
  const { fresh, cached, write, hour, audio, image, text, reasoning, speech, drawn } = split
  return {
    inputTokens: fresh + cached + write + hour + audio + image,
    cachedInputTokens: cached,
    cacheWriteTokens: write + hour,
    cacheWrite1hTokens: hour,
    inputAudioTokens: audio,
    inputImageTokens: image,
    outputTokens: text + reasoning + speech + drawn,
    reasoningTokens: reasoning,
    outputAudioTokens: speech,
    outputImageTokens: drawn,
  }
}

test("a cost is the exact sum of every part at its price, rounded up once", () => {
  fc.assert(
    fc.property(prices, splits, (price, split) => {
      const usage = usageFrom(split)
      const tier = price.tiers?.filter((one) => usage.inputTokens > one.aboveInputTokens).at(-1)
      const { input, output, ...rest } = tier ?? price
      const write = rest.cacheWrite ?? input
      const pairs = [
        [split.fresh, input],
        [split.cached, rest.cachedInput ?? input],
        [split.write, write],
        [split.hour, rest.cacheWrite1h ?? write],
        [split.audio, rest.inputAudio ?? input],
        [split.image, rest.inputImage ?? input],
        [split.text + split.reasoning, output],
        [split.speech, rest.outputAudio ?? output],
        [split.drawn, rest.outputImage ?? output],
      ] as const
      const pico = pairs.reduce((sum, [tokens, pico]) => sum + BigInt(tokens) * BigInt(pico), 0n)
      const nano = (pico + 999n) / 1000n
      const most = BigInt(Number.MAX_SAFE_INTEGER)
      expect(BigInt(costOf(price, usage) ?? -1)).toBe(nano > most ? most : nano)
    }),
    { numRuns: 2000 },
  )
})

describe("terms of service", () => {
  const at = (terms: TokenUsage["terms"]): TokenUsage => ({
    ...usage(1000, 0, 10),
    terms: terms ?? {},
  })
  const priced: Price = {
    ...price(2_500_000, 1_250_000, 10_000_000),
    tiers: [{ ...price(5_000_000, null, 20_000_000), aboveInputTokens: 1000 }],
    multipliers: {
      "service_tier=priority": 1_700_000,
      "service_tier=flex": 500_000,
      "service_tier=scale": 0,
      "speed=fast": 2_000_000,
      "inference_geo=us": 1_100_000,
    },
  }
  test.each<[string, TokenUsage, number | null, number | null]>([
    ["regular ones change nothing", at({ service_tier: "standard" }), 2_600_000, 2_600_000],
    ["a dearer one multiplies all", at({ service_tier: "priority" }), 4_420_000, 4_420_000],
    ["a cheaper one may not be had", at({ service_tier: "flex" }), 1_300_000, 2_600_000],
    ["nor one that is paid for otherwise", at({ service_tier: "scale" }), 0, 2_600_000],
    [
      "several multiply each other",
      at({ speed: "fast", inference_geo: "us" }),
      5_720_000,
      5_720_000,
    ],
    ["one without a price has no cost", at({ service_tier: "ultrafast" }), null, null],
    ["nor has one that nobody knows", at({ speed: "fast", inference_geo: "other" }), null, null],
    [
      "a long prompt's price is multiplied",
      { ...at({ speed: "fast" }), inputTokens: 1001 },
      10_410_000,
      10_410_000,
    ],
  ])("%s", (_name, tokens, cost, bound) => {
    expect([costOf(priced, tokens), costBound(priced, tokens)]).toEqual([cost, bound])
  })
  test("have no price where a price has no multipliers", () => {
    expect(costOf(full, at({ service_tier: "flex" }))).toBeNull()
    expect(costOf(full, at({ service_tier: "standard" }))).not.toBeNull()
  })
  test("are exact to a pico-dollar a token, rounded up", () => {
    const odd = { ...price(1_100_001, null, 0), multipliers: { "speed=fast": 1_818_182 } }
    // 1,100,001 times 1.818182 is 2,000,002.018 pico-dollars, and is taken for 2,000,003.
    expect(costOf(odd, { ...usage(1000, 0, 0), terms: { speed: "fast" } })).toBe(2_000_003)
  })
})

test("no call within its estimate costs more than the bound", () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(prices, splits, splits, share, (price, split, other, part) => {
      const estimate = usageFrom(split)
      const within = (a: number, b: number) => Math.floor(Math.min(a, b) * part)
      const actual = usageFrom({
        ...other,
        audio: within(other.audio, split.audio),
        image: within(other.image, split.image),
        hour: within(other.hour, split.hour),
        fresh: within(other.fresh, split.fresh),
        cached: within(other.cached, split.cached),
        write: within(other.write, split.write),
        text: within(other.text, split.text),
        reasoning: within(other.reasoning, split.reasoning),
        speech: within(other.speech, split.speech),
        drawn: within(other.drawn, split.drawn),
      })
      expect(costBound(price, estimate)).toBeGreaterThanOrEqual(costOf(price, actual) ?? Number.NaN)
      // What is not audio may be anything: the estimate bounds the sum.
      const text = { ...estimate, inputAudioTokens: 0, inputImageTokens: 0, cacheWrite1hTokens: 0 }
      for (const cached of [0, estimate.inputTokens]) {
        const moved = { ...text, cachedInputTokens: cached, cacheWriteTokens: 0 }
        expect(costBound(price, estimate)).toBeGreaterThanOrEqual(
          costOf(price, moved) ?? Number.NaN,
        )
      }
      const spoken = { ...text, outputAudioTokens: estimate.outputTokens, outputImageTokens: 0 }
      expect(costBound(price, text)).toBeGreaterThanOrEqual(costOf(price, spoken) ?? Number.NaN)
    }),
    { numRuns: 2000 },
  )
})

test("the price in force is the newest that has begun", () => {
  const prices = [price(1, null, 1, 100), price(2, null, 2, 200)]
  expect([99, 100, 199, 200, 1e12].map((at) => priceAt(prices, at)?.input)).toEqual([
    undefined,
    1,
    1,
    2,
    2,
  ])
  expect(priceAt(undefined, 0)).toBeUndefined()
})

describe("money as text", () => {
  test.each([
    ["123.4567", 123_456_700_000n],
    ["0", 0n],
    ["500", 500_000_000_000n],
    ["0.000000001", 1n],
    ["1.10", 1_100_000_000n],
    ["10,5", undefined],
    ["$5", undefined],
    ["1e3", undefined],
    ["-1", undefined],
    ["", undefined],
    ["0.0000000001", undefined],
  ])("%s", (text, nano) => {
    expect(parseDecimal(text, 9)).toBe(nano)
  })

  test("what is written is read back, and both writers agree", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (nano) => {
        const text = formatNanoUsd(nano)
        expect(text).toBe(formatUsd(BigInt(nano)))
        expect(parseDecimal(text, 9)).toBe(BigInt(nano))
      }),
    )
    expect(formatUsd(-1_500_000_000n)).toBe("-1.5")
  })
})
