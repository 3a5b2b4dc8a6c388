/** Reasons, calls and usage in OpenAI's words, for whole answers and chunks alike. */
import type { JsonValue } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { Citation, FinishReason } from "#proxy/exchange/response-event.ts"
import type { Span } from "#proxy/exchange/text-ruler.ts"

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

function renderLink({ url, title, place }: Citation): readonly JsonValue[] {
  if (url === null) return []
  const link = { url, title: title ?? url, ...renderPlace(place) }
  return [{ type: "url_citation", url_citation: link }]
}

/** OpenAI's shapes have no word for none: then nothing lies between. */
export function renderPlace(place: Span | null) {
  return { start_index: place?.start ?? 0, end_index: place?.end ?? 0 }
}

/** Positions are of the message as a link's are; those of the document stand beside them. */
export function renderDocument(citation: Citation): readonly JsonValue[] {
  const { url, title, citedText, place, documentIndex, documentPlace } = citation
  if (url !== null) return []
  return [
    {
      document_index: documentIndex ?? undefined,
      title: title ?? undefined,
      cited_text: citedText ?? undefined,
      start_index: place?.start,
      end_index: place?.end,
      document_start_index: documentPlace?.start,
      document_end_index: documentPlace?.end,
    },
  ]
}

export function renderSignature(signature: string | null): JsonValue | undefined {
  return signature === null ? undefined : { google: { thought_signature: signature } }
}
