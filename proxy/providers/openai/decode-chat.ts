/** Chat Completions answers and chunks to events. */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import type { Citation, FinishReason, ResponseEvent } from "#proxy/exchange/response-event.ts"
import { tagSignature } from "#proxy/exchange/signatures.ts"
import { spanOf } from "#proxy/exchange/text-ruler.ts"
import type { Frame } from "#proxy/wire/frame.ts"
import type { DecodedAnswer, StreamDecoder } from "../adapter.ts"
import { openEvent } from "../open-event.ts"
import { reportOf } from "../read-report.ts"
import { withCalls } from "../with-calls.ts"
import { AnswerSources } from "./answer-sources.ts"
import { ChoiceCalls } from "./choice-calls.ts"
import { ChoiceEnds } from "./choice-ends.ts"
import { errorOf, findAnswerFault, isErrorEvent, isReason } from "./read-answer.ts"
import { readUsage } from "./read-usage.ts"

export function decodeAnswer(answer: JsonDocument): DecodedAnswer {
  const fault = findAnswerFault(answer)
  if (fault !== null) return { ok: false, fault }
  const view = new JsonView(answer)
  const calls = new ChoiceCalls()
  const sources = new AnswerSources()
  sources.note(view)
  const said = [startOf(view, calls), ...choicesOf(view, "message", calls, sources)]
  const events = [...said, ...reportOf(readUsage(answer))]
  return { ok: true, events: [...events, { kind: "response-end" }] }
}

export function openDecoder(): StreamDecoder {
  return new ChunkDecoder()
}

class ChunkDecoder implements StreamDecoder {
  private hasStarted = false
  private readonly calls = new ChoiceCalls()
  private readonly sources = new AnswerSources()
  private readonly ends = new ChoiceEnds()

  push(frame: Frame): readonly ResponseEvent[] {
    if (frame.kind === "done-marker") return [...this.sources.unended(), ...this.ends.onMarker()]
    const view = openEvent(frame)
    if (isErrorEvent(frame)) return [errorOf(frame)]
    // Azure begins with what its filter says of the prompt, under no id.
    if (!this.hasStarted && view.textOf("id") === "" && isWithoutChoices(view)) return []
    const events: ResponseEvent[] = this.hasStarted ? [] : [startOf(view, this.calls)]
    this.hasStarted = true
    this.sources.note(view)
    events.push(...this.sources.rest())
    const said = choicesOf(view, "delta", this.calls, this.sources)
    this.ends.note(said)
    events.push(...said, ...reportOf(readUsage(frame.document)))
    return events
  }

  finish(): readonly ResponseEvent[] {
    return this.ends.onClose()
  }
}

function isWithoutChoices(view: JsonView): boolean {
  return view.member("choices")?.items().length === 0
}

/** An empty id or name is none. */
function startOf(view: JsonView, calls: ChoiceCalls): ResponseEvent {
  const id = view.textOf("id") || null
  calls.answer = id
  return { kind: "response-start", id, model: view.textOf("model") || null }
}

function choicesOf(
  view: JsonView,
  member: "delta" | "message",
  calls: ChoiceCalls,
  sources: AnswerSources,
): readonly ResponseEvent[] {
  const choices = view.member("choices")?.items() ?? []
  return choices.flatMap((choice, position) => {
    const index = choice.countOf("index") ?? position
    const message = choice.member(member)
    const events = message === undefined ? [] : contentOf(message, index, calls)
    const entries = choice.member("logprobs")?.member("content")
    if (entries?.isArray === true) {
      events.push({ kind: "logprobs-add", choice: index, entries: entries.raw() })
    }
    sources.noteTold(events)
    const said = choice.textOf("finish_reason") ?? ""
    if (!isReason(said)) return events
    const reason = withCalls(reasonOf(said), calls.hasCalls(index))
    const ending = { choice: index, reason, stopSequence: null }
    events.push(...sources.take(index), ...calls.end(index))
    return [...events, { kind: "choice-end", ...ending }]
  })
}

