/**
 * The sources of an answer that vendors which search put beside its choices, as citations.
 *
 * In: each answer or chunk. Out: citations without a place in the text, each address once a choice.
 * `citations` is a list of addresses: Perplexity, "Sonar API", in every chunk; xAI, "Live Search",
 * in the last one, which may come behind the choice's end. Perplexity's `search_results` have the
 * titles and extracts of these pages. The markers in Perplexity's text (`[1]`) count that list, so
 * that its order is kept.
 */
import type { JsonView } from "#proxy/contract/json-view.ts"
import type { Citation, ResponseEvent } from "#proxy/exchange/response-event.ts"

export class AnswerSources {
  private addresses: JsonView | undefined
  private results: JsonView | undefined
  private hasMore = false
  private readonly ended = new Set<number>()
  /** Addresses that each choice has told. */
  private readonly told = new Map<number, Set<string>>()

  /** Lists grow: the last one holds those before. */
  note(answer: JsonView): void {
    const addresses = answer.member("citations")
    const results = answer.member("search_results")
    if (addresses === undefined && results === undefined) return
    this.addresses = addresses ?? this.addresses
    this.results = results ?? this.results
    this.hasMore = true
  }

  /** What annotations say already is not said again. */
  noteTold(events: readonly ResponseEvent[]): void {
    for (const event of events) {
      if (event.kind !== "citation-add" || event.citation.url === null) continue
      this.toldOf(event.choice).add(event.citation.url)
    }
  }

  /** What a choice that ends rests on. */
  take(choice: number): readonly ResponseEvent[] {
    this.ended.add(choice)
    if (this.addresses === undefined && this.results === undefined) return []
    const told = this.toldOf(choice)
    return this.list().flatMap((citation) => {
      if (told.has(citation.url)) return []
      told.add(citation.url)
      return [{ kind: "citation-add", choice, citation }]
    })
  }

  /** What came only after the ends of choices. */
  rest(): readonly ResponseEvent[] {
    if (!this.hasMore || this.ended.size === 0) return []
    this.hasMore = false
    return [...this.ended].flatMap((choice) => this.take(choice))
  }

  /** For an answer that is over though no choice has said its end. */
  unended(): readonly ResponseEvent[] {
    return this.ended.size === 0 ? this.take(0) : []
  }

  private toldOf(choice: number): Set<string> {
    const told = this.told.get(choice) ?? new Set()
    this.told.set(choice, told)
    return told
  }

  private list(): readonly (Citation & { readonly url: string })[] {
    const pages = new Map(
      (this.results?.items() ?? []).flatMap((result) => {
        const url = result.textOf("url") ?? ""
        return url === "" ? [] : [[url, result] as const]
      }),
    )
    const cited = (this.addresses?.items() ?? []).flatMap((address) => address.text() || [])
    return [...new Set([...cited, ...pages.keys()])].map((url) => ({
      ...NO_PLACE,
      url,
      title: pages.get(url)?.textOf("title") ?? null,
      citedText: pages.get(url)?.textOf("snippet") ?? null,
    }))
  }
}

const NO_PLACE = Object.freeze({ place: null, documentIndex: null, documentPlace: null })
