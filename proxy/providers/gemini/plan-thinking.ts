/**
 * How much a model shall think: up to the 2.5 generation as a budget of tokens, later as a level.
 * The table is that of Google's own "OpenAI compatibility" page; docs/providers.md shows it.
 */
import type { JsonValue } from "#proxy/contract/json-write.ts"
import { refuseUnsupported } from "#proxy/exchange/chat-feature.ts"
import type { ReasoningWish } from "#proxy/exchange/chat-request.ts"
import { BodyFault } from "#proxy/exchange/read-body.ts"
import type { EncodeContext } from "../adapter.ts"

export const BUDGETS = Object.freeze({
  none: 0,
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 24_576,
})

const BUDGET_MODELS = /gemini-(?:1|2)/

export function planThinking(
  reasoning: ReasoningWish | null,
  context: EncodeContext,
): JsonValue | undefined {
  if (reasoning === null) return undefined
  const { effort, budgetTokens, isShown } = reasoning
  const includeThoughts = isShown && effort !== "none" ? true : undefined
  if (budgetTokens !== null) return { thinkingBudget: budgetTokens, includeThoughts }
  if (effort === null) return { includeThoughts }
  if (BUDGET_MODELS.test(context.model)) {
    return { thinkingBudget: BUDGETS[effort], includeThoughts }
  }
  if (effort === "none") {
    const why = `${context.model} always thinks; the least that it takes is minimal`
    throw new BodyFault(refuseUnsupported("reasoning_effort", context.provider.name, why))
  }
  return { thinkingLevel: effort === "xhigh" ? "high" : effort, includeThoughts }
}
