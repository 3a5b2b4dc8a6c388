/** Usage and errors in Cohere's words. */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { reportedCount, usageOf } from "#proxy/contract/token-usage.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"

const MESSAGE_CHARS_MAX = 2000

/** What is billed, which is less than what the model read: its own prompts are not counted. */
export function readUsage(view: JsonView): TokenUsage | undefined {
  const usage = view.member("usage") ?? view.member("meta")
  const units = usage?.member("billed_units") ?? usage?.member("tokens")
  const count = (parent: JsonView | undefined, name: string): number | undefined => {
    const member = parent?.member(name)
    return member === undefined ? undefined : reportedCount(member.document, member.node)
  }
  const inputTokens = count(units, "input_tokens")
  const cached = count(usage, "cached_tokens")
  return usageOf({
    inputTokens,
    cachedInputTokens: cached === undefined ? undefined : Math.min(cached, inputTokens ?? 0),
    outputTokens: count(units, "output_tokens") ?? 0,
    inputImageTokens: count(units, "image_tokens"),
  })
}

/** `{"message"}`. */
export function readError(
  answer: JsonDocument,
  conceal: (text: string) => string,
): UpstreamError | undefined {
  const message = new JsonView(answer).textOf("message")
  if (message === undefined) return undefined
  const text = conceal(message).slice(0, MESSAGE_CHARS_MAX).toWellFormed()
  return { message: text, type: null, param: null, code: null }
}
