/**
 * The end of a stream in OpenAI's shape: `[DONE]`; some vendors close without it (Perplexity),
 * which is an end too once every choice that began has had its own.
 */
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"

const END: readonly ResponseEvent[] = Object.freeze([Object.freeze({ kind: "response-end" })])

export class ChoiceEnds {
  private readonly open = new Set<number>()
  private readonly ended = new Set<number>()
  private isOver = false

  note(events: readonly ResponseEvent[]): void {
    for (const event of events) {
      if (!("choice" in event)) continue
      if (event.kind === "choice-end") {
        this.ended.add(event.choice)
        this.open.delete(event.choice)
      } else if (!this.ended.has(event.choice)) this.open.add(event.choice)
    }
  }

  onMarker(): readonly ResponseEvent[] {
    this.isOver = true
    return END
  }

  onClose(): readonly ResponseEvent[] {
    return !this.isOver && this.ended.size > 0 && this.open.size === 0 ? END : []
  }
}
