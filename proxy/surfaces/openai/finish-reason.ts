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
    case "failed":
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
  const { inputTokens, outputTokens, reasoningTokens, outputAudioTokens, outputImageTokens } = usage
  const parts = [reasoningTokens, outputAudioTokens, outputImageTokens]
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cachedInputTokens,
      cache_write_tokens: usage.cacheWriteTokens,
      audio_tokens: usage.inputAudioTokens,
      image_tokens: usage.inputImageTokens,
    },
    completion_tokens_details: parts.every((part) => part === undefined)
      ? undefined
      : {
          reasoning_tokens: reasoningTokens,
          audio_tokens: outputAudioTokens,
          image_tokens: outputImageTokens,
        },
  }
}

interface CitationFields {
  readonly annotations?: readonly JsonValue[]
  readonly document_citations?: readonly JsonValue[]
}

/**
 * Members of a message or a delta. `url_citation` is the one kind that OpenAI has, whose clients
 * refuse an answer with another: those of documents stand beside, and keep what they say.
 */
export function renderCitations(citations: readonly Citation[]): CitationFields {
  const annotations = citations.flatMap((citation) => renderLink(citation))
  const documents = citations.flatMap((citation) => renderDocument(citation))
  return {
    ...(annotations.length === 0 ? {} : { annotations }),
    ...(documents.length === 0 ? {} : { document_citations: documents }),
  }
}

function renderLink({ url, title, start, end }: Citation): readonly JsonValue[] {
  if (url === null) return []
  const place = { start_index: start ?? 0, end_index: end ?? 0 }
  return [{ type: "url_citation", url_citation: { url, title: title ?? url, ...place } }]
}

export function renderDocument(citation: Citation): readonly JsonValue[] {
  const { url, title, citedText, start, end, documentIndex } = citation
  if (url !== null) return []
  return [
    {
      document_index: documentIndex ?? undefined,
      title: title ?? undefined,
      cited_text: citedText ?? undefined,
      start_index: start ?? undefined,
      end_index: end ?? undefined,
    },
  ]
}

export function renderSignature(signature: string | null): JsonValue | undefined {
  return signature === null ? undefined : { google: { thought_signature: signature } }
}
