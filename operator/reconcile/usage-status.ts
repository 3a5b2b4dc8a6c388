/** A team's totals as its TeamQuota shows them. */
import type { UsageTotals } from "#operator/ledger/store/store.ts"
import { type EpochMs, formatUsd } from "#proxy/contract/money.ts"
import { rfc3339 } from "./assemble-status.ts"
import type { UsageStatus } from "./ports.ts"

/** No totals are no usage: zero, in words and in dollars. `since` is the start of the month. */
export function toUsageStatus(totals: UsageTotals | undefined, since: EpochMs): UsageStatus {
  const input = totals?.inputTokens ?? 0n
  const output = totals?.outputTokens ?? 0n
  return {
    inputTokens: safe(input),
    outputTokens: safe(output),
    tokens: safe(input + output),
    cachedInputTokens: safe(totals?.cachedInputTokens ?? 0n),
    cacheWriteTokens: safe(totals?.cacheWriteTokens ?? 0n),
    reasoningTokens: safe(totals?.reasoningTokens ?? 0n),
    usd: formatUsd(totals?.costNano ?? 0n),
    unpriced: totals?.unpriced ?? 0,
    since: rfc3339(since),
  }
}

/** JSON numbers are exact up to 2^53 - 1; a larger sum stays there rather than being rounded. */
function safe(sum: bigint): number {
  return sum > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(sum)
}
