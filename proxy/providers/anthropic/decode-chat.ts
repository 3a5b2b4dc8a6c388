/** Messages answers and stream events to events of the intermediate form. */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { JsonView } from "#proxy/contract/json-view.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import type { Frame } from "#proxy/wire/frame.ts"
import { type DecodedAnswer, type StreamDecoder, WireFault } from "../adapter.ts"
import { BareCalls } from "../bare-calls.ts"
import { beginCall } from "../begin-call.ts"
import { CitedBlocks } from "../cited-blocks.ts"
import { openEvent, refuseMarker, upstreamError } from "../open-event.ts"
import { reportOf } from "../read-report.ts"
import { withCalls } from "../with-calls.ts"
import { citationOf, reasonOf } from "./read-answer.ts"
import {
  mergeCounts,
  noteRefusal,
  readCounts,
  type UsageCounts,
  usageOfCounts,
} from "./usage-counts.ts"

export function decodeAnswer(answer: JsonDocument): DecodedAnswer {
  const view = new JsonView(answer)
  if (!view.isObject) return { ok: false, fault: "it is not a JSON object" }
  if (view.member("error") !== undefined) {
    return { ok: false, fault: "it is an error with status 200" }
  }
  const content = view.member("content")
  if (content?.isArray !== true) return { ok: false, fault: "it has no content" }
  const events: ResponseEvent[] = [startOf(view)]
  const cited = new CitedBlocks()
  let calls = 0
  for (const block of content.items()) {
    const isCall = block.textOf("type") === "tool_use"
    for (const event of cited.pass(beginBlock(block, calls))) events.push(event)
    for (const event of cited.end()) events.push(event)
    if (isCall) {
      const input = block.member("input")?.raw().text ?? "{}"
      events.push({ kind: "tool-call-delta", choice: 0, call: calls, arguments: input })
      calls++
    }
  }
  events.push(...endOf(view, calls > 0))
  const counts = noteRefusal(readCounts(view.member("usage")), view, content.items().length > 0)
  events.push(...reportOf(usageOfCounts(counts)))
  return { ok: true, events: [...events, { kind: "response-end" }] }
}

export function openDecoder(): StreamDecoder {
  return new MessageDecoder()
}

/** Those that begin empty, and grow by content of their own. */
const OWN_BLOCKS: ReadonlySet<string> = new Set(["text", "thinking"])

/** Whatever an upstream leaves out: blocks follow one another. */
const BLOCK_ENDS: ReadonlySet<string> = new Set([
  ...["content_block_start", "content_block_stop", "message_delta"],
])

class MessageDecoder implements StreamDecoder {
  private counts: UsageCounts = {}
  private hasBlocks = false
  /** The call of each block that is one. */
  private readonly calls = new Map<number, number>()
  private readonly bare = new BareCalls()
  private readonly cited = new CitedBlocks()

  push(frame: Frame): readonly ResponseEvent[] {
    refuseMarker(frame, "Anthropic")
    const view = openEvent(frame)
    const type = view.textOf("type")
    const told = type !== undefined && BLOCK_ENDS.has(type) ? this.cited.end() : []
    const events = this.cited.pass(this.read(view, type))
    return told.length === 0 ? events : [...told, ...events]
  }

  private read(view: JsonView, type: string | undefined): readonly ResponseEvent[] {
    switch (type) {
      case "message_start":
        return this.start(view)
      case "content_block_start":
        return this.beginBlock(view)
      case "content_block_delta":
        return this.delta(view)
      case "content_block_stop":
        return this.bare.end(this.calls.get(view.countOf("index") ?? 0))
      case "message_delta":
        return this.end(view)
      case "message_stop":
        return [{ kind: "response-end" }]
      case "error":
        return [upstreamError(view.member("error")?.textOf("type"))]
      default:
        return []
    }
  }

  /** Blocks of tools that Anthropic runs, and what they are given. */
  isOtherWork(frame: Frame): boolean {
    if (frame.kind !== "json") return false
    const view = new JsonView(frame.document)
    const block = view.member("content_block")?.textOf("type") ?? ""
    if (view.textOf("type") === "content_block_start") return !OWN_BLOCKS.has(block)
    return view.member("delta")?.textOf("type") === "input_json_delta"
  }

