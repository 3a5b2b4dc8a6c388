/** Usage, reasons and errors in Gemini's words. */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import { readTerms } from "#proxy/contract/price-terms.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { usageOf } from "#proxy/contract/token-usage.ts"
import type { FinishReason } from "#proxy/exchange/response-event.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import { countIn, quoteMessage, quoteName } from "../read-report.ts"

/**
 * `UsageMetadata`: thoughts are counted apart from the candidates' tokens, and a tool's prompt
 * apart from the prompt's.
 */
export function readUsage(answer: JsonView): TokenUsage | undefined {
  const usage = answer.member("usageMetadata")
  if (usage === undefined) return undefined
  const count = (name: string) => countIn(usage, name)
  const prompt = count("promptTokenCount")
  const thoughts = count("thoughtsTokenCount")
  return usageOf({
    inputTokens:
      prompt === undefined ? undefined : prompt + (count("toolUsePromptTokenCount") ?? 0),
    cachedInputTokens: count("cachedContentTokenCount"),
    inputAudioTokens: ofModality(usage.member("promptTokensDetails"), "AUDIO"),
    inputImageTokens: ofModality(usage.member("promptTokensDetails"), "IMAGE", "VIDEO"),
    outputTokens: (count("candidatesTokenCount") ?? 0) + (thoughts ?? 0),
    reasoningTokens: thoughts,
    outputAudioTokens: ofModality(usage.member("candidatesTokensDetails"), "AUDIO"),
    outputImageTokens: ofModality(usage.member("candidatesTokensDetails"), "IMAGE"),
    terms: readTerms(usage.document, usage.node),
  })
}

/** Of all of these together, a video being its frames; undefined when none is told. */
function ofModality(
  details: JsonView | undefined,
  ...modalities: readonly string[]
): number | undefined {
  const entries = details?.items().filter((item) => {
    return modalities.includes(item.textOf("modality") ?? "")
  })
  if (entries === undefined || entries.length === 0) return undefined
  return entries.reduce((sum, entry) => sum + (entry.countOf("tokenCount") ?? 0), 0)
}

export function reasonOf(reason: string): FinishReason {
  switch (reason) {
    case "STOP":
      return "stop"
    case "MAX_TOKENS":
      return "length"
    case "SAFETY":
    case "RECITATION":
    case "BLOCKLIST":
    case "PROHIBITED_CONTENT":
    case "SPII":
    case "MODEL_ARMOR":
    case "IMAGE_SAFETY":
    case "IMAGE_PROHIBITED_CONTENT":
    case "IMAGE_RECITATION":
      return "content-filter"
    case "MALFORMED_FUNCTION_CALL":
    case "MALFORMED_RESPONSE":
    case "UNEXPECTED_TOOL_CALL":
    case "TOO_MANY_TOOL_CALLS":
    case "MISSING_THOUGHT_SIGNATURE":
      return "failed"
    default:
      return "other"
  }
}

/** `{"error":{"code","message","status"}}`, perhaps as the only element of a list. */
export function readError(
  answer: JsonDocument,
  conceal: (text: string) => string,
): UpstreamError | undefined {
  const root = new JsonView(answer)
  const error = (root.items()[0] ?? root).member("error")
  const message = error?.textOf("message")
  if (message === undefined) return undefined
  const status = error?.textOf("status") ?? null
  return {
    message: quoteMessage(message, conceal),
    type: null,
    param: null,
    code: quoteName(status, conceal),
  }
}
