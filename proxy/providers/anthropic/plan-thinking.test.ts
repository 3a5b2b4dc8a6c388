import { describe, expect, test } from "vitest"
import type { ChatRequest, ReasoningWish } from "#proxy/exchange/chat-request.ts"
import { BodyFault } from "#proxy/exchange/read-body.ts"
import { makeProvider } from "#proxy/runtime/samples.test-data.ts"
import { planThinking } from "./plan-thinking.ts"

const CHAT: ChatRequest = {
  isStream: false,
  messages: [],
  tools: [],
  toolChoice: null,
  parallelToolCalls: null,
  outputFormat: null,
  reasoning: null,
  maxOutputTokens: null,
  temperature: null,
  topP: null,
  topK: null,
  minP: null,
  frequencyPenalty: null,
  presencePenalty: null,
  seed: null,
  stop: [],
  choices: 1,
  logprobs: null,
  logitBias: null,
  user: null,
  serviceTier: null,
  verbosity: null,
  safetySettings: null,
  mayShowImages: false,
  cacheKey: null,
  cacheRetention: null,
  cacheOptions: null,
  uses: [],
}

function plan(model: string, reasoning: Partial<ReasoningWish>, maxOutputTokens: number | null) {
  const wish = { effort: null, budgetTokens: null, isShown: true, ...reasoning }
  return planThinking(
    { ...CHAT, reasoning: wish, maxOutputTokens },
    { provider: makeProvider("one"), model, isStream: false, outputTokensDefault: 1024 },
  )
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
      thinking: { type: "adaptive" },
      effort: "low",
    })
  })
})

describe("the client's limit holds for thoughts and answer together", () => {
  test("without one, the budget comes on top of the default", () => {
    expect(plan("claude-sonnet-4-5", { effort: "high" }, null).maxTokens).toBe(16_384 + 1024)
  })
  test("a budget that stands for an effort fits below the limit", () => {
    expect(plan("claude-sonnet-4-5", { effort: "high" }, 2000).thinking).toEqual({
      type: "enabled",
      budget_tokens: 1999,
    })
  })
  test("a budget of the client's own is never changed", () => {
    expect(plan("claude-sonnet-4-5", { budgetTokens: 5000 }, 2000).thinking).toEqual({
      type: "enabled",
      budget_tokens: 5000,
    })
  })
  test("a limit without room for any thought is refused by name", () => {
    expect(() => plan("claude-sonnet-4-5", { effort: "low" }, 1024)).toThrow(BodyFault)
  })
})
