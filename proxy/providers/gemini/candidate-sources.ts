/**
 * What a candidate's text rests on, as citations with their places in it.
 *
 * In: each piece of a candidate. Out: once the answer is whole, what its last lists say, since each
 * stands for the one before (Google's SDKs keep the last). `groundingMetadata`: chunks are sources,
 * supports name those of a segment, in bytes of UTF-8 from the start of a part. `citationMetadata`:
 * what is quoted, in bytes of the candidate's text; Vertex AI calls the list `citations`. A part of
 * a stream goes on in the next piece, as Google's own places there count ("Grounding with Google
 * Search": the last piece has them, of the whole text). What was searched for has no place in other
 * shapes.
 */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { Citation } from "#proxy/exchange/response-event.ts"
import { type Span, spanOf, TextRuler } from "#proxy/exchange/text-ruler.ts"

type PartKind = "text" | "thought" | "other"

/** A quote, in bytes. */
interface Quote extends Pick<Citation, "url" | "title"> {
  readonly bytes: Span | null
}

/** Of a candidate that quotes more the rest is left out. */
const QUOTES_MAX = 10_000

export class CandidateSources {
  private readonly ruler = new TextRuler()
  /** Bytes of the text before each part. */
  private readonly parts: number[] = []
  private lastKind: PartKind | null = null
  private readonly quotes = new Map<string, Quote>()
  private grounding: JsonView | null = null

  note(candidate: JsonView): void {
    const parts = candidate.member("content")?.member("parts")?.items() ?? []
    for (const [index, part] of parts.entries()) this.notePart(part, index === 0)
    const grounding = candidate.member("groundingMetadata")
    if (grounding?.member("groundingChunks") !== undefined) this.grounding = grounding
    const metadata = candidate.member("citationMetadata")
    const quotes = metadata?.member("citationSources") ?? metadata?.member("citations")
    for (const quote of quotes?.items() ?? []) this.noteQuote(quote)
  }

  /** Each of them once, and none that says nothing. */
  citations(): readonly Citation[] {
    const told = new Map<string, Citation>()
    for (const citation of [...this.grounded(), ...this.quoted()]) {
      const { url, title, citedText, place } = citation
      if ((url ?? title ?? citedText ?? place) === null) continue
      const key = JSON.stringify([url ?? title, place?.start, place?.end])
      if (!told.has(key)) told.set(key, citation)
    }
    return [...told.values()]
  }

  private notePart(part: JsonView, isFirst: boolean): void {
    const kind = kindOf(part)
    const goesOn = isFirst && kind !== "other" && kind === this.lastKind
    if (!goesOn) this.parts.push(this.ruler.bytes)
    this.lastKind = kind
    if (kind === "text") this.ruler.add(part.textOf("text") ?? "")
  }

  private noteQuote(source: JsonView): void {
    const url = source.textOf("uri") ?? null
    const title = source.textOf("title") ?? null
    const bytes = bytesOf(source)
    if (this.quotes.size >= QUOTES_MAX) return
    this.quotes.set(JSON.stringify([url, title, bytes]), { url, title, bytes })
  }

  private quoted(): readonly Citation[] {
    return [...this.quotes.values()].map(({ url, title, bytes }) => ({
      ...{ url, title, citedText: null, place: this.placeOf(bytes) },
      ...NO_DOCUMENT,
    }))
  }

  /** Sources of a segment, and behind them those that no segment names. */
  private grounded(): readonly Citation[] {
    const chunks = (this.grounding?.member("groundingChunks")?.items() ?? []).map(sourceOf)
    const supports = this.grounding?.member("groundingSupports")?.items() ?? []
    const named = new Set<number>()
    const placed = supports.flatMap((support) => {
      const place = this.segmentOf(support.member("segment"))
      const indices = support.member("groundingChunkIndices")?.items() ?? []
      return indices.flatMap((index) => {
        const at = index.count()
        const chunk = at === undefined ? undefined : chunks[at]
        if (at === undefined || chunk === undefined) return []
        named.add(at)
        return [{ ...chunk, place }]
      })
    })
    return [...placed, ...chunks.filter((_, index) => !named.has(index))]
  }

  private segmentOf(segment: JsonView | undefined): Span | null {
    const bytes = segment === undefined ? null : bytesOf(segment)
    const before = this.parts[segment?.countOf("partIndex") ?? 0] ?? 0
    if (bytes === null) return null
    return this.placeOf({ start: bytes.start + before, end: bytes.end + before })
  }

  private placeOf(bytes: Span | null): Span | null {
    return bytes === null ? null : this.ruler.pointsOf(bytes)
  }
}

const NO_DOCUMENT = Object.freeze({ documentIndex: null, documentPlace: null })

function bytesOf(source: JsonView): Span | null {
  return spanOf(source.countOf("startIndex"), source.countOf("endIndex"))
}

function kindOf(part: JsonView): PartKind {
  if (part.textOf("text") === undefined) return "other"
  return part.member("thought")?.boolean() === true ? "thought" : "text"
}

/** A page, what a retrieval found (with its words), a place on Google Maps, or an image's page. */
function sourceOf(chunk: JsonView): Citation {
  const found = chunk.member("web") ?? chunk.member("retrievedContext") ?? chunk.member("maps")
  const source = found ?? chunk.member("image")
  const url = source?.textOf("uri") ?? source?.textOf("sourceUri") ?? null
  const title = source?.textOf("title") ?? null
  return { url, title, citedText: source?.textOf("text") ?? null, place: null, ...NO_DOCUMENT }
}
