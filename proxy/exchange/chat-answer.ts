/** A whole chat answer: its events folded, in the order in which its parts began. */
import { RawJson } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { Citation, FinishReason, ResponseEvent } from "./response-event.ts"
import { type Span, TextRuler } from "./text-ruler.ts"

export interface ChatAnswer {
  readonly id: string | null
  readonly model: string | null
  readonly choices: readonly AnswerChoice[]
  readonly usage: TokenUsage | undefined
}

export interface AnswerChoice {
  readonly parts: readonly AnswerPart[]
  readonly reason: FinishReason
  readonly stopSequence: string | null
  /** Entries of OpenAI's `logprobs.content`; null when there are none. */
  readonly logprobs: RawJson | null
}

export type AnswerPart =
  | { readonly kind: "text"; readonly text: string; readonly citations: readonly Citation[] }
  | { readonly kind: "reasoning"; readonly text: string; readonly signature: string | null }
  | { readonly kind: "reasoning-redacted"; readonly data: string }
  | { readonly kind: "refusal"; readonly text: string }
  | { readonly kind: "media"; readonly mimeType: string; readonly base64: string }
  | {
      readonly kind: "tool-call"
      readonly id: string
      readonly name: string
      readonly arguments: string
      readonly signature: string | null
    }

/** Choices in their order; one that never ended has reason `other`. */
export function collectAnswer(events: Iterable<ResponseEvent>): ChatAnswer {
  let start: { readonly id: string | null; readonly model: string | null } = NO_START
  let usage: TokenUsage | undefined
  const choices = new Map<number, OpenChoice>()
  for (const event of events) {
    if (event.kind === "response-start") start = event
    else if (event.kind === "usage-report") usage = event.usage
    else if (event.kind !== "response-end" && event.kind !== "response-error") {
      const choice = choices.get(event.choice) ?? new OpenChoice()
      choices.set(event.choice, choice)
      choice.add(event)
    }
  }
  const sorted = [...choices].sort(([a], [b]) => a - b)
  return { ...start, usage, choices: sorted.map(([, choice]) => choice.close()) }
}

/** The text of a choice without its reasoning. */
export function textOfChoice(choice: AnswerChoice): string {
  return choice.parts.map((part) => (part.kind === "text" ? part.text : "")).join("")
}

/**
 * Where each part lies in the choice's text, in code points; what is no text is empty there. Of a
 * choice that rests on nothing no place is asked for: then the list is empty.
 */
export function placesOfTexts(parts: readonly AnswerPart[]): readonly Span[] {
  const isCited = parts.some((part) => part.kind === "text" && part.citations.length > 0)
  return isCited ? measureTexts(parts) : []
}

function measureTexts(parts: readonly AnswerPart[]): readonly Span[] {
  const ruler = new TextRuler()
  return parts.map((part) => {
    const start = ruler.points
    if (part.kind === "text") ruler.add(part.text)
    return { start, end: ruler.points }
  })
}

const NO_START = Object.freeze({ id: null, model: null })

type ChoiceEvent = Extract<ResponseEvent, { readonly choice: number }>

class OpenChoice {
  private readonly parts: AnswerPart[] = []
  /** Each with the text that was the last before it. */
  private readonly citations: { readonly citation: Citation; readonly told: number }[] = []
  /** The last text, the one that a citation without a place is about; -1 while there is none. */
  private lastText = -1
  private readonly calls = new Map<number, number>()
  private readonly logprobs: string[] = []
  private reason: FinishReason = "other"
  private stopSequence: string | null = null

  add(event: ChoiceEvent): void {
    switch (event.kind) {
      case "text-delta":
      case "refusal-delta":
        this.addText(event.kind === "text-delta" ? "text" : "refusal", event.text)
        break
      case "reasoning-delta":
        this.addReasoning(event.text, null)
        break
      case "reasoning-signature":
        this.addReasoning("", event.signature)
        break
      case "reasoning-redacted":
        this.parts.push({ kind: "reasoning-redacted", data: event.data })
        break
      case "media-add":
        this.parts.push({ kind: "media", mimeType: event.mimeType, base64: event.base64 })
        break
      case "tool-call-start":
        this.addCall(event.call, event)
        break
      case "tool-call-delta":
        this.addArguments(event.call, event.arguments)
        break
      case "citation-add":
        this.cite(event.citation)
        break
      case "logprobs-add":
        this.logprobs.push(event.entries.text.slice(1, -1))
        break
      case "text-end":
        // Of a whole text its citations tell where each lies.
        break
      case "choice-end":
        this.reason = event.reason
        this.stopSequence = event.stopSequence
        break
    }
  }

  close(): AnswerChoice {
    const entries = this.logprobs.filter((text) => text.trim() !== "")
    const cited = this.citationsByText()
    return {
      parts: this.parts.map((part, at) => {
        const citations = cited.get(at)
        return part.kind !== "text" || citations === undefined ? part : { ...part, citations }
      }),
      reason: this.reason,
      stopSequence: this.stopSequence,
      logprobs: entries.length === 0 ? null : new RawJson(`[${entries.join(",")}]`),
    }
  }

  private addText(kind: "text" | "refusal", text: string): void {
    const last = this.parts.at(-1)
    if (last?.kind === kind) this.replaceLast({ ...last, text: last.text + text })
    else if (kind === "refusal") this.parts.push({ kind, text })
    else this.lastText = this.parts.push({ kind, text, citations: [] }) - 1
  }

  private replaceLast(part: AnswerPart): void {
    this.parts[this.parts.length - 1] = part
  }

  /** A signature closes its block: what comes next is another one. */
  private addReasoning(text: string, signature: string | null): void {
    const last = this.parts.at(-1)
    if (last?.kind !== "reasoning" || last.signature !== null) {
      this.parts.push({ kind: "reasoning", text, signature })
      return
    }
    this.replaceLast({ ...last, text: last.text + text, signature })
  }

  private addCall(
    call: number,
    { id, name, signature }: { id: string; name: string; signature: string | null },
  ): void {
    this.calls.set(call, this.parts.length)
    this.parts.push({ kind: "tool-call", id, name, arguments: "", signature })
  }

  private addArguments(call: number, text: string): void {
    const at = this.calls.get(call) ?? -1
    const part = this.parts[at]
    if (part?.kind === "tool-call") this.parts[at] = { ...part, arguments: part.arguments + text }
  }

  private cite(citation: Citation): void {
    if (this.lastText < 0) this.addText("text", "")
    this.citations.push({ citation, told: this.lastText })
  }

  /** Those with a place are of the text that it begins in. */
  private citationsByText(): ReadonlyMap<number, Citation[]> {
    const byText = new Map<number, Citation[]>()
    if (this.citations.length === 0) return byText
    const texts = measureTexts(this.parts).flatMap((place, at) =>
      this.parts[at]?.kind === "text" ? [{ ...place, at }] : [],
    )
    for (const { citation, told } of this.citations) {
      const { place } = citation
      const own = place === null ? undefined : findText(texts, place.start)
      const at = own?.at ?? told
      const cited = byText.get(at)
      if (cited === undefined) byText.set(at, [citation])
      else cited.push(citation)
    }
    return byText
  }
}

/** The one that holds a point; undefined for one behind all of them. */
function findText<T extends Span>(texts: readonly T[], point: number): T | undefined {
  let low = 0
  let high = texts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((texts[middle]?.end ?? 0) > point) high = middle
    else low = middle + 1
  }
  return texts[low]
}
