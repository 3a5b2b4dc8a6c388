/**
 * Citations of providers that cut their answer into blocks: the place of each is its block's text.
 *
 * In: the events of blocks, one block after the other. Out: the same, citations behind the rest of
 * their block and with their place, since they may come before the text is whole, and the end of
 * each block's text, since what follows rests on something else. Source:
 * Anthropic, "Citations"; Bedrock, "CitationsContentBlock".
 */
import type { Citation, FoundPlace, ResponseEvent } from "#proxy/exchange/response-event.ts"
import { spanOf, TextRuler } from "#proxy/exchange/text-ruler.ts"

/** Of a search result its source, where that is an address: a client of any shape can follow it. */
export function addressIn(found: FoundPlace | null): string | null {
  const source = found?.source ?? ""
  return /^https?:\/\//i.test(source) ? source : null
}

export class CitedBlocks {
  private readonly ruler = new TextRuler()
  private start = 0
  private held: Citation[] = []

  pass(events: readonly ResponseEvent[]): readonly ResponseEvent[] {
    return events.filter((event) => {
      if (event.kind === "text-delta") this.ruler.add(event.text)
      if (event.kind !== "citation-add") return true
      this.held.push(event.citation)
      return false
    })
  }

  /** The block is whole. */
  end(): readonly ResponseEvent[] {
    const place = spanOf(this.start, this.ruler.points)
    const told = this.held.map((citation): ResponseEvent => {
      return { kind: "citation-add", choice: 0, citation: { ...citation, place } }
    })
    if (place !== null) told.push({ kind: "text-end", choice: 0 })
    this.start = this.ruler.points
    this.held = []
    return told
  }
}
