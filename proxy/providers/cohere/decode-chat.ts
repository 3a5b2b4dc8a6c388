/** Answers and stream events of Cohere's chat to events of the intermediate form. */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import type { FinishReason, ResponseEvent } from "#proxy/exchange/response-event.ts"
import { type Span, spanOf, TextRuler } from "#proxy/exchange/text-ruler.ts"
import type { Frame } from "#proxy/wire/frame.ts"
import type { DecodedAnswer, StreamDecoder } from "../adapter.ts"
import { BareCalls } from "../bare-calls.ts"
import { beginCall } from "../begin-call.ts"
import { openEvent, refuseMarker, upstreamError } from "../open-event.ts"
import { reportOf } from "../read-report.ts"
import { withCalls } from "../with-calls.ts"
import { readUsage } from "./read-answer.ts"

export function decodeAnswer(answer: JsonDocument): DecodedAnswer {
  const view = new JsonView(answer)
  const message = view.member("message")
  if (message?.isObject !== true) return { ok: false, fault: "it has no message" }
  const events: ResponseEvent[] = [startOf(view)]
  const places = new BlockPlaces()
  for (const [index, part] of (message.member("content")?.items() ?? []).entries()) {
    places.begin(index)
    events.push(...places.pass(contentOf(part)))
  }
  const plan = message.textOf("tool_plan")
  if (plan !== undefined) events.push({ kind: "reasoning-delta", choice: 0, text: plan })
  for (const citation of message.member("citations")?.items() ?? []) {
    events.push(...cite(citation, places))
  }
  const calls = message.member("tool_calls")?.items() ?? []
  for (const [call, view_] of calls.entries()) {
    events.push(beginFunction(view_, call))
    const text = view_.member("function")?.textOf("arguments") ?? "{}"
    events.push({ kind: "tool-call-delta", choice: 0, call, arguments: text })
  }
  return {
    ok: true,
    events: [...events, ...endOf(view, calls.length > 0), { kind: "response-end" }],
  }
}

export function openDecoder(): StreamDecoder {
  return new CohereDecoder()
}

class CohereDecoder implements StreamDecoder {
  private calls = 0
  private readonly bare = new BareCalls()
  private readonly places = new BlockPlaces()

  push(frame: Frame): readonly ResponseEvent[] {
    refuseMarker(frame, "Cohere")
    const view = openEvent(frame)
    const message = view.member("delta")?.member("message")
    switch (view.textOf("type") ?? frame.name) {
      case "message-start":
        return [startOf(view)]
      case "content-start":
        this.places.begin(view.countOf("index") ?? 0)
        return this.content(message)
      case "content-delta":
        return this.content(message)
      case "tool-plan-delta": {
        const text = message?.textOf("tool_plan") ?? ""
        return [{ kind: "reasoning-delta", choice: 0, text }]
      }
      case "tool-call-start":
        return this.begin(message?.member("tool_calls"))
      case "tool-call-delta":
        return this.grow(message?.member("tool_calls"))
      case "tool-call-end":
        return this.bare.end(this.calls - 1)
      case "citation-start": {
        const citation = message?.member("citations")
        return citation === undefined ? [] : cite(citation, this.places)
      }
      case "message-end":
        return this.end(view.member("delta"))
      default:
        return []
    }
  }

  /** A close is no end: `message-end` is. */
  finish(): readonly ResponseEvent[] {
    return []
  }

  private content(message: JsonView | undefined): readonly ResponseEvent[] {
    const content = message?.member("content")
    return content === undefined ? [] : this.places.pass(contentOf(content))
  }

  private begin(call: JsonView | undefined): readonly ResponseEvent[] {
    if (call === undefined) return []
    const events = [beginFunction(call, this.calls)]
    this.bare.begin(this.calls)
    this.calls++
    return [...events, ...this.grow(call)]
  }

  private grow(call: JsonView | undefined): readonly ResponseEvent[] {
    const text = call?.member("function")?.textOf("arguments") ?? ""
    if (text === "" || this.calls === 0) return []
    this.bare.grow(this.calls - 1)
    return [{ kind: "tool-call-delta", choice: 0, call: this.calls - 1, arguments: text }]
  }

  private end(delta: JsonView | undefined): readonly ResponseEvent[] {
    if (delta === undefined || delta.textOf("error") !== undefined) {
      return [upstreamError()]
    }
    return [...endOf(delta, this.calls > 0), { kind: "response-end" }]
  }
}

/** Where each block of the content begins in the answer's text, which thoughts are no part of. */
class BlockPlaces {
  private readonly ruler = new TextRuler()
  private readonly starts = new Map<number, number>()

  begin(index: number): void {
    this.starts.set(index, this.ruler.points)
  }

  pass(events: readonly ResponseEvent[]): readonly ResponseEvent[] {
    for (const event of events) if (event.kind === "text-delta") this.ruler.add(event.text)
    return events
  }

  find(span: Span | null, index: number): Span | null {
    const before = this.starts.get(index) ?? 0
    return span === null ? null : { start: span.start + before, end: span.end + before }
  }
}

function startOf(view: JsonView): ResponseEvent {
  return { kind: "response-start", id: view.textOf("id") ?? null, model: null }
}

function contentOf(part: JsonView): readonly ResponseEvent[] {
  const thought = part.textOf("thinking")
  if (thought !== undefined && thought !== "") {
    return [{ kind: "reasoning-delta", choice: 0, text: thought }]
  }
  const text = part.textOf("text") ?? ""
  return text === "" ? [] : [{ kind: "text-delta", choice: 0, text }]
}

function beginFunction(call: JsonView, index: number): ResponseEvent {
  return beginCall(index, call.textOf("id"), call.member("function")?.textOf("name"))
}

/**
 * One of each source, a document or what a tool gave. Of plans and thoughts no shape has any.
 * `start` and `end` count code points of the block that `content_index` names; `text` is what
 * stands there, the answer's own words and none of the source's.
 */
function cite(citation: JsonView, places: BlockPlaces): readonly ResponseEvent[] {
  const type = citation.textOf("type") ?? "TEXT_CONTENT"
  if (type !== "TEXT_CONTENT") return []
  const inBlock = spanOf(citation.countOf("start"), citation.countOf("end"))
  const place = places.find(inBlock, citation.countOf("content_index") ?? 0)
  const said = { citedText: null, place, documentIndex: null, documentPlace: null }
  const sources = citation.member("sources")?.items() ?? []
  const found = sources.map((source) => source.member("document") ?? source.member("tool_output"))
  return (found.length === 0 ? [undefined] : found).map((source) => {
    const url = source?.textOf("url") ?? null
    const title = source?.textOf("title") ?? null
    return { kind: "citation-add", choice: 0, citation: { url, title, ...said } }
  })
}

function endOf(view: JsonView, hasCalls: boolean): readonly ResponseEvent[] {
  const reason = withCalls(reasonOf(view.textOf("finish_reason") ?? ""), hasCalls)
  const events: ResponseEvent[] = [{ kind: "choice-end", choice: 0, reason, stopSequence: null }]
  return [...events, ...reportOf(readUsage(view))]
}

function reasonOf(reason: string): FinishReason {
  switch (reason) {
    case "COMPLETE":
      return "stop"
    case "STOP_SEQUENCE":
      return "stop-sequence"
    case "MAX_TOKENS":
      return "length"
    case "TOOL_CALL":
      return "tool-calls"
    case "ERROR_TOXIC":
      return "content-filter"
    case "ERROR":
    case "TIMEOUT":
      return "failed"
    default:
      return "other"
  }
}
