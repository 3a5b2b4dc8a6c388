/** What a stream is charged that ended without a report: broken, cut off, or left by its client. */
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { StreamTap } from "#proxy/providers/adapter.ts"

/** The prompt as the upstream counted it, if it did at once, else its estimate; what was seen. */
export function usageSeen(tap: StreamTap | null, estimate: TokenUsage): TokenUsage {
  const seen = tap?.outputTokensSeen ?? 0
  const told = tap?.usageSoFar
  if (told === undefined) return { ...estimate, outputTokens: seen }
  return { ...told, outputTokens: Math.max(told.outputTokens, seen) }
}
