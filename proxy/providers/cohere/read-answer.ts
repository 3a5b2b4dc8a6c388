/** Usage and errors in Cohere's words. */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { usageOf } from "#proxy/contract/token-usage.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import { countIn, quoteMessage } from "../read-report.ts"

/**
 * What is billed, which is less than what the model read: its own prompts are not counted. Where
 * the bill is in other units (searches of a rerank), what the model read.
 */
export function readUsage(view: JsonView): TokenUsage | undefined {
  const usage = view.member("usage") ?? view.member("meta")
  const billed = usage?.member("billed_units")
  const units = billed?.member("input_tokens") === undefined ? usage?.member("tokens") : billed
  const inputTokens = countIn(units, "input_tokens")
  const cached = countIn(usage, "cached_tokens")
  return usageOf({
    inputTokens,
    cachedInputTokens: cached === undefined ? undefined : Math.min(cached, inputTokens ?? 0),
    outputTokens: countIn(units, "output_tokens") ?? 0,
    inputImageTokens: countIn(units, "image_tokens"),
  })
}

/** `{"message"}`. */
export function readError(
  answer: JsonDocument,
  conceal: (text: string) => string,
): UpstreamError | undefined {
  const message = new JsonView(answer).textOf("message")
  if (message === undefined) return undefined
  return { message: quoteMessage(message, conceal), type: null, param: null, code: null }
}