function contentOf(message: JsonView, choice: number, calls: ChoiceCalls): ResponseEvent[] {
  const events: ResponseEvent[] = []
  // Vendors name what a model thinks differently; OpenAI's own API does not show it.
  const thought = message.textOf("reasoning_content") || (message.textOf("reasoning") ?? "")
  if (thought !== "") events.push({ kind: "reasoning-delta", choice, text: thought })
  for (const detail of detailsOf(message, choice)) events.push(detail)
  const text = message.textOf("content")
  if (text !== undefined && text !== "") events.push({ kind: "text-delta", choice, text })
  for (const part of message.member("content")?.items() ?? []) {
    events.push(...thoughtsOf(part, choice))
    const partText = part.textOf("text")
    if (partText !== undefined) events.push({ kind: "text-delta", choice, text: partText })
  }
  const refusal = message.textOf("refusal")
  if (refusal !== undefined && refusal !== "") {
    events.push({ kind: "refusal-delta", choice, text: refusal })
  }
  for (const annotation of message.member("annotations")?.items() ?? []) {
    const url = annotation.member("url_citation")
    // Others name a file of the provider's own, which nobody else has.
    if (url !== undefined) events.push({ kind: "citation-add", choice, citation: citationOf(url) })
  }
  const images = message.member("images")
  if (images !== undefined) events.push(...imagesOf(images, choice))
  for (const [position, call] of (message.member("tool_calls")?.items() ?? []).entries()) {
    events.push(...calls.read(choice, call, position))
  }
  return events
}

/** Thoughts that are parts of the content: Mistral's `thinking`, the `summary` of Databricks. */
function thoughtsOf(part: JsonView, choice: number): readonly ResponseEvent[] {
  const pieces = part.member("thinking") ?? part.member("summary")
  return (pieces?.items() ?? []).flatMap((piece): ResponseEvent[] => {
    const text = piece.textOf("text") ?? ""
    const signature = piece.textOf("signature") ?? ""
    const events: ResponseEvent[] = text === "" ? [] : [{ kind: "reasoning-delta", choice, text }]
    if (signature === "") return events
    const signed = tagSignature("openai", signature)
    return [...events, { kind: "reasoning-signature", choice, signature: signed }]
  })
}

function detailsOf(message: JsonView, choice: number): readonly ResponseEvent[] {
  const details = message.member("reasoning_details")?.items() ?? []
  return details.flatMap((detail): ResponseEvent[] => {
    const signature = detail.textOf("signature") ?? ""
    const data = detail.textOf("data") ?? ""
    if (signature !== "") {
      const signed = tagSignature("openai", signature)
      return [{ kind: "reasoning-signature", choice, signature: signed }]
    }
    if (data === "") return []
    return [{ kind: "reasoning-redacted", choice, data: tagSignature("openai", data) }]
  })
}

/**
 * OpenRouter, "Image Generation": `images` of a message or a delta, each whole, as a data URL.
 * Gemini's answers have the same form in this shape. No other shape has an address in its place.
 */
function imagesOf(images: JsonView, choice: number): readonly ResponseEvent[] {
  return images.items().flatMap((image): ResponseEvent[] => {
    const url = image.member("image_url")?.textOf("url") ?? ""
    const [, mimeType, base64] = DATA_URL.exec(url) ?? []
    if (mimeType === undefined || base64 === undefined) return []
    return [{ kind: "media-add", choice, mimeType: mimeType.toLowerCase(), base64 }]
  })
}

/** RFC 2397, base64 only. */
const DATA_URL = /^data:([^;,]+)(?:;[^;,]+)*;base64,(.*)$/is

/**
 * `content` is OpenRouter's ("Web Search"): what was found at that address. An empty place, which
 * some write since the fields are required, is none.
 */
function citationOf(url: JsonView): Citation {
  return {
    url: url.textOf("url") ?? null,
    title: url.textOf("title") ?? null,
    citedText: url.textOf("content") ?? null,
    place: spanOf(url.countOf("start_index"), url.countOf("end_index")),
    documentIndex: null,
    documentPlace: null,
  }
}

/** OpenAI's five, and what vendors call them (Together and TGI, xAI, Mistral). */
function reasonOf(reason: string): FinishReason {
  switch (reason) {
    case "stop":
    case "eos":
    case "eos_token":
    case "end_turn":
      return "stop"
    case "stop_sequence":
      return "stop-sequence"
    case "length":
    case "max_tokens":
      return "length"
    case "model_length":
      return "context-length"
    case "tool_calls":
    case "function_call":
      return "tool-calls"
    case "content_filter":
      return "content-filter"
    // OpenRouter and Mistral, DeepSeek, vLLM.
    case "error":
    case "insufficient_system_resource":
    case "abort":
      return "failed"
    default:
      return "other"
  }
}
