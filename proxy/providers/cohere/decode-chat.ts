/** Answers and stream events of Cohere's chat to events of the intermediate form. */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import type { FinishReason, ResponseEvent } from "#proxy/exchange/response-event.ts"
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
  for (const part of message.member("content")?.items() ?? []) events.push(...contentOf(part))
  const plan = message.textOf("tool_plan")
  if (plan !== undefined) events.push({ kind: "reasoning-delta", choice: 0, text: plan })
  for (const citation of message.member("citations")?.items() ?? []) events.push(...cite(citation))
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

  push(frame: Frame): readonly ResponseEvent[] {
    refuseMarker(frame, "Cohere")
    const view = openEvent(frame)
    const message = view.member("delta")?.member("message")
    switch (view.textOf("type") ?? frame.name) {
      case "message-start":
        return [startOf(view)]
      case "content-start":
      case "content-delta": {
        const content = message?.member("content")
        return content === undefined ? [] : contentOf(content)
      }
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
        return citation === undefined ? [] : cite(citation)
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

/** One of each source, a document or what a tool gave. Of plans and thoughts no shape has any. */
function cite(citation: JsonView): readonly ResponseEvent[] {
  const type = citation.textOf("type") ?? "TEXT_CONTENT"
  if (type !== "TEXT_CONTENT") return []
  const said = {
    citedText: citation.textOf("text") ?? null,
    start: citation.countOf("start") ?? null,
    end: citation.countOf("end") ?? null,
    documentIndex: null,
  }
  const sources = citation.member("sources")?.items() ?? []
  const places = sources.map((source) => source.member("document") ?? source.member("tool_output"))
  return (places.length === 0 ? [undefined] : places).map((place) => {
    const url = place?.textOf("url") ?? null
    const title = place?.textOf("title") ?? null
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
