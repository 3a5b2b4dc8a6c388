/** What a stream is charged that ended without a report: broken, cut off, or left by its client. */
import type { AttemptIntent, TokenUsage } from "#proxy/contract/records.ts"
import type { StreamTap } from "#proxy/providers/adapter.ts"
import { factorsOf } from "#proxy/quota/model-family.ts"

/**
 * The prompt as the upstream counted it, if it did at once, else its estimate; what was seen, in
 * tokens of the model's own size, as its prompt is estimated.
 */
export function usageSeen(
  tap: StreamTap | null,
  { estimate, model }: Pick<AttemptIntent, "estimate" | "model">,
): TokenUsage {
  const seen = tap?.tokensSeen(factorsOf(model).bytesPerToken) ?? 0
  const told = tap?.usageSoFar
  if (told === undefined) return { ...estimate, outputTokens: seen }
  return { ...told, outputTokens: Math.max(told.outputTokens, seen) }
}
