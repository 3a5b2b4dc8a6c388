/** Usage, errors and reasons in Anthropic's words. */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { readTerms, type Terms } from "#proxy/contract/price-terms.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { usageOf } from "#proxy/contract/token-usage.ts"
import type { Citation, FinishReason } from "#proxy/exchange/response-event.ts"
import { spanOf } from "#proxy/exchange/text-ruler.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import { countIn, quoteMessage, quoteName } from "../read-report.ts"

/** Counts of a `usage` object as far as it has them; later ones of a stream replace earlier. */
export interface UsageCounts {
  readonly input?: number | undefined
  readonly cacheRead?: number | undefined
  readonly cacheWrite?: number | undefined
  readonly cacheWrite1h?: number | undefined
  readonly output?: number | undefined
  readonly thinking?: number | undefined
  /** Iterations that summarised the conversation, which the counts beside leave out. */
  readonly compactions?: readonly UsageCounts[] | undefined
  readonly terms?: Terms | undefined
}

export function readCounts(usage: JsonView | undefined): UsageCounts {
  if (usage === undefined) return {}
  const terms = readTerms(usage.document, usage.node)
  return { ...readOwnCounts(usage), compactions: readCompactions(usage), terms }
}

/** "Compaction": "not included in the top-level usage fields", and billed all the same. */
function readCompactions(usage: JsonView): readonly UsageCounts[] | undefined {
  const iterations = usage.member("iterations")?.items()
  return iterations?.filter((one) => one.textOf("type") === "compaction").map(readOwnCounts)
}

function readOwnCounts(usage: JsonView): UsageCounts {
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
  const { compactions = [], terms, ...own } = counts
  if (own.input === undefined || own.output === undefined) return undefined
  const { input, cacheRead, cacheWrite, cacheWrite1h, output, thinking } = compactions.reduce(
    addCounts,
    own,
  )
  return usageOf({
    inputTokens: (input ?? 0) + (cacheRead ?? 0) + (cacheWrite ?? 0),
    cachedInputTokens: cacheRead,
    cacheWriteTokens: cacheWrite,
    cacheWrite1hTokens: cacheWrite1h,
    outputTokens: output,
    reasoningTokens: thinking,
    terms,
  })
}

function addCounts(a: UsageCounts, b: UsageCounts): UsageCounts {
  return {
    input: add(a.input, b.input),
    cacheRead: add(a.cacheRead, b.cacheRead),
    cacheWrite: add(a.cacheWrite, b.cacheWrite),
    cacheWrite1h: add(a.cacheWrite1h, b.cacheWrite1h),
    output: add(a.output, b.output),
    thinking: add(a.thinking, b.thinking),
  }
}

function add(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : a + b
}

export function reasonOf(reason: string): FinishReason {
  switch (reason) {
    case "end_turn":
      return "stop"
    case "stop_sequence":
      return "stop-sequence"
    case "max_tokens":
      return "length"
    case "model_context_window_exceeded":
      return "context-length"
    case "tool_use":
      return "tool-calls"
    case "refusal":
      return "refusal"
    case "pause_turn":
      return "pause"
    default:
      return "other"
  }
}

/** `char_location` is a place in a document: the one in the answer is the block's own. */
export function citationOf(citation: JsonView): Citation {
  return {
    url: citation.textOf("url") ?? null,
    title: citation.textOf("title") ?? citation.textOf("document_title") ?? null,
    citedText: citation.textOf("cited_text") ?? null,
    place: null,
    documentIndex: citation.countOf("document_index") ?? null,
    documentPlace: spanOf(citation.countOf("start_char_index"), citation.countOf("end_char_index")),
  }
}

/** `{"type":"error","error":{"type","message"}}`. */
export function readError(
  answer: JsonDocument,
  conceal: (text: string) => string,
): UpstreamError | undefined {
  const error = new JsonView(answer).member("error")
  const message = error?.textOf("message")
  if (message === undefined) return undefined
  const type = error?.textOf("type") ?? null
  return {
    message: quoteMessage(message, conceal),
    type: quoteName(type, conceal),
    param: null,
    code: null,
  }
}
