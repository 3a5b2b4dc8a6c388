/**
 * A chat answer in the intermediate form: the same events for a whole answer and for a stream.
 *
 * A wire decodes what its upstream sends into them, a surface renders them. `choice` counts from 0;
 * a `call` counts the tool calls of its choice from 0. A whole answer is all of its events at once,
 * and `collectAnswer` folds them where a surface needs the whole.
 */
import type { RawJson } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { Span } from "./text-ruler.ts"

export type ResponseEvent =
  /** First. */
  | ResponseStart
  | { readonly kind: "text-delta"; readonly choice: number; readonly text: string }
  /** Of a provider whose texts come in blocks: one is whole, and the next text is another. */
  | { readonly kind: "text-end"; readonly choice: number }
  | { readonly kind: "reasoning-delta"; readonly choice: number; readonly text: string }
  /** Ends a block of reasoning: what the provider wants back with it. */
  | { readonly kind: "reasoning-signature"; readonly choice: number; readonly signature: string }
  | { readonly kind: "reasoning-redacted"; readonly choice: number; readonly data: string }
  | { readonly kind: "refusal-delta"; readonly choice: number; readonly text: string }
  | {
      readonly kind: "tool-call-start"
      readonly choice: number
      readonly call: number
      readonly id: string
      readonly name: string
      readonly signature: string | null
    }
  | {
      readonly kind: "tool-call-delta"
      readonly choice: number
      readonly call: number
      /** The next piece of the arguments' JSON text. */
      readonly arguments: string
    }
  | { readonly kind: "citation-add"; readonly choice: number; readonly citation: Citation }
  /** An image or a sound in the answer; `base64` is whole. */
  | {
      readonly kind: "media-add"
      readonly choice: number
      readonly mimeType: string
      readonly base64: string
    }
  /** Entries of OpenAI's `logprobs.content`, a JSON array as text. */
  | { readonly kind: "logprobs-add"; readonly choice: number; readonly entries: RawJson }
  | {
      readonly kind: "choice-end"
      readonly choice: number
      readonly reason: FinishReason
      /** Which of the request's stop sequences was met, where the provider says so. */
      readonly stopSequence: string | null
    }
  /** The last one counts. */
  | { readonly kind: "usage-report"; readonly usage: TokenUsage }
  /** Last, and only when the upstream said that its answer is complete. */
  | ResponseEnd
  /** The upstream reports an error within its stream, by that name; nothing follows. */
  | { readonly kind: "response-error"; readonly name: string | null }

/** `id` is the upstream's, null when it gives none. */
export interface ResponseStart {
  readonly kind: "response-start"
  readonly id: string | null
  readonly model: string | null
}

export interface ResponseEnd {
  readonly kind: "response-end"
}

/**
 * `length`: the output limit. `context-length`: the model's window. `pause`: the provider wants the
 * turn sent again to go on (Anthropic `pause_turn`). `failed`: what came is no answer, by the
 * upstream's own word; no other shape has one for it, so that a translated answer is an error.
 */
export type FinishReason =
  | "stop"
  | "stop-sequence"
  | "length"
  | "context-length"
  | "tool-calls"
  | "content-filter"
  | "refusal"
  | "pause"
  | "failed"
  | "other"

/**
 * What a piece of the answer rests on.
 *
 * `place` is that piece, in code points of the choice's text: all of its `text-delta`s, one behind
 * the other. So does OpenAI count, from 0 and to before the end (`url_citation`, whose page says
 * "the last character" where its answers name the one behind), and so does Cohere (its own parser,
 * "melody", has `emoji: 🌈` end 8 behind its start). Google counts bytes of UTF-8 (`Segment`,
 * `CitationSource`). Anthropic and Bedrock cut the answer into blocks, each of which is a place.
 * Null: all of the answer, or none is told.
 */
export interface Citation {
  readonly url: string | null
  readonly title: string | null
  /** Of the source's own words. */
  readonly citedText: string | null
  readonly place: Span | null
  /** Of what searches found by the request's own word; absent where it is of nothing like that. */
  readonly found?: FoundPlace
  /** Of the request's documents, counted from 0. */
  readonly documentIndex: number | null
  /** Within that document, in the characters that its provider counts. */
  readonly documentPlace: Span | null
}

/** Which of the request's search results is cited, counted from 0, and which of its texts. */
export interface FoundPlace {
  readonly index: number
  /** Null where the provider says no more than which it is. */
  readonly source: string | null
  readonly texts: Span
}

/** Whether an event is content: from the first one on no other attempt may answer. */
export function isContent(event: ResponseEvent): boolean {
  switch (event.kind) {
    case "text-delta":
    case "reasoning-delta":
    case "refusal-delta":
      return event.text !== ""
    case "tool-call-start":
    case "tool-call-delta":
    case "reasoning-redacted":
    case "media-add":
      return true
    case "choice-end":
      return event.reason !== "failed"
    case "response-start":
    case "text-end":
    case "reasoning-signature":
    case "citation-add":
    case "logprobs-add":
    case "usage-report":
    case "response-end":
    case "response-error":
      return false
  }
}

/**
 * Quarter tokens of the answer in one event, for the estimate where no usage is reported: a plain
 * character is one, and others are what `quota/estimate-usage.ts` takes them for.
 */
export function contentLength(event: ResponseEvent): number {
  switch (event.kind) {
    case "text-delta":
    case "reasoning-delta":
    case "refusal-delta":
      return quarterTokens(event.text)
    case "tool-call-start":
      return quarterTokens(event.name)
    case "tool-call-delta":
      return quarterTokens(event.arguments)
    default:
      return 0
  }
}

/** Tokens of content of that length, rounded up: of one event, or of the sum of many. */
export function tokensOfLength(length: number): number {
  return Math.ceil(length / 4)
}

/** Of all events of an answer. */
export function tokensOfEvents(events: readonly ResponseEvent[]): number {
  return tokensOfLength(events.reduce((sum, event) => sum + contentLength(event), 0))
}

/** Two for a character of two bytes in UTF-8, four for one of three, three for half an emoji. */
function quarterTokens(text: string): number {
  let sum = text.length
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index)
    if (unit >= 0x80) sum += unit < 0x800 ? 1 : isSurrogate(unit) ? 2 : 3
  }
  return sum
}

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xe000
}
