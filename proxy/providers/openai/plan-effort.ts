/**
 * How much a model shall think, in the efforts that its generation takes: the highest of them that
 * is not above the wish, else its lowest. Others refuse the whole request.
 *
 * Source: OpenAI API reference, "Create chat completion", `reasoning_effort`, and its pages of
 * models. Names that say nothing, such as deployments, are told what most servers know.
 */
import { EFFORTS, type ReasoningWish } from "#proxy/exchange/chat-request.ts"

type Effort = NonNullable<ReasoningWish["effort"]>

/** Models that never reason have no such field. */
const NEVER_REASONS = /(?:^|[/:])(?:gpt-[34]|chatgpt-4|gpt-5[^/]*-chat)/

const COMMON = ["none", "low", "medium", "high"] as const
/** The first that fits counts. */
const TAKEN: readonly (readonly [RegExp, readonly Effort[]])[] = [
  [/(?:^|[/:])o[134](?![a-z0-9])/, ["low", "medium", "high"]],
  [/(?:^|[/:])gpt-5[^/]*-pro/, ["medium", "high", "xhigh"]],
  [/(?:^|[/:])gpt-5\.1-codex-max/, ["low", "medium", "high", "xhigh"]],
  [/(?:^|[/:])gpt-5(?:\.1)?-codex/, ["low", "medium", "high"]],
  [/(?:^|[/:])gpt-5\.\d+-codex/, ["low", "medium", "high", "xhigh"]],
  [/(?:^|[/:])gpt-5\.1/, COMMON],
  [/(?:^|[/:])gpt-5\.[2-5](?!\d)/, [...COMMON, "xhigh"]],
  [/(?:^|[/:])gpt-(?:5\.\d|[6-9])/, [...COMMON, "xhigh", "max"]],
  [/(?:^|[/:])gpt-5/, ["minimal", "low", "medium", "high"]],
]

/** Undefined where nothing is to be said. */
export function planEffort(reasoning: ReasoningWish | null, model: string): Effort | undefined {
  if (reasoning === null || NEVER_REASONS.test(model)) return undefined
  const wished = reasoning.effort ?? effortOf(reasoning.budgetTokens)
  if (wished === undefined) return undefined
  const taken = TAKEN.find(([pattern]) => pattern.test(model))?.[1] ?? COMMON
  const rank = EFFORTS.indexOf(wished)
  return taken.findLast((effort) => EFFORTS.indexOf(effort) <= rank) ?? taken[0]
}

/** Of tokens the nearest of three: up to 4,096 is low, up to 16,384 medium. */
function effortOf(budgetTokens: number | null): Effort | undefined {
  if (budgetTokens === null) return undefined
  return budgetTokens <= 4096 ? "low" : budgetTokens <= 16_384 ? "medium" : "high"
}
