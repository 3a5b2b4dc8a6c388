import { describe, expect, test } from "vitest"
import type { Target } from "#proxy/exchange/target.ts"
import { pickTarget, withTarget } from "./pick-target.ts"
import { createRetryBudget } from "./retry-budget.ts"
import { selectsWorkload } from "./workload-selector.ts"

function target(index: number, weight: number, priority = 0): Target {
  return {
    index,
    provider: {
      name: `p${index}`,
      schema: "OpenAI",
      origin: "https://x.example",
      pathPrefix: "",
      vendor: null,
      options: null,
      network: "Public",
      credential: "None",
      connectTimeoutMs: 1,
      disabled: false,
      simulated: null,
    },
    model: "m",
    modelJson: null,
    weight,
    priority,
    problem: null,
    verdict: null,
    prices: undefined,
    answerHeaders: [],
  }
}

describe("the order of attempts", () => {
  const tiers = [[target(0, 90), target(1, 10), target(2, 0)], [target(3, 1, 5)]]

  test.each([
    [0, 0],
    [0.899, 0],
    [0.9, 1],
    [0.9999999999, 1],
  ])("a draw of %f picks by weight", (draw, index) => {
    expect(pickTarget(tiers, 0, draw)?.index).toBe(index)
  })

  test("shares are the weights", () => {
    let first = 0
    for (let step = 0; step < 1000; step++) {
      if (pickTarget(tiers, 0, step / 1000)?.index === 0) first++
    }
    expect(first).toBe(900)
  })

  test("tried ones are out: the rest of the priority, then the next; weight 0 never", () => {
    const order: number[] = []
    let out = 0
    for (let next = pickTarget(tiers, out, 0); next !== null; next = pickTarget(tiers, out, 0)) {
      order.push(next.index)
      out = withTarget(out, next)
    }
    expect(order).toEqual([0, 1, 3])
  })

  test("thirty targets fit the set", () => {
    const many = [Array.from({ length: 30 }, (_, index) => target(index, 1))]
    let out = 0
    let count = 0
    for (let next = pickTarget(many, out, 0.5); next !== null; next = pickTarget(many, out, 0.5)) {
      out = withTarget(out, next)
      count++
    }
    expect(count).toBe(30)
  })
})

describe("the retry budget", () => {
  const take = (
    budget: ReturnType<typeof createRetryBudget>,
    now: number,
    times: number,
  ): number => {
    let taken = 0
    for (let index = 0; index < times; index++) if (budget.tryTake(now)) taken++
    return taken
  }

  test("little traffic has ten retries a window, zero percent has none", () => {
    expect(take(createRetryBudget(20), 0, 50)).toBe(10)
    expect(take(createRetryBudget(0), 0, 50)).toBe(0)
  })

  test("much traffic has its share, and what is given back can be taken again", () => {
    const budget = createRetryBudget(20)
    for (let index = 0; index < 1000; index++) budget.onRequest(0)
    expect(take(budget, 0, 500)).toBe(200)
    budget.giveBack(0)
    expect(take(budget, 0, 5)).toBe(1)
  })

  test("the window before still counts, the one before that is forgotten", () => {
    const budget = createRetryBudget(20)
    expect(take(budget, 0, 50)).toBe(10)
    expect(take(budget, 10_000, 50)).toBe(0)
    expect(take(budget, 20_000, 50)).toBe(10)
    expect(take(budget, 60_000, 50)).toBe(10)
  })
})

describe("workload selectors", () => {
  const labels = { app: "api", tier: "web" }
  const expression = (
    key: string,
    operator: "In" | "NotIn" | "Exists" | "DoesNotExist",
    values: string[] = [],
  ) => ({
    matchLabels: {},
    matchExpressions: [{ key, operator, values }],
  })
  test.each([
    ["an empty one selects everything", { matchLabels: {}, matchExpressions: [] }, true],
    ["labels must equal", { matchLabels: { app: "api" }, matchExpressions: [] }, true],
    ["all of them", { matchLabels: { app: "api", tier: "db" }, matchExpressions: [] }, false],
    ["In", expression("app", "In", ["x", "api"]), true],
    ["In, absent", expression("none", "In", ["x"]), false],
    ["NotIn", expression("app", "NotIn", ["api"]), false],
    ["NotIn holds for an absent label", expression("none", "NotIn", ["x"]), true],
    ["Exists", expression("app", "Exists"), true],
    ["DoesNotExist", expression("app", "DoesNotExist"), false],
    ["an inherited name is no label", expression("constructor", "Exists"), false],
  ])("%s", (_name, selector, want) => {
    expect(selectsWorkload(selector, labels)).toBe(want)
  })
})
