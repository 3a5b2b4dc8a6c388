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
import { isTagged } from "#proxy/exchange/signatures.ts"
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
  const maxTokens = limitOf(chat.maxOutputTokens, model)
  const { reasoning, ownThinking } = chat
  const unthinking = { maxTokens, thinking: undefined, effort: undefined }
  if (ownThinking !== null && isOfGeneration(ownThinking, model)) {
    const { type, thinking, effort } = ownThinking
    if (type === "enabled" && lacksThought(chat)) return unthinking
    return { maxTokens, thinking: thinking ?? undefined, effort: effort ?? undefined }
  }
  if (reasoning === null) return unthinking
  if (reasoning.effort === "none") {
    return { maxTokens, thinking: { type: "disabled" }, effort: undefined }
  }
  // An effort alone, which says how much to write as well, is no wish to think.
  if (ownThinking?.thinking === null) return unthinking
  // A call that is demanded comes without a thought before it, or is refused.
  if (chat.toolChoice?.kind === "required" || chat.toolChoice?.kind === "named") return unthinking
  if (!model.takesBudget) {
    // Since 4.7 thoughts are left out unless they are asked for.
    const thinking = { type: "adaptive", display: reasoning.isShown ? "summarized" : "omitted" }
    return { maxTokens, thinking, effort: effortOf(reasoning, model) }
  }
  if (lacksThought(chat)) return unthinking
  if (maxTokens <= BUDGET_MIN) {
    const param = paramOf(chat.uses, "max-output-tokens") ?? "max_tokens"
    const why = `a limit of ${maxTokens} output tokens leaves no room for ${BUDGET_MIN} of thinking`
    return cannotSay(param, context, why)
  }
  const wanted = reasoning.budgetTokens ?? BUDGETS[reasoning.effort ?? "medium"]
  const budget_tokens = Math.max(BUDGET_MIN, Math.min(wanted, maxTokens - 1))
  const thinking = { type: "enabled", budget_tokens }
  return { maxTokens, thinking, effort: undefined }
}

function limitOf(given: number | null, { outputMax, isMaxKnown }: ClaudeModel): number {
  if (given === null) return outputMax
  return isMaxKnown ? Math.min(given, outputMax) : given
}

/**
 * Whether the conversation goes on from calls that were made without a thought of Claude's: another
 * provider made them, or the client kept none. With a budget to think, such a turn is refused.
 */
function lacksThought({ messages }: ChatRequest): boolean {
  const last = messages.findLast(({ role }) => role === "assistant")
  if (last === undefined || !last.parts.some(({ kind }) => kind === "tool-call")) return false
  return !last.parts.some(
    (part) =>
      part.kind === "reasoning" &&
      (part.redacted ?? part.signature) !== null &&
      !isTagged(part.redacted ?? part.signature ?? ""),
  )
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
