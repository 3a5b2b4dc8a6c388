/** Events of an answer as `chat.completion.chunk` events, `[DONE]` last. */
import type { JsonValue } from "#proxy/contract/json-write.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import { ChunkFrame } from "../openai/chunk-frame.ts"
import { finishReason, renderCitations, renderSignature } from "../openai/finish-reason.ts"
import { TextInput } from "../openai/text-tools.ts"
import type { RenderContext, StreamRenderer } from "../surface.ts"
import { CustomTools } from "./custom-tools.ts"
import { renderImage } from "./render-answer.ts"

export function openRenderer(context: RenderContext): StreamRenderer {
  return new ChunkRenderer(context)
}

type CallStart = Extract<ResponseEvent, { readonly kind: "tool-call-start" }>

class ChunkRenderer implements StreamRenderer {
  private readonly frame: ChunkFrame
  /** Choices whose role was sent. */
  private readonly begun = new Set<number>()
  /** Place of the thought under way in each choice's `reasoning_details`. */
  private readonly thoughts = new Map<number, number>()
  /** Text of it so far, told once more beside its signature, which is worth nothing alone. */
  private readonly said = new Map<number, string>()
  private readonly tools: CustomTools
  /** Of calls of custom tools, by choice and call: the input within their arguments. */
  private readonly inputs = new Map<number, Map<number, TextInput>>()

  constructor(context: RenderContext) {
    this.tools = new CustomTools(context)
    this.frame = new ChunkFrame(context, "chat.completion.chunk")
  }

  push(event: ResponseEvent): string {
    switch (event.kind) {
      case "response-start":
        this.frame.start(event)
        return this.delta(0, {})
      case "usage-report":
        this.frame.report(event.usage)
        return ""
      case "response-end":
        return this.endInputs() + this.frame.end()
      case "response-error":
        return ""
      case "choice-end":
        return (
          this.endInputs(event.choice) + this.chunk(event.choice, {}, finishReason(event.reason))
        )
      default:
        return this.content(event)
    }
  }

  private content(event: Extract<ResponseEvent, { readonly choice: number }>): string {
    const { choice } = event
    switch (event.kind) {
      case "text-delta":
        return this.delta(choice, { content: event.text })
      case "reasoning-delta":
        this.said.set(choice, (this.said.get(choice) ?? "") + event.text)
        return this.delta(choice, { reasoning_content: event.text })
      case "reasoning-signature": {
        const text = this.said.get(choice) ?? ""
        this.said.delete(choice)
        return this.thought(choice, { type: "reasoning.text", text, signature: event.signature })
      }
      case "reasoning-redacted":
        return this.thought(choice, { type: "reasoning.encrypted", data: event.data })
      case "refusal-delta":
        return this.delta(choice, { refusal: event.text })
      case "citation-add":
        return this.delta(choice, { ...renderCitations([event.citation]) })
      case "media-add":
        return this.delta(choice, { images: [renderImage(event)] })
      case "logprobs-add":
        return this.delta(choice, {}, { content: event.entries, refusal: null })
      case "tool-call-start":
        return this.call(choice, event.call, this.begin(event))
      case "tool-call-delta": {
        const input = this.inputs.get(choice)?.get(event.call)
        if (input !== undefined) return this.input(choice, event.call, input.grow(event.arguments))
        return this.call(choice, event.call, { function: { arguments: event.arguments } })
      }
      case "text-end":
      case "choice-end":
        return ""
    }
  }

  private begin({ choice, call, id, name, signature }: CallStart) {
    const extra_content = renderSignature(signature)
    if (!this.tools.has(name)) {
      return { id, type: "function", function: { name, arguments: "" }, extra_content }
    }
    const inputs = this.inputs.get(choice) ?? new Map<number, TextInput>()
    this.inputs.set(choice, inputs.set(call, new TextInput()))
    return { id, type: "custom", custom: { name, input: "" }, extra_content }
  }

  private input(choice: number, call: number, input: string): string {
    return input === "" ? "" : this.call(choice, call, { custom: { input } })
  }

  /** What is left of inputs when a choice ends, or all of them; `only`: that choice. */
  private endInputs(only?: number): string {
    let out = ""
    for (const [choice, inputs] of this.inputs) {
      if (only !== undefined && choice !== only) continue
      for (const [call, input] of inputs) out += this.input(choice, call, input.finish())
      this.inputs.delete(choice)
    }
    return out
  }

  private call(
    choice: number,
    index: number,
    call: Readonly<Record<string, JsonValue | undefined>>,
  ) {
    return this.delta(choice, { tool_calls: [{ index, ...call }] })
  }

  private thought(choice: number, detail: Readonly<Record<string, JsonValue>>): string {
    const index = this.thoughts.get(choice) ?? 0
    this.thoughts.set(choice, index + 1)
    return this.delta(choice, { reasoning_details: [{ index, ...detail }] })
  }

  /** The first delta of a choice carries the role, as OpenAI's does. */
  private delta(
    choice: number,
    delta: Readonly<Record<string, JsonValue | undefined>>,
    logprobs: JsonValue = null,
  ): string {
    if (this.begun.has(choice)) return this.chunk(choice, delta, null, logprobs)
    this.begun.add(choice)
    return this.chunk(choice, { role: "assistant", ...delta }, null, logprobs)
  }

  private chunk(
    index: number,
    delta: Readonly<Record<string, JsonValue | undefined>>,
    reason: string | null,
    logprobs: JsonValue = null,
  ): string {
    return this.frame.chunk([{ index, delta, logprobs, finish_reason: reason }])
  }
}
