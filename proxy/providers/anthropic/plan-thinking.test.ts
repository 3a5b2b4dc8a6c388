import { describe, expect, test } from "vitest"
import { RawJson } from "#proxy/contract/json-write.ts"
import { makeChat } from "#proxy/exchange/chat-request.test-data.ts"
import type { ChatRequest, ReasoningWish } from "#proxy/exchange/chat-request.ts"
import { BodyFault } from "#proxy/exchange/read-body.ts"
import { makeProvider } from "#proxy/runtime/samples.test-data.ts"
import { planThinking } from "./plan-thinking.ts"

function plan(model: string, reasoning: Partial<ReasoningWish>, maxOutputTokens: number | null) {
  const wish = { effort: null, budgetTokens: null, isShown: true, ...reasoning }
  return planThinking(makeChat({ reasoning: wish, maxOutputTokens }), {
    provider: makeProvider("one"),
    model,
    isStream: false,
  })
}

const BUDGETS = [
  "claude-3-7-sonnet-20250219",
  "claude-sonnet-4-20250514",
  "claude-sonnet-4-5",
  "claude-opus-4-5-20251101",
  "claude-opus-4-1@20250805",
  "us.anthropic.claude-haiku-4-5-20251001-v1:0",
]
const EFFORTS = [
  "claude-opus-4-6",
  "claude-opus-4-6@20260205",
  "claude-sonnet-5",
  "claude-opus-4-10",
]

describe("thinking is asked for in the words of the model's generation", () => {
  test.each(BUDGETS)("%s takes a budget", (model) => {
    expect(plan(model, { effort: "medium" }, 8192)).toEqual({
      maxTokens: 8192,
      thinking: { type: "enabled", budget_tokens: 4096 },
      effort: undefined,
    })
  })
  test.each(EFFORTS)("%s takes an effort", (model) => {
    expect(plan(model, { effort: "minimal" }, 100)).toEqual({
      maxTokens: 100,
      thinking: { type: "adaptive", display: "summarized" },
      effort: "low",
    })
  })
  test("thoughts that are not to be shown are left out", () => {
    const { thinking } = plan("claude-opus-5", { effort: "low", isShown: false }, 100)
    expect(thinking).toEqual({ type: "adaptive", display: "omitted" })
  })
  test.each([
    ["claude-sonnet-4-6", "xhigh", "high"],
    ["claude-opus-4-6", "max", "max"],
    ["claude-opus-4-7", "xhigh", "xhigh"],
    ["claude-opus-5", "max", "max"],
  ] as const)("%s is told %s as %s", (model, effort, told) => {
    expect(plan(model, { effort }, 100).effort).toBe(told)
  })
})

describe("without a limit of the client's the model's own holds", () => {
  test.each([
    ["claude-3-haiku-20240307", 4096],
    ["claude-3-5-haiku-20241022", 8192],
    ["claude-3-7-sonnet-20250219", 64_000],
    ["claude-opus-4-1-20250805", 32_000],
    ["claude-opus-4@20250514", 32_000],
    ["claude-sonnet-4-20250514", 64_000],
    ["claude-opus-4-5", 64_000],
    ["claude-haiku-5-5", 64_000],
    ["kimi-k2", 8192],
  ])("%s: %i", (model, outputMax) => {
    const context = { provider: makeProvider("one"), model, isStream: false }
    expect(planThinking(makeChat(), context).maxTokens).toBe(outputMax)
  })
})

describe("the client's limit holds for thoughts and answer together", () => {
  test("without one, the budget is part of the model's own", () => {
    expect(plan("claude-opus-4-1", { effort: "max" }, null)).toEqual({
      maxTokens: 32_000,
      thinking: { type: "enabled", budget_tokens: 31_999 },
      effort: undefined,
    })
  })
  test("a budget that stands for an effort fits below the limit", () => {
    expect(plan("claude-sonnet-4-5", { effort: "high" }, 2000).thinking).toEqual({
      type: "enabled",
      budget_tokens: 1999,
    })
  })
  test.each([
    [5000, 5000],
    // A Gemini client's budget may be larger than its limit, or smaller than any of Anthropic's.
    [9000, 7999],
    [128, 1024],
  ])("a budget of %i is told as %i", (budgetTokens, budget_tokens) => {
    const { thinking } = plan("claude-sonnet-4-5", { budgetTokens }, 8000)
    expect(thinking).toEqual({ type: "enabled", budget_tokens })
  })
  test("a limit without room for any thought is refused by name", () => {
    expect(() => plan("claude-sonnet-4-5", { effort: "low" }, 1024)).toThrow(BodyFault)
  })
})

describe("what a client of Anthropic's says of thinking", () => {
  const raw = (text: string) => new RawJson(text)
  const ADAPTIVE = { type: "adaptive", thinking: raw('{"type":"adaptive"}'), effort: "high" }
  const ENABLED = {
    type: "enabled",
    thinking: raw('{"type":"enabled","budget_tokens":2000}'),
    effort: null,
  }
  const planOwn = (model: string, more: Partial<ChatRequest>) =>
    planThinking(makeChat({ maxOutputTokens: 32_000, ...more }), {
      provider: makeProvider("one"),
      model,
      isStream: false,
    })
  const wish = (more: Partial<ReasoningWish>) => ({
    ...{ effort: null, budgetTokens: null, isShown: true },
    ...more,
  })

  test("goes on in its own words to a model that knows them", () => {
    const reasoning = wish({ effort: "high" })
    expect(planOwn("claude-opus-4-6", { ownThinking: ADAPTIVE, reasoning })).toEqual({
      maxTokens: 32_000,
      thinking: ADAPTIVE.thinking,
      effort: "high",
    })
  })

  test("is a budget for an older model than the client knows", () => {
    const reasoning = wish({ effort: "high" })
    expect(planOwn("claude-sonnet-4-5", { ownThinking: ADAPTIVE, reasoning })).toEqual({
      maxTokens: 32_000,
      thinking: { type: "enabled", budget_tokens: 16_384 },
      effort: undefined,
    })
  })

  test("is an effort for a newer one", () => {
    const reasoning = wish({ budgetTokens: 2000 })
    expect(planOwn("claude-opus-4-8", { ownThinking: ENABLED, reasoning })).toEqual({
      maxTokens: 32_000,
      thinking: { type: "adaptive", display: "summarized" },
      effort: "low",
    })
  })

  test("an effort alone asks no older model to think", () => {
    const ownThinking = { type: null, thinking: null, effort: "low" }
    const reasoning = wish({ effort: "low" })
    expect(planOwn("claude-sonnet-4-5", { ownThinking, reasoning })).toEqual({
      maxTokens: 32_000,
      thinking: undefined,
      effort: undefined,
    })
  })
})
