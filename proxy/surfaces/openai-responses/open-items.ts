/** Output items of a stream while they grow: what each says when it begins, grows and is done. */
import { type JsonValue, RawJson } from "#proxy/contract/json-write.ts"
import type { Citation } from "#proxy/exchange/response-event.ts"
import type { TextRuler } from "#proxy/exchange/text-ruler.ts"
import { TextInput } from "../openai/text-tools.ts"
import { type CallKind, renderCall } from "./render-call.ts"
import {
  type ItemStatus,
  placeWithin,
  renderLink,
  renderMessage,
  renderText,
  renderThought,
  statusOfCall,
} from "./render-items.ts"

export type Emit = (type: string, fields: Readonly<Record<string, JsonValue | undefined>>) => void

export interface Place {
  readonly id: string
  readonly index: number
}

export interface OpenItem {
  readonly index: number
  /** Says that it is done and gives the whole item; `outcome` is what it may have been cut by. */
  finish(outcome: ItemStatus): JsonValue
}

export class MessageItem implements OpenItem {
  readonly index: number
  readonly type: "output_text" | "refusal"
  private readonly id: string
  private readonly emit: Emit
  private text = ""
  private readonly citations: Citation[] = []
  private readonly ruler: TextRuler
  /** Of the choice's text, in code points, where this one begins. */
  private readonly start: number
  private links = 0
  private readonly weights: string[] = []

  /** `ruler`: of the choice's text, which this one is the end of while it is open. */
  constructor({ id, index }: Place, type: "output_text" | "refusal", ruler: TextRuler, emit: Emit) {
    this.ruler = ruler
    this.start = ruler.points
    this.id = id
    this.index = index
    this.type = type
    this.emit = emit
    const item = renderMessage(id, "in_progress", [])
    emit("response.output_item.added", { output_index: index, item })
    emit("response.content_part.added", { ...this.at(), part: this.part() })
  }

  grow(delta: string): void {
    this.text += delta
    if (this.type === "output_text") this.ruler.add(delta)
    const logprobs = this.type === "output_text" ? [] : undefined
    this.emit(`response.${this.type}.delta`, { ...this.at(), delta, logprobs })
  }

  /** Of text that may be still to come. */
  cite(citation: Citation): void {
    this.citations.push(citation)
    const own = { start: this.start, end: Number.POSITIVE_INFINITY }
    for (const annotation of renderLink(placeWithin(citation, own))) {
      const fields = { ...this.at(), annotation_index: this.links++, annotation }
      this.emit("response.output_text.annotation.added", fields)
    }
  }

  /** Log-probabilities, told with the whole text. */
  weigh(entries: RawJson): void {
    this.weights.push(entries.text.trim().slice(1, -1))
  }

  finish(outcome: ItemStatus): JsonValue {
    const { type, text } = this
    const told = type === "output_text" ? { text, logprobs: this.logprobs() } : { refusal: text }
    this.emit(`response.${type}.done`, { ...this.at(), ...told })
    this.emit("response.content_part.done", { ...this.at(), part: this.part() })
    const item = renderMessage(this.id, outcome, [this.part()])
    this.emit("response.output_item.done", { output_index: this.index, item })
    return item
  }

  private at() {
    return { item_id: this.id, output_index: this.index, content_index: 0 }
  }

  private logprobs(): JsonValue {
    const told = this.weights.filter((text) => text.trim() !== "")
    return told.length === 0 ? [] : new RawJson(`[${told.join(",")}]`)
  }

  private part(): JsonValue {
    if (this.type === "refusal") return { type: "refusal", refusal: this.text }
    const own = { start: this.start, end: this.ruler.points }
    return renderText(this.text, own, this.citations, this.logprobs())
  }
}

export class ThoughtItem implements OpenItem {
  readonly index: number
  private readonly id: string
  private readonly emit: Emit
  private text = ""
  private kept: string | null = null
  private hasPart = false

  constructor({ id, index }: Place, emit: Emit) {
    this.id = id
    this.index = index
    this.emit = emit
    const item = { id, type: "reasoning", summary: [] }
    emit("response.output_item.added", { output_index: index, item })
  }

  grow(delta: string): void {
    if (!this.hasPart) {
      this.hasPart = true
      this.emit("response.reasoning_summary_part.added", { ...this.at(), part: this.part() })
    }
    this.text += delta
    this.emit("response.reasoning_summary_text.delta", { ...this.at(), delta })
  }

  keep(signature: string): void {
    this.kept = signature
  }

  finish(): JsonValue {
    if (this.hasPart) {
      const at = this.at()
      this.emit("response.reasoning_summary_text.done", { ...at, text: this.text })
      this.emit("response.reasoning_summary_part.done", { ...at, part: this.part() })
    }
    const item = renderThought(this.id, this.text, this.kept)
    this.emit("response.output_item.done", { output_index: this.index, item })
    return item
  }

  private at() {
    return { item_id: this.id, output_index: this.index, summary_index: 0 }
  }

  private part(): JsonValue {
    return { type: "summary_text", text: this.text }
  }
}

/**
 * Pieces of a function's arguments go on as they come, and so does the input of a custom tool,
 * which is within them. Those of a search are an object, which is told when it is whole.
 */
export class ToolCallItem implements OpenItem {
  readonly index: number
  private readonly id: string
  private readonly call: CallKind
  private readonly emit: Emit
  private text = ""
  private readonly input = new TextInput()
  private said = ""

  constructor({ id, index }: Place, call: CallKind, emit: Emit) {
    this.id = id
    this.index = index
    this.call = call
    this.emit = emit
    const item = renderCall(id, "in_progress", call, "")
    emit("response.output_item.added", { output_index: index, item })
  }

  grow(delta: string): void {
    this.text += delta
    const { kind } = this.call
    if (kind === "custom") this.say(this.input.grow(delta))
    if (kind !== "function") return
    this.emit("response.function_call_arguments.delta", { ...this.at(), delta })
  }

  finish(outcome: ItemStatus): JsonValue {
    const text = this.text === "" ? "{}" : this.text
    const { kind, name } = this.call
    if (kind === "function") {
      const fields = { ...this.at(), name, arguments: text }
      this.emit("response.function_call_arguments.done", fields)
    } else if (kind === "custom") {
      this.say(this.input.finish())
      this.emit("response.custom_tool_call_input.done", { ...this.at(), input: this.said })
    }
    const item = renderCall(this.id, statusOfCall(text, outcome), this.call, text)
    this.emit("response.output_item.done", { output_index: this.index, item })
    return item
  }

  private say(delta: string): void {
    if (delta === "") return
    this.said += delta
    this.emit("response.custom_tool_call_input.delta", { ...this.at(), delta })
  }

  private at() {
    return { item_id: this.id, output_index: this.index }
  }
}
