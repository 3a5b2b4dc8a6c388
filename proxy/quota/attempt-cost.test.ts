import { describe, expect, test } from "vitest"
import type { Price } from "#proxy/contract/prices.ts"
import type { AttemptIntent, TokenUsage } from "#proxy/contract/records.ts"
import { boundWith, NO_USAGE, settledAt } from "./attempt-cost.ts"

const PRICE = { fromMs: 0, input: 1000, cachedInput: null, output: 2000 }
const ZERO = { ...NO_USAGE }

test.each([
  ["what was never billed costs nothing", PRICE, NO_USAGE, 0],
  ["neither does it at an unpriced model", undefined, NO_USAGE, 0],
  ["a report of no tokens is at its price", PRICE, ZERO, 0],
  ["where there is none, no one knows: it may be billed by the request", undefined, ZERO, null],
  ["tokens without a price have no cost", undefined, { ...ZERO, inputTokens: 1 }, null],
])("%s", (_name, price, usage, want) => {
  expect([settled(price, usage).cost, boundWith(price, usage)]).toEqual([want, want])
})

const INTENT: AttemptIntent = {
  id: "a-1",
  operation: "a",
  attempt: 1,
  admittedAt: 0,
  route: "",
  rule: "",
  provider: "one",
  model: "m",
  requestedModel: "m",
  user: null,
  stream: false,
  estimate: NO_USAGE,
  estimatedCost: null,
}
const END = { endedAt: 1, outcome: "ok", status: 200, source: "reported" } as const

function settled(price: Price | undefined, told: TokenUsage, estimate: TokenUsage = NO_USAGE) {
  return settledAt({ intent: { ...INTENT, estimate }, price }, told, END)
}

describe("an attempt is charged at the terms", () => {
  const multipliers = { "service_tier=priority": 1_500_000, "speed=fast": 2_000_000 }
  const price = { ...PRICE, multipliers }
  const asked = { ...ZERO, terms: { service_tier: "priority" } }
  const told = (terms?: TokenUsage["terms"]): TokenUsage => ({
    ...ZERO,
    inputTokens: 1000,
    ...(terms === undefined ? {} : { terms }),
  })

  test.each([
    ["that its answer tells", told({ service_tier: "standard" }), asked, 1000],
    ["that it asked for where nothing is told", told(), asked, 1500],
    ["of both where each is of another field", told({ speed: "fast" }), asked, 3000],
    ["that it did not ask for", told({ speed: "fast" }), ZERO, 2000],
    ["that are regular where nothing is said", told(), ZERO, 1000],
    ["or is unpriced where one has no price", told({ speed: "other" }), asked, null],
    ["and at none where nothing was billed", NO_USAGE, asked, 0],
    ["nor where its answer tells that it is not", told({ billing: "none" }), asked, 0],
  ])("%s", (_name, usage, estimate, cost) => {
    expect(settled(price, usage, estimate)).toMatchObject({ id: "a-1", ...END, cost })
  })

  test("and what is not billed costs nothing at an unpriced model too", () => {
    expect(settled(undefined, told({ billing: "none" })).cost).toBe(0)
  })

  test("and tells them", () => {
    expect(settled(price, told({ speed: "fast" }), asked).usage.terms).toEqual({
      service_tier: "priority",
      speed: "fast",
    })
  })
})
