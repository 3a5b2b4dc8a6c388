/**
 * How much a model shall think: up to the 2.5 generation as a budget of tokens, later as a level.
 * The table is that of Google's own "OpenAI compatibility" page; docs/providers.md shows it.
 */
import type { JsonValue } from "#proxy/contract/json-write.ts"
import type { ChatRequest, ReasoningWish } from "#proxy/exchange/chat-request.ts"
import type { EncodeContext } from "../adapter.ts"
import { isBeforeThird } from "./generation.ts"

export const BUDGETS = Object.freeze({
  none: 0,
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 24_576,
  max: 24_576,
})

/** Their lowest level is `low`. */
const WITHOUT_MINIMAL = /gemini-(?:\d+(?:\.\d+)?-pro|3\.[7-9]-flash(?!-lite)|[4-9])/

export function planThinking(chat: ChatRequest, context: EncodeContext): JsonValue | undefined {
  const { reasoning } = chat
  if (reasoning === null) return undefined
  const { effort, budgetTokens, isShown } = reasoning
  const includeThoughts = isShown && effort !== "none" ? true : undefined
  if (budgetTokens !== null) return { thinkingBudget: budgetTokens, includeThoughts }
  if (effort === null) return { includeThoughts }
  if (isBeforeThird(context.model)) {
    const isLeast = effort === "none" && ALWAYS_THINKS.test(context.model)
    return { thinkingBudget: isLeast ? BUDGET_LEAST : BUDGETS[effort], includeThoughts }
  }
  return { thinkingLevel: levelOf(effort, context.model), includeThoughts }
}

/** These think always, if only a little: who wants none gets the least that there is. */
const ALWAYS_THINKS = /gemini-2\.5-pro/
const BUDGET_LEAST = 128

function levelOf(effort: NonNullable<ReasoningWish["effort"]>, model: string): string {
  const isLeast = effort === "none" || effort === "minimal"
  if (isLeast) return WITHOUT_MINIMAL.test(model) ? "low" : "minimal"
  return effort === "xhigh" || effort === "max" ? "high" : effort
}
