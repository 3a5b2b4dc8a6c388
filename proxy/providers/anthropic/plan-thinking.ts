/**
 * How much a model shall think, in the words of its generation, and the output limit that goes with
 * it.
 *
 * Models up to the 4.5 generation take a budget of tokens, later ones an effort. Budgets stand for
 * efforts, and efforts for budgets, by the table below, which docs/providers.md shows.
 */
import type { JsonValue } from "#proxy/contract/json-write.ts"
import type { ChatRequest, OwnThinking, ReasoningWish } from "#proxy/exchange/chat-request.ts"
import { paramOf } from "#proxy/exchange/feature-support.ts"
import type { EncodeContext } from "../adapter.ts"
import { cannotSay } from "../cannot-say.ts"
import { type ClaudeModel, claudeModel } from "./claude-model.ts"

export interface ThinkingPlan {
  /** The client's limit, which holds for thoughts and answer together; else the model's own. */
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
  max: 32_768,
})

export function planThinking(chat: ChatRequest, context: EncodeContext): ThinkingPlan {
  const model = claudeModel(context.model)
  const maxTokens = chat.maxOutputTokens ?? model.outputMax
  const { reasoning, ownThinking } = chat
  if (ownThinking !== null && isOfGeneration(ownThinking, model)) {
    const { thinking, effort } = ownThinking
    return { maxTokens, thinking: thinking ?? undefined, effort: effort ?? undefined }
  }
  if (reasoning === null) return { maxTokens, thinking: undefined, effort: undefined }
  if (reasoning.effort === "none") {
    return { maxTokens, thinking: { type: "disabled" }, effort: undefined }
  }
  // An effort alone, which says how much to write as well, is no wish to think.
  if (ownThinking?.thinking === null) return { maxTokens, thinking: undefined, effort: undefined }
  if (!model.takesBudget) {
    // Since 4.7 thoughts are left out unless they are asked for.
    const thinking = { type: "adaptive", display: reasoning.isShown ? "summarized" : "omitted" }
    return { maxTokens, thinking, effort: effortOf(reasoning, model) }
  }
  if (maxTokens <= BUDGET_MIN) {
    const param = paramOf(chat.uses, "max-output-tokens") ?? "max_tokens"
    const why = `a limit of ${maxTokens} output tokens leaves no room for ${BUDGET_MIN} of thinking`
    return cannotSay(param, context, why)
  }
  const wanted = Math.min(BUDGETS[reasoning.effort ?? "medium"], maxTokens - 1)
  const thinking = { type: "enabled", budget_tokens: reasoning.budgetTokens ?? wanted }
  return { maxTokens, thinking, effort: undefined }
}

/** A client may know another model than the one that a route names: each has its own words. */
function isOfGeneration({ type, effort }: OwnThinking, model: ClaudeModel): boolean {
  if (model.takesBudget) return type !== "adaptive" && effort === null
  return type !== "enabled" || !model.hasXhigh
}

function effortOf(wish: ReasoningWish, { hasXhigh }: ClaudeModel): string | undefined {
  const { effort, budgetTokens } = wish
  if (effort === "minimal") return "low"
  if (effort === "xhigh") return hasXhigh ? effort : "high"
  if (effort !== null || budgetTokens === null) return effort ?? undefined
  return budgetTokens < BUDGETS.medium ? "low" : budgetTokens < BUDGETS.high ? "medium" : "high"
}
