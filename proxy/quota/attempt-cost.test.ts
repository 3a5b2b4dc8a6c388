import { expect, test } from "vitest"
import { boundWith, costWith, NO_USAGE } from "./attempt-cost.ts"

const PRICE = { fromMs: 0, input: 1000, cachedInput: null, output: 2000 }
const ZERO = { ...NO_USAGE }

test.each([
  ["what was never billed costs nothing", PRICE, NO_USAGE, 0],
  ["neither does it at an unpriced model", undefined, NO_USAGE, 0],
  ["a report of no tokens is at its price", PRICE, ZERO, 0],
  ["where there is none, no one knows: it may be billed by the request", undefined, ZERO, null],
  ["tokens without a price have no cost", undefined, { ...ZERO, inputTokens: 1 }, null],
])("%s", (_name, price, usage, want) => {
  expect([costWith(price, usage), boundWith(price, usage)]).toEqual([want, want])
})
