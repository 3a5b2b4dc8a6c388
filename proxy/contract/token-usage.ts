/**
 * Token counts of an answer, made in one place: every adapter reads its provider's fields and
 * hands them to `usageOf`.
 *
 * In: counts as a provider gave them. Out: a TokenUsage whose parts fit their wholes, or undefined,
 * which is settled on the estimate. It must not know any provider's names of fields.
 */
import { type JsonDocument, KIND, kindOf, NONE, numberOf } from "./json-document.ts"
import type { TokenUsage } from "./records.ts"

/** No attempt uses so many tokens: a report beyond is none, and cannot distort any sum. */
const REPORTED_TOKENS_MAX = 1_000_000_000

/** The members of a TokenUsage that may be absent, in the order in which they are written. */
export const USAGE_PARTS = [
  "cacheWriteTokens",
  "cacheWrite1hTokens",
  "reasoningTokens",
  "inputAudioTokens",
  "outputAudioTokens",
  "inputImageTokens",
  "outputImageTokens",
] as const satisfies readonly OptionalPart[]

type Counted = Exclude<keyof TokenUsage, "terms" | "longestPrompt">
type OptionalPart = Exclude<Counted, "inputTokens" | "cachedInputTokens" | "outputTokens">

/**
 * Counts as read: undefined is what the provider did not say. The wholes are wholes here too: an
 * adapter of a provider that counts cached, written or reasoning tokens apart adds them up first.
 */
export type ReportedCounts = { readonly [K in Counted]?: number | undefined } & {
  readonly terms?: TokenUsage["terms"] | undefined
  readonly longestPrompt?: number | undefined
}

/**
 * Integers >= 0 or nothing: a missing whole, a negative, fractional or absurd count, or a cache or
 * reasoning above its whole makes the whole report absent, since absent is settled on the estimate
 * and zero is not. Zero itself is a report. A part that was not said stays absent; cached input
 * that was not said is 0. Audio and images that cannot be in their whole were not said: gateways
 * tell those of the answer beside the prompt (LiteLLM, issue 19066), and the wholes are right.
 */
export function usageOf(counts: ReportedCounts): TokenUsage | undefined {
  const { inputTokens, outputTokens, cachedInputTokens = 0 } = counts
  if (!isReportable(inputTokens) || !isReportable(outputTokens)) return undefined
  if (!isReportable(cachedInputTokens)) return undefined
  const usage: Writable<TokenUsage> = { inputTokens, cachedInputTokens, outputTokens }
  for (const part of USAGE_PARTS) {
    const count = counts[part]
    if (count === undefined) continue
    if (!isReportable(count)) return undefined
    usage[part] = count
  }
  const { terms, longestPrompt } = counts
  if (terms !== undefined) usage.terms = terms
  if (longestPrompt !== undefined && longestPrompt < inputTokens)
    usage.longestPrompt = longestPrompt
  return findPartAboveWhole(usage) === null ? usage : withoutModalities(usage)
}

/** Of the side that does not hold them; undefined where that is not what is wrong. */
function withoutModalities(usage: Writable<TokenUsage>): TokenUsage | undefined {
  for (const [audio, image] of MODALITIES) {
    const part = findPartAboveWhole(usage)
    if (part !== audio && part !== image) continue
    delete usage[audio]
    delete usage[image]
  }
  return findPartAboveWhole(usage) === null ? usage : undefined
}

const MODALITIES = [
  ["inputAudioTokens", "inputImageTokens"],
  ["outputAudioTokens", "outputImageTokens"],
] as const

/**
 * One count of a provider's report: absent when missing or null, NaN when it is no number, so that
 * `usageOf` can tell what was not said from nonsense.
 */
export function reportedCount(report: JsonDocument, node: number): number | undefined {
  if (node === NONE || kindOf(report, node) === KIND.null) return undefined
  return kindOf(report, node) === KIND.number ? numberOf(report, node) : Number.NaN
}

/**
 * The first part that is more than what it is part of; null when all fit. Read and written parts
 * are apart from each other and fit together; a cached token may also be an audio token.
 */
export function findPartAboveWhole(usage: TokenUsage): keyof TokenUsage | null {
  const { inputTokens, cachedInputTokens, outputTokens, cacheWriteTokens = 0 } = usage
  if (cachedInputTokens > inputTokens) return "cachedInputTokens"
  if (cachedInputTokens + cacheWriteTokens > inputTokens) return "cacheWriteTokens"
  if ((usage.cacheWrite1hTokens ?? 0) > cacheWriteTokens) return "cacheWrite1hTokens"
  const { inputAudioTokens = 0, inputImageTokens = 0 } = usage
  if (inputAudioTokens > inputTokens) return "inputAudioTokens"
  if (inputAudioTokens + inputImageTokens > inputTokens) return "inputImageTokens"
  const { reasoningTokens = 0, outputAudioTokens = 0, outputImageTokens = 0 } = usage
  if (reasoningTokens > outputTokens) return "reasoningTokens"
  if (reasoningTokens + outputAudioTokens > outputTokens) return "outputAudioTokens"
  if (reasoningTokens + outputAudioTokens + outputImageTokens > outputTokens) {
    return "outputImageTokens"
  }
  return null
}

type Writable<T> = { -readonly [K in keyof T]: T[K] }

function isReportable(count: number | undefined): count is number {
  return (
    Number.isInteger(count) && count !== undefined && count >= 0 && count <= REPORTED_TOKENS_MAX
  )
}
