/**
 * Events of an answer as Anthropic's stream: blocks that begin, grow and stop, one at a time.
 *
 * Source: "Streaming Messages". Clients show the input as the message's start tells it, when few
 * upstreams have counted it: then it is the estimate. The last `message_delta` tells all usage.
 */
import { type JsonValue, writeJsonLine } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import { tagSignature } from "#proxy/exchange/signatures.ts"
import { writeEvent } from "#proxy/wire/sse-write.ts"
import type { RenderContext, RenderedEvent, StreamRenderer } from "../surface.ts"
import { TextCuts } from "./cut-text.ts"
import { FoundResults } from "./found-results.ts"
import { OpenCall } from "./open-call.ts"
import { renderCitation, renderUsage, stopReason } from "./stop-reason.ts"

export function openRenderer(context: RenderContext): StreamRenderer {
  return new MessageRenderer(context)
}

type Start = Extract<RenderedEvent, { readonly kind: "response-start" }>
type Ending = Extract<ResponseEvent, { readonly kind: "choice-end" }>

class MessageRenderer implements StreamRenderer {
  private readonly context: RenderContext
  /** What the open block holds: `text` or `thinking`; null when none is open. */
  private open: string | null = null
  /** Of a thought: a block without a signature would be refused when it is given back. */
  private isSigned = false
  private readonly calls = new Map<number, OpenCall>()
  /** The call whose block is open. */
  private call: OpenCall | null = null
  /** Calls that began before that one was whole: an upstream may write several at a time. */
  private readonly waiting: OpenCall[] = []
  private readonly cuts = new TextCuts()
  private readonly results: FoundResults
  private index = -1
  private hasRefused = false
  private ending: Ending | null = null

  constructor(context: RenderContext) {
    this.context = context
    this.results = new FoundResults(context)
  }

  push(event: RenderedEvent): string {
    // This shape has one choice, and no request in it asks for more.
    if ("choice" in event && event.choice > 0) return ""
    switch (event.kind) {
      case "response-start":
        return this.start(event)
      case "usage-report":
        return ""
      case "response-end":
        return this.end(event.settled)
      case "response-error":
        return ""
      case "choice-end":
        this.ending = event
        return this.close() + this.closeCalls()
      default:
        return this.content(event)
    }
  }

  private start({ id, model, prompt }: Start): string {
    const { inputTokens, cachedInputTokens } = prompt
    return render("message_start", {
      message: {
        id: id ?? this.context.id,
        type: "message",
        role: "assistant",
        model: model ?? this.context.model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: renderUsage({ inputTokens, cachedInputTokens, outputTokens: 0 }),
      },
    })
  }

  /** `usage` is required of this event. */
  private end(settled: TokenUsage): string {
    const { ending } = this
    const delta = {
      stop_reason: ending === null ? "end_turn" : stopReason(ending.reason, this.hasRefused),
      stop_sequence: ending?.stopSequence ?? null,
    }
    const last = render("message_delta", { delta, usage: renderUsage(settled) })
    return `${this.close()}${this.closeCalls()}${last}${render("message_stop", {})}`
  }

  private content(event: Exclude<Extract<ResponseEvent, { readonly choice: number }>, Ending>) {
    switch (event.kind) {
      case "refusal-delta":
        this.hasRefused = true
        return this.say(event.text)
      case "text-delta":
        return this.cuts
          .take(event.text)
          .map(({ text, isNext }) => (isNext ? this.stopBlock() : "") + this.say(text))
          .join("")
      case "text-end":
        this.cuts.endBlock()
        return ""
      case "reasoning-delta":
        return this.inBlock("thinking", THINKING, { type: "thinking_delta", thinking: event.text })
      case "reasoning-signature": {
        return this.sign(event.signature) + this.close()
      }
      case "reasoning-redacted":
        return this.wholeBlock({ type: "redacted_thinking", data: event.data })
      case "media-add": {
        const source = { type: "base64", media_type: event.mimeType, data: event.base64 }
        return this.wholeBlock({ type: "image", source })
      }
      case "citation-add": {
        const { citation } = event
        this.cuts.cite(citation.place)
        const delta = { type: "citations_delta", citation: renderCitation(citation, this.results) }
        return this.inBlock("text", TEXT, delta)
      }
      case "tool-call-start": {
        const call = new OpenCall(event)
        this.calls.set(event.call, call)
        // A call has no place for one here.
        const { signature } = event
        const signed = signature === null ? "" : this.sign(tagSignature("google", signature))
        this.waiting.push(call)
        return signed + this.close()
      }
      case "tool-call-delta": {
        const call = this.calls.get(event.call)
        call?.grow(event.arguments)
        return call === undefined || call !== this.call ? "" : callDelta(call, event.arguments)
      }
      case "logprobs-add":
        return ""
    }
  }

  private say(text: string): string {
    return this.inBlock("text", TEXT, { type: "text_delta", text })
  }

  private sign(signature: string): string {
    const signed = this.inBlock("thinking", THINKING, { type: "signature_delta", signature })
    this.isSigned = true
    return signed
  }

  private inBlock(kind: string, empty: JsonValue, delta: JsonValue): string {
    if (this.open === kind) return this.delta(delta)
    const begun = this.close() + this.begin(empty)
    this.open = kind
    this.isSigned = false
    return begun + this.delta(delta)
  }

  private wholeBlock(block: JsonValue): string {
    const begun = this.close() + this.begin(block)
    return begun + stop(this.index)
  }

  private begin(block: JsonValue): string {
    this.index++
    return render("content_block_start", { index: this.index, content_block: block })
  }

  private delta(delta: JsonValue): string {
    return render("content_block_delta", { index: this.index, delta })
  }

  private close(): string {
    if (this.open === "text") this.cuts.close()
    return this.stopBlock()
  }

  private stopBlock(): string {
    if (this.open === null) return this.nextCalls()
    const isOwed = this.open === "thinking" && !this.isSigned
    const owed = isOwed ? this.sign(tagSignature("nobody", "")) : ""
    this.open = null
    return owed + stop(this.index) + this.nextCalls()
  }

  /** Blocks follow one another: a call whose arguments are whole makes room for what waits. */
  private nextCalls(): string {
    let out = ""
    while (this.call === null || this.call.isWhole) {
      if (this.call !== null) out += stop(this.call.index)
      this.call = this.waiting.shift() ?? null
      if (this.call === null) break
      out += this.beginCall(this.call)
    }
    return out
  }

  private beginCall(call: OpenCall): string {
    const { id, name } = call
    const begun = this.begin({ type: "tool_use", id, name, input: {} })
    call.index = this.index
    const held = call.take()
    return held === "" ? begun : begun + callDelta(call, held)
  }

  private closeCalls(): string {
    let out = ""
    for (const call of this.call === null ? this.waiting : [this.call, ...this.waiting]) {
      if (call.index < 0) out += this.beginCall(call)
      out += stop(call.index)
    }
    this.call = null
    this.waiting.length = 0
    return out
  }
}

function stop(index: number): string {
  return render("content_block_stop", { index })
}

function callDelta({ index }: OpenCall, partial_json: string): string {
  return render("content_block_delta", { index, delta: { type: "input_json_delta", partial_json } })
}

const TEXT: JsonValue = Object.freeze({ type: "text", text: "" })
const THINKING: JsonValue = Object.freeze({ type: "thinking", thinking: "", signature: "" })

function render(type: string, fields: Readonly<Record<string, JsonValue | undefined>>): string {
  return writeEvent(writeJsonLine({ type, ...fields }), type)
}
