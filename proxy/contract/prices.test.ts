import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { formatNanoUsd, formatUsd, parseDecimal } from "./money.ts"
import { costOf, priceAt } from "./prices.ts"

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
