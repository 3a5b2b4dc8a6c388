/**
 * Events of an answer as OpenAI's stream of a response: items that are added, grow and are done.
 *
 * Messages and thoughts are open one at a time, calls until the end, since an upstream may write
 * several at once. Every event has the next `sequence_number`.
 */
import { type JsonValue, writeJsonLine } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { FinishReason, ResponseEvent } from "#proxy/exchange/response-event.ts"
import { tagSignature } from "#proxy/exchange/signatures.ts"
import { TextRuler } from "#proxy/exchange/text-ruler.ts"
import { writeEvent } from "#proxy/wire/sse-write.ts"
import type { RenderContext, StreamRenderer } from "../surface.ts"
import { type Emit, MessageItem, type OpenItem, ThoughtItem, ToolCallItem } from "./open-items.ts"
import { CallKinds, type NamedCall } from "./render-call.ts"
import {
  type ItemStatus,
  renderFrame,
  renderHidden,
  renderImage,
  renderOutcome,
  renderUsage,
} from "./render-items.ts"

export function openRenderer(context: RenderContext): StreamRenderer {
  return new ResponseRenderer(context)
}

class ResponseRenderer implements StreamRenderer {
  private readonly context: RenderContext
  private readonly kinds: CallKinds
  private facts: { readonly id: string | null; readonly model: string | null } = NO_FACTS
  private sequence = 0
  private out = ""
  private usage: TokenUsage | undefined
  private reason: FinishReason | null = null
  /** Finished items by their place. */
  private readonly output: JsonValue[] = []
  private items = 0
  private open: MessageItem | ThoughtItem | null = null
  private readonly calls = new Map<number, ToolCallItem>()
  private readonly ruler = new TextRuler()

  constructor(context: RenderContext) {
    this.context = context
    this.kinds = new CallKinds(context)
  }

  push(event: ResponseEvent): string {
    this.out = ""
    this.handle(event)
    return this.out
  }

  private readonly emit: Emit = (type, fields) => {
    const text = writeJsonLine({ type, sequence_number: this.sequence++, ...fields })
    this.out += writeEvent(text, type)
  }

  private handle(event: ResponseEvent): void {
    // This shape has one choice, and no request in it asks for more.
    if ("choice" in event && event.choice > 0) return
    switch (event.kind) {
      case "response-start":
        this.facts = event
        this.emit("response.created", { response: this.response("in_progress") })
        this.emit("response.in_progress", { response: this.response("in_progress") })
        break
      case "usage-report":
        this.usage = event.usage
        break
      case "choice-end":
        this.reason = event.reason
        this.closeAll()
        break
      case "response-end":
        this.end()
        break
      case "response-error":
        break
      default:
        this.content(event)
    }
  }

  private content(event: Extract<ResponseEvent, { readonly choice: number }>): void {
    switch (event.kind) {
      case "text-delta":
        this.message("output_text").grow(event.text)
        break
      case "refusal-delta":
        this.message("refusal").grow(event.text)
        break
      case "citation-add":
        this.message("output_text").cite(event.citation)
        break
      case "logprobs-add":
        this.message("output_text").weigh(event.entries)
        break
      case "reasoning-delta":
        this.thought().grow(event.text)
        break
      case "reasoning-signature":
        this.thought().keep(event.signature)
        this.close()
        break
      case "reasoning-redacted":
        this.close()
        this.whole("rs", (id) => renderHidden(id, event.data))
        break
      case "media-add":
        this.close()
        this.whole("ig", (id) => renderImage(id, event))
        break
      case "tool-call-start":
        // A call has no place for one here.
        if (event.signature !== null) this.thought().keep(tagSignature("google", event.signature))
        this.close()
        this.calls.set(event.call, this.call(event))
        break
      case "tool-call-delta":
        this.calls.get(event.call)?.grow(event.arguments)
        break
      case "text-end":
      case "choice-end":
        break
    }
  }

  private call(event: NamedCall): ToolCallItem {
    return new ToolCallItem(this.place("fc"), this.kinds.of(event), this.emit)
  }

  private place(prefix: string): { readonly id: string; readonly index: number } {
    const index = this.items++
    return { id: `${prefix}_${index}_${this.context.id}`, index }
  }

  private message(type: "output_text" | "refusal"): MessageItem {
    if (this.open instanceof MessageItem && this.open.type === type) return this.open
    this.close()
    const item = new MessageItem(this.place("msg"), type, this.ruler, this.emit)
    this.open = item
    return item
  }

  private thought(): ThoughtItem {
    if (this.open instanceof ThoughtItem) return this.open
    this.close()
    const item = new ThoughtItem(this.place("rs"), this.emit)
    this.open = item
    return item
  }

  private whole(prefix: string, render: (id: string) => JsonValue): void {
    const { id, index } = this.place(prefix)
    const item = render(id)
    this.emit("response.output_item.added", { output_index: index, item })
    this.emit("response.output_item.done", { output_index: index, item })
    this.output[index] = item
  }

  private close(outcome: ItemStatus = "completed"): void {
    if (this.open !== null) this.finish(this.open, outcome)
    this.open = null
  }

  /** What is still open when the answer ends is what its end may have cut. */
  private closeAll(): void {
    const { status } = renderOutcome(this.reason)
    this.close(status)
    for (const call of this.calls.values()) this.finish(call, status)
    this.calls.clear()
  }

  private finish(item: OpenItem, outcome: ItemStatus): void {
    this.output[item.index] = item.finish(outcome)
  }

  private end(): void {
    this.closeAll()
    const outcome = renderOutcome(this.reason)
    const response = { ...this.response(outcome.status), ...outcome }
    this.emit(`response.${outcome.status}`, { response })
  }

  private response(status: string) {
    return {
      ...renderFrame(this.context, this.facts),
      status,
      incomplete_details: null,
      output: [...this.output],
      usage: status === "in_progress" ? null : renderUsage(this.usage),
    }
  }
}

const NO_FACTS = Object.freeze({ id: null, model: null })