  /** The message's start tells the prompt whole, and the first token of the output. */
  get usageSoFar(): TokenUsage | undefined {
    return usageOfCounts(this.counts)
  }

  /** A close is no end: `message_stop` is. */
  finish(): readonly ResponseEvent[] {
    return []
  }

  private start(view: JsonView): readonly ResponseEvent[] {
    const message = view.member("message")
    if (message === undefined) throw new WireFault("message_start has no message")
    this.counts = readCounts(message.member("usage"))
    return [startOf(message)]
  }

  private beginBlock(view: JsonView): readonly ResponseEvent[] {
    const block = view.member("content_block")
    if (block === undefined) return []
    this.hasBlocks = true
    const call = this.calls.size
    if (block.textOf("type") === "tool_use") {
      this.calls.set(view.countOf("index") ?? 0, call)
      this.bare.begin(call, block.member("input")?.raw().text)
    }
    return beginBlock(block, call)
  }

  private delta(view: JsonView): readonly ResponseEvent[] {
    const delta = view.member("delta")
    switch (delta?.textOf("type")) {
      case "text_delta":
        return [{ kind: "text-delta", choice: 0, text: delta.textOf("text") ?? "" }]
      case "thinking_delta":
        return [{ kind: "reasoning-delta", choice: 0, text: delta.textOf("thinking") ?? "" }]
      case "signature_delta": {
        const signature = delta.textOf("signature") ?? ""
        // Servers of this shape that sign nothing write it empty.
        return signature === "" ? [] : [{ kind: "reasoning-signature", choice: 0, signature }]
      }
      case "citations_delta": {
        const citation = delta.member("citation")
        if (citation === undefined) return []
        return [{ kind: "citation-add", choice: 0, citation: citationOf(citation) }]
      }
      case "input_json_delta": {
        const call = this.calls.get(view.countOf("index") ?? 0)
        const piece = delta.textOf("partial_json") ?? ""
        if (call === undefined || piece === "") return []
        this.bare.grow(call)
        return [{ kind: "tool-call-delta", choice: 0, call, arguments: piece }]
      }
      default:
        return []
    }
  }

  private end(view: JsonView): readonly ResponseEvent[] {
    const delta = view.member("delta")
    const counts = mergeCounts(this.counts, readCounts(view.member("usage")))
    this.counts = noteRefusal(counts, delta, this.hasBlocks)
    return [...endOf(delta, this.calls.size > 0), ...reportOf(usageOfCounts(this.counts))]
  }
}

function startOf(message: JsonView): ResponseEvent {
  return {
    kind: "response-start",
    id: message.textOf("id") ?? null,
    model: message.textOf("model") ?? null,
  }
}

function endOf(view: JsonView | undefined, hasCalls: boolean): readonly ResponseEvent[] {
  const reason = view?.textOf("stop_reason")
  if (view === undefined || reason === undefined) return []
  const stopSequence = view.textOf("stop_sequence") ?? null
  const ending = { choice: 0, reason: withCalls(reasonOf(reason), hasCalls), stopSequence }
  return [{ kind: "choice-end", ...ending }]
}

/** What a block holds when it begins: all of it in a whole answer, little in a stream. */
function beginBlock(block: JsonView, call: number): readonly ResponseEvent[] {
  switch (block.textOf("type")) {
    case "text": {
      const text = block.textOf("text") ?? ""
      const cited = block.member("citations")?.items() ?? []
      const events: ResponseEvent[] = text === "" ? [] : [{ kind: "text-delta", choice: 0, text }]
      for (const citation of cited) {
        events.push({ kind: "citation-add", choice: 0, citation: citationOf(citation) })
      }
      return events
    }
    case "thinking": {
      const text = block.textOf("thinking") ?? ""
      const signature = block.textOf("signature") ?? ""
      const events: ResponseEvent[] = []
      if (text !== "") events.push({ kind: "reasoning-delta", choice: 0, text })
      if (signature !== "") events.push({ kind: "reasoning-signature", choice: 0, signature })
      return events
    }
    case "redacted_thinking":
      return [{ kind: "reasoning-redacted", choice: 0, data: block.textOf("data") ?? "" }]
    case "tool_use":
      return [beginCall(call, block.textOf("id"), block.textOf("name"))]
    default:
      return []
  }
}
