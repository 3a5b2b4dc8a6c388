/**
 * What an answer rests on, in the two places that Google has for it, both in bytes of UTF-8.
 *
 * A link is a chunk of `groundingMetadata` (Gemini API, "GroundingMetadata"), and at a place in the
 * text a support names it: a segment within one part, what lies in the next part being cut off.
 * What has a place, or no address, is quoted in `citationMetadata` too ("CitationMetadata"), in
 * bytes of the whole text. Nothing there holds an extract of a page, or a place in a document.
 */
import type { JsonValue } from "#proxy/contract/json-write.ts"
import type { AnswerPart } from "#proxy/exchange/chat-answer.ts"
import type { Citation } from "#proxy/exchange/response-event.ts"
import { cutSpan, type Span, TextRuler } from "#proxy/exchange/text-ruler.ts"

interface CandidateFields {
  readonly citationMetadata?: JsonValue
  readonly groundingMetadata?: JsonValue
}

/** Members of a candidate whose content has these parts. */
export function renderSources(parts: readonly AnswerPart[]): CandidateFields {
  if (!parts.some((part) => part.kind === "text" && part.citations.length > 0)) return {}
  const ruler = new TextRuler()
  const texts = parts.flatMap((part, partIndex) => {
    if (part.kind !== "text") return []
    const start = ruler.bytes
    ruler.add(part.text)
    return [{ partIndex, own: { start, end: ruler.bytes }, citations: part.citations }]
  })
  const quotes: JsonValue[] = []
  const grounding = new Grounding()
  for (const { partIndex, own, citations } of texts) {
    for (const citation of citations) {
      const { url, place } = citation
      const bytes = place === null ? null : ruler.bytesOf(place)
      if (url === null || bytes !== null) quotes.push(renderQuote(citation, bytes))
      if (url !== null) grounding.add(url, citation.title, cutSpan(bytes, own), partIndex)
    }
  }
  return {
    ...(quotes.length === 0 ? {} : { citationMetadata: { citationSources: quotes } }),
    ...grounding.render(),
  }
}

function renderQuote({ url, title }: Citation, bytes: Span | null): JsonValue {
  return { uri: url ?? undefined, title: title ?? undefined, ...renderPlace(bytes) }
}

function renderPlace(bytes: Span | null) {
  return { startIndex: bytes?.start, endIndex: bytes?.end }
}

interface Support {
  readonly segment: JsonValue
  readonly groundingChunkIndices: number[]
}

/** Each address is one chunk, and each place one support of all that it rests on. */
class Grounding {
  private readonly chunks: JsonValue[] = []
  private readonly byUrl = new Map<string, number>()
  private readonly supports = new Map<string, Support>()

  add(url: string, title: string | null, bytes: Span | null, partIndex: number): void {
    const chunk = this.byUrl.get(url) ?? this.chunks.length
    if (chunk === this.chunks.length) {
      this.byUrl.set(url, chunk)
      this.chunks.push({ web: { uri: url, title: title ?? undefined } })
    }
    if (bytes === null) return
    const key = `${partIndex} ${bytes.start} ${bytes.end}`
    const support = this.supports.get(key)
    if (support !== undefined) support.groundingChunkIndices.push(chunk)
    else {
      const part = partIndex === 0 ? undefined : partIndex
      const segment = { partIndex: part, ...renderPlace(bytes) }
      this.supports.set(key, { segment, groundingChunkIndices: [chunk] })
    }
  }

  render(): CandidateFields {
    if (this.chunks.length === 0) return {}
    const supports = [...this.supports.values()].map((support): JsonValue => ({ ...support }))
    const told = supports.length === 0 ? undefined : supports
    return { groundingMetadata: { groundingChunks: this.chunks, groundingSupports: told } }
  }
}
