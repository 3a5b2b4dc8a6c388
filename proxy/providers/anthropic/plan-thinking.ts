/**
 * How much a model shall think, in the words of its generation, and the output limit that goes with
 * it.
 *
 * Models up to the 4.5 generation take a budget of tokens, later ones an effort. Budgets stand for
 * efforts, and efforts for budgets, by the table below, which docs/providers.md shows.
 */
import type { JsonValue } from "#proxy/contract/json-write.ts"
import { refuseUnsupported } from "#proxy/exchange/chat-feature.ts"
import type { ChatRequest, ReasoningWish } from "#proxy/exchange/chat-request.ts"
import { BodyFault } from "#proxy/exchange/read-body.ts"
import type { EncodeContext } from "../adapter.ts"

export interface ThinkingPlan {
  readonly maxTokens: number
  readonly thinking: JsonValue | undefined
  readonly effort: string | undefined
}

/** Anthropic's smallest budget. */
const BUDGET_MIN = 1024
export const BUDGETS = Object.freeze({
  minimal: BUDGET_MIN,
  low: BUDGET_MIN,
  medium: 4096,
  high: 16_384,
  xhigh: 32_768,
})

/** Claude 3, and 4 up to 4.5; what follows the generation is its minor, or the day of release. */
const GENERATION = /claude-(?:(3)|(?:opus|sonnet|haiku)-4(?:-(\d{1,2})(?!\d))?(?![\d]))/
const BUDGET_MINOR_MAX = 5

function takesBudget(model: string): boolean {
  const found = GENERATION.exec(model)
  if (found === null) return false
  return found[1] !== undefined || Number(found[2] ?? 0) <= BUDGET_MINOR_MAX
}

export function planThinking(chat: ChatRequest, context: EncodeContext): ThinkingPlan {
  const limit = chat.maxOutputTokens
  const fallback = limit ?? context.outputTokensDefault
  const { reasoning } = chat
  if (reasoning === null) return { maxTokens: fallback, thinking: undefined, effort: undefined }
  if (reasoning.effort === "none") {
    return { maxTokens: fallback, thinking: { type: "disabled" }, effort: undefined }
  }
  if (!takesBudget(context.model)) {
    const thinking = { type: "adaptive" }
    return { maxTokens: fallback, thinking, effort: effortOf(reasoning) }
  }
  const wanted = reasoning.budgetTokens ?? BUDGETS[reasoning.effort ?? "medium"]
  if (limit === null) {
    const thinking = { type: "enabled", budget_tokens: wanted }
    return { maxTokens: fallback + wanted, thinking, effort: undefined }
  }
  // A client's limit holds for thoughts and answer together, as OpenAI's does.
  if (limit <= BUDGET_MIN) {
    const why = `a limit of ${limit} output tokens leaves no room for ${BUDGET_MIN} of thinking`
    throw new BodyFault(refuseUnsupported("max_tokens", context.provider.name, why))
  }
  const budget = reasoning.budgetTokens ?? Math.min(wanted, limit - 1)
  const thinking = { type: "enabled", budget_tokens: budget }
  return { maxTokens: limit, thinking, effort: undefined }
}

function effortOf({ effort, budgetTokens }: ReasoningWish): string | undefined {
  if (effort === "minimal") return "low"
  if (effort !== null || budgetTokens === null) return effort ?? undefined
  return budgetTokens < BUDGETS.medium ? "low" : budgetTokens < BUDGETS.high ? "medium" : "high"
}
