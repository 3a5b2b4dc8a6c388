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
  if (reasoning === null || NEVER_THINKS.test(context.model)) return undefined
  const { effort, budgetTokens, isShown } = reasoning
  const includeThoughts = isShown && effort !== "none" ? true : undefined
  if (budgetTokens !== null) {
    return { thinkingBudget: withinRange(budgetTokens, context.model), includeThoughts }
  }
  if (effort === null) return { includeThoughts }
  if (isBeforeThird(context.model)) {
    return { thinkingBudget: withinRange(BUDGETS[effort], context.model), includeThoughts }
  }
  return { thinkingLevel: levelOf(effort, context.model), includeThoughts }
}

/** They refuse to be told how much. */
const NEVER_THINKS = /gemini-(?:1|2\.0|2\.5-flash-image)|gemma-[123]/

/** Budgets that a model takes: more is as much as it can, less as little. Source: "Thinking". */
interface Range {
  readonly min: number
  readonly max: number
  /** Whether it can be told not to think at all. */
  readonly takesNone: boolean
}

const RANGES: readonly (readonly [RegExp, Range])[] = [
  [/gemini-2\.5-pro/, { min: 128, max: 32_768, takesNone: false }],
  [/gemini-2\.5-flash-lite/, { min: 512, max: 24_576, takesNone: true }],
  [/gemini-2\.5-flash/, { min: 1, max: 24_576, takesNone: true }],
]

function withinRange(budget: number, model: string): number {
  const range = RANGES.find(([pattern]) => pattern.test(model))?.[1]
  if (range === undefined || (budget === 0 && range.takesNone)) return budget
  return Math.min(Math.max(budget, range.min), range.max)
}

function levelOf(effort: NonNullable<ReasoningWish["effort"]>, model: string): string {
  const isLeast = effort === "none" || effort === "minimal"
  if (isLeast) return WITHOUT_MINIMAL.test(model) ? "low" : "minimal"
  return effort === "xhigh" || effort === "max" ? "high" : effort
}
