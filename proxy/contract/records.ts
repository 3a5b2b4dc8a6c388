/**
 * What the sidecar reports back: one record for each attempt that was dispatched.
 *
 * An attempt is journalled as an intent before its bytes go out and settled exactly once, under an
 * id that makes a repeat harmless. Namespace, pod, team and application are never taken from a
 * record: the operator stamps them from the caller's token.
 */
import type { EpochMs, NanoUsd } from "./money.ts"
import type { Terms } from "./price-terms.ts"

/**
 * Integers >= 0. Absent is not zero: a provider that reports nothing gives no TokenUsage at all,
 * and a part that it does not tell is absent. No part is more than its whole; `usageOf` sees to it.
 */
export interface TokenUsage {
  /** All of the prompt, what was read from and written to a cache included. */
  readonly inputTokens: number
  /** Part of `inputTokens` that the provider read from its cache. */
  readonly cachedInputTokens: number
  /** Part of `inputTokens` that the provider wrote to its cache; apart from what it read. */
  readonly cacheWriteTokens?: number
  /** Part of `cacheWriteTokens` that is kept for an hour (Anthropic). */
  readonly cacheWrite1hTokens?: number
  /** Part of `inputTokens`, read from a cache or not. */
  readonly inputAudioTokens?: number
  /** Part of `inputTokens`, read from a cache or not. */
  readonly inputImageTokens?: number
  /** All of the output, reasoning included. */
  readonly outputTokens: number
  /** Part of `outputTokens` that the client may never see. */
  readonly reasoningTokens?: number
  /** Part of `outputTokens`. */
  readonly outputAudioTokens?: number
  /** Part of `outputTokens`. */
  readonly outputImageTokens?: number
  /** What it was served at, or may be; the cost has it in it, so that no record needs to. */
  readonly terms?: Terms
  /**
   * Of the prompts that `inputTokens` is the sum of, where a provider worked in several steps:
   * prices for long prompts go by each. As with terms, no record has it.
   */
  readonly longestPrompt?: number
}

/**
 * How an attempt ended. `lost`: no answer was journalled (the process died); settled on the
 * estimate.
 */
export type AttemptOutcome =
  | "ok"
  | "upstream-error"
  | "timeout"
  | "cancelled"
  | "truncated"
  | "lost"

/** Written to the journal before dispatch: all that settling needs if the process dies. */
export interface AttemptIntent {
  /** Unique for ever: `<boot id>-<counter>`. */
  readonly id: string
  /** The logical request; its attempts share it. Also the `x-request-id`. */
  readonly operation: string
  /** 1 for the first. */
  readonly attempt: number
  readonly admittedAt: EpochMs
  readonly route: string
  readonly rule: string
  readonly provider: string
  /** The model that serves, as the upstream names it. */
  readonly model: string
  readonly requestedModel: string
  readonly user: string | null
  readonly stream: boolean
  /** Upper bound before the answer; what a lost attempt is settled at. */
  readonly estimate: TokenUsage
  /** The most that `estimate` can cost, in nano-dollars; null when the price is unknown. */
  readonly estimatedCost: NanoUsd | null
}

/** Appended when the attempt is over; with its intent it makes one UsageRecord. */
export interface AttemptFinal {
  readonly id: string
  readonly endedAt: EpochMs
  readonly outcome: AttemptOutcome
  /** HTTP status of the upstream; null when none came. */
  readonly status: number | null
  readonly usage: TokenUsage
  /** `reported` by the provider, or `estimated` here. */
  readonly source: "reported" | "estimated"
  readonly cost: NanoUsd | null
}

export interface UsageRecord
  extends Omit<AttemptIntent, "estimate" | "estimatedCost">,
    AttemptFinal {
  /** Position in this sidecar's journal stream, from 1, without gaps, across restarts. */
  readonly sequence: number
}
