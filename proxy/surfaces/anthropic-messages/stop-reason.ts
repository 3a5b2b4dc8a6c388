/** Reasons, usage and citations in Anthropic's words. */
import type { JsonValue } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { Citation, FinishReason } from "#proxy/exchange/response-event.ts"
import type { FoundResults } from "./found-results.ts"

/** `hasRefused`: some providers say that in words alone, and end as any answer does (OpenAI). */
export function stopReason(reason: FinishReason, hasRefused: boolean): string {
  switch (reason) {
    case "stop":
      return hasRefused ? "refusal" : "end_turn"
    case "failed":
    case "other":
      return "end_turn"
    case "stop-sequence":
      return "stop_sequence"
    case "length":
      return "max_tokens"
    case "context-length":
      return "model_context_window_exceeded"
    case "tool-calls":
      return "tool_use"
    case "content-filter":
    case "refusal":
      return "refusal"
    case "pause":
      return "pause_turn"
  }
}

/** `input_tokens` is what was neither read from a cache nor written to one. */
export function renderUsage(usage: TokenUsage): Record<string, JsonValue | undefined> {
  const { inputTokens, cachedInputTokens, cacheWriteTokens, cacheWrite1hTokens } = usage
  const { outputTokens, reasoningTokens } = usage
  const oneHour = cacheWrite1hTokens ?? 0
  return {
    input_tokens: inputTokens - cachedInputTokens - (cacheWriteTokens ?? 0),
    cache_creation_input_tokens: cacheWriteTokens ?? 0,
    cache_read_input_tokens: cachedInputTokens,
    cache_creation:
      cacheWrite1hTokens === undefined
        ? undefined
        : {
            ephemeral_5m_input_tokens: (cacheWriteTokens ?? 0) - oneHour,
            ephemeral_1h_input_tokens: oneHour,
          },
    output_tokens: outputTokens,
    output_tokens_details:
      reasoningTokens === undefined ? undefined : { thinking_tokens: reasoningTokens },
  }
}

/** Of places it has those in a document: one in the answer is the block that is cited. */
export function renderCitation(citation: Citation, results: FoundResults): JsonValue {
  const { url, title, citedText, found, documentIndex, documentPlace } = citation
  if (found !== undefined) {
    return {
      type: "search_result_location",
      source: found.source ?? results.sourceOf(found.index),
      title,
      cited_text: citedText ?? "",
      search_result_index: found.index,
      start_block_index: found.texts.start,
      end_block_index: found.texts.end,
    }
  }
  if (url !== null) {
    const type = "web_search_result_location"
    return { type, url, title, cited_text: citedText ?? "", encrypted_index: "" }
  }
  return {
    type: "char_location",
    cited_text: citedText ?? "",
    document_index: documentIndex ?? 0,
    document_title: title,
    start_char_index: documentPlace?.start ?? 0,
    end_char_index: documentPlace?.end ?? 0,
    file_id: null,
  }
}
