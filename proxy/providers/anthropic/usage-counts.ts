/** Usage in Anthropic's words: counts of one answer, of a stream put together as they come. */
import type { JsonView } from "#proxy/contract/json-view.ts"
import { readTerms, type Terms } from "#proxy/contract/price-terms.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { usageOf } from "#proxy/contract/token-usage.ts"
import { countIn } from "../read-report.ts"

/** Counts of a `usage` object as far as it has them; later ones of a stream replace earlier. */
export interface UsageCounts extends OwnCounts {
  /** Of each step that the model took, where they are told. */
  readonly iterations?: readonly Iteration[] | undefined
  readonly terms?: Terms | undefined
}

interface OwnCounts {
  readonly input?: number | undefined
  readonly cacheRead?: number | undefined
  readonly cacheWrite?: number | undefined
  readonly cacheWrite1h?: number | undefined
  readonly output?: number | undefined
  readonly thinking?: number | undefined
}

interface Iteration {
  readonly type: string | undefined
  readonly counts: OwnCounts
}

export function readCounts(usage: JsonView | undefined): UsageCounts {
  if (usage === undefined) return {}
  const iterations = usage.member("iterations")?.items()
  return {
    ...readOwnCounts(usage),
    iterations: iterations?.map((one) => ({
      type: one.textOf("type"),
      counts: readOwnCounts(one),
    })),
    terms: readTerms(usage.document, usage.node),
  }
}

function readOwnCounts(usage: JsonView): OwnCounts {
  return {
    input: countIn(usage, "input_tokens"),
    cacheRead: countIn(usage, "cache_read_input_tokens"),
    cacheWrite: countIn(usage, "cache_creation_input_tokens"),
    cacheWrite1h: countIn(usage.member("cache_creation"), "ephemeral_1h_input_tokens"),
    output: countIn(usage, "output_tokens"),
    thinking: countIn(usage.member("output_tokens_details"), "thinking_tokens"),
  }
}

/** No prompt has no tokens: a later event that says so says nothing of it (SGLang's). */
export function mergeCounts(before: UsageCounts, after: UsageCounts): UsageCounts {
  const { input = 0, cacheRead = 0, cacheWrite = 0, ...rest } = after
  const told = input + cacheRead + cacheWrite === 0 ? rest : after
  const counts = Object.entries(told).filter(([, count]) => count !== undefined)
  return { ...before, ...Object.fromEntries(counts) }
}

/** Anthropic counts what was read from and written to its cache apart from `input_tokens`. */
export function usageOfCounts(counts: UsageCounts): TokenUsage | undefined {
  const { iterations = [], terms, ...own } = counts
  if (own.input === undefined || own.output === undefined) return undefined
  const whole = addIterations(own, iterations)
  const { cacheRead, cacheWrite, cacheWrite1h, output, thinking } = whole
  return usageOf({
    inputTokens: promptOf(whole),
    cachedInputTokens: cacheRead,
    cacheWriteTokens: cacheWrite,
    // A stream tells the times of what was written at its start alone.
    cacheWrite1hTokens:
      cacheWrite1h === undefined ? undefined : Math.min(cacheWrite1h, cacheWrite ?? 0),
    outputTokens: output,
    reasoningTokens: thinking,
    terms,
    longestPrompt: longestOf(iterations),
  })
}

function longestOf(iterations: readonly Iteration[]): number | undefined {
  if (iterations.length === 0) return undefined
  return iterations.reduce((longest, { counts }) => Math.max(longest, promptOf(counts)), 0)
}

function promptOf({ input = 0, cacheRead = 0, cacheWrite = 0 }: OwnCounts): number {
  return input + cacheRead + cacheWrite
}

/**
 * Compactions are "not included in the top-level usage fields", and billed all the same
 * ("Compaction"). Of the others these fields are the sum, or of the input the first alone ("Advisor
 * tool", usage): where their sum is more, it is what is billed. Iterations of another kind are of
 * other models, which no request can ask for here.
 */
function addIterations(own: OwnCounts, iterations: readonly Iteration[]): OwnCounts {
  const ofType = (type: string) =>
    iterations.filter((one) => one.type === type).map((one) => one.counts)
  const steps = ofType("message").reduce<OwnCounts>(combine(add), {})
  return ofType("compaction").reduce(combine(add), combine(greater)(own, steps))
}

type Merge = (a: number, b: number) => number
const add: Merge = (a, b) => a + b
const greater: Merge = (a, b) => Math.max(a, b)

/** Field by field; what one does not tell is the other's. */
function combine(merge: Merge): (a: OwnCounts, b: OwnCounts) => OwnCounts {
  const one = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined ? (a ?? b) : merge(a, b)
  return (a, b) => ({
    input: one(a.input, b.input),
    cacheRead: one(a.cacheRead, b.cacheRead),
    cacheWrite: one(a.cacheWrite, b.cacheWrite),
    cacheWrite1h: one(a.cacheWrite1h, b.cacheWrite1h),
    output: one(a.output, b.output),
    thinking: one(a.thinking, b.thinking),
  })
}

/** Those that are billed also before any output; the page says that the list may change. */
const BILLED_REFUSALS: ReadonlySet<string> = new Set([
  ...["bio", "frontier_llm", "reasoning_extraction"],
])

/**
 * A refusal before any output counts its tokens and is billed by its category alone ("Refusals and
 * fallback", how refusals are billed). `ending` has the reason that an answer ends for.
 */
export function noteRefusal(
  counts: UsageCounts,
  ending: JsonView | undefined,
  hasOutput: boolean,
): UsageCounts {
  if (hasOutput || ending?.textOf("stop_reason") !== "refusal") return counts
  const category = ending.member("stop_details")?.textOf("category") ?? ""
  if (BILLED_REFUSALS.has(category)) return counts
  return { ...counts, terms: { ...counts.terms, billing: "none" } }
}
