/** Reasons, calls and usage in OpenAI's words, for whole answers and chunks alike. */
import type { JsonValue } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { Citation, FinishReason } from "#proxy/exchange/response-event.ts"

/** OpenAI has five reasons; what is none of them is told as the nearest. */
export function finishReason(reason: FinishReason): string {
  switch (reason) {
    case "stop":
    case "stop-sequence":
    case "pause":
    case "other":
      return "stop"
    case "length":
    case "context-length":
      return "length"
    case "tool-calls":
      return "tool_calls"
    case "content-filter":
    case "refusal":
      return "content_filter"
  }
}

/** Parts of the usage that the provider did not name are left out, not zero. */
export function renderUsage(usage: TokenUsage): JsonValue {
  const { inputTokens, outputTokens, reasoningTokens, outputAudioTokens } = usage
  const hasOutputParts = reasoningTokens !== undefined || outputAudioTokens !== undefined
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cachedInputTokens,
      cache_write_tokens: usage.cacheWriteTokens,
      audio_tokens: usage.inputAudioTokens,
    },
    completion_tokens_details: hasOutputParts
      ? { reasoning_tokens: reasoningTokens, audio_tokens: outputAudioTokens }
      : undefined,
  }
}

/** `url_citation` is the one kind that OpenAI has; other citations keep what they say. */
export function renderCitation(citation: Citation): JsonValue {
  const { url, title, citedText, start, end, documentIndex } = citation
  if (url !== null) {
    return {
      type: "url_citation",
      url_citation: {
        url,
        title: title ?? url,
        start_index: start ?? undefined,
        end_index: end ?? undefined,
      },
    }
  }
  return {
    type: "document_citation",
    document_citation: {
      document_index: documentIndex ?? undefined,
      title: title ?? undefined,
      cited_text: citedText ?? undefined,
      start_index: start ?? undefined,
      end_index: end ?? undefined,
    },
  }
}

export function renderSignature(signature: string | null): JsonValue | undefined {
  return signature === null ? undefined : { google: { thought_signature: signature } }
}
