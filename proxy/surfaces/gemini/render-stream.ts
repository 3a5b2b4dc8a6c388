/**
 * Events of an answer as pieces of a `GenerateContentResponse`: each a whole object, a call in one.
 *
 * The reason and the usage come together in the last piece, as Gemini's own do.
 */
import { type JsonValue, writeJsonLine } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { Citation, ResponseEvent } from "#proxy/exchange/response-event.ts"
import { writeEvent } from "#proxy/wire/sse-write.ts"
import { EVENT_STREAM, type RenderContext, type StreamRenderer } from "../surface.ts"
import {
  finishReason,
  renderCall,
  renderLogprobs,
  renderThought,
  renderUsage,
} from "./render-candidate.ts"
import { renderSources } from "./render-sources.ts"
import { showHidden, showSignature } from "./signatures.ts"

export function openRenderer(context: RenderContext): StreamRenderer {
  return new PieceRenderer(context)
}

interface OpenCall {
  readonly id: string
  readonly name: string
  arguments: string
  readonly signature: string | null
}

const NO_TEXT: readonly JsonValue[] = Object.freeze([Object.freeze({ text: "" })])

type Ending = Extract<ResponseEvent, { readonly kind: "choice-end" }>
type ChoiceEvent = Exclude<Extract<ResponseEvent, { readonly choice: number }>, Ending>

class PieceRenderer implements StreamRenderer {
  private readonly isArray: boolean
  private id: string
  private model: string
  private usage: TokenUsage | undefined
  private hasPieces = false
  /** Calls under way, by choice and then by call: they go out whole. */
  private readonly calls = new Map<number, Map<number, OpenCall>>()
  /**
   * Text of each choice, and what it rests on: told together in the last piece, as Gemini does,
   * since each list stands for the one before. Places there count bytes of all of the text.
   */
  private readonly texts = new Map<number, string>()
  private readonly sources = new Map<number, Citation[]>()
  private readonly endings: Ending[] = []

  constructor(context: RenderContext) {
    this.isArray = context.request.streamType !== EVENT_STREAM
    this.id = context.id
    this.model = context.model
  }

  push(event: ResponseEvent): string {
    switch (event.kind) {
      case "response-start":
        this.id = event.id ?? this.id
        this.model = event.model ?? this.model
        return ""
      case "usage-report":
        this.usage = event.usage
        return ""
      case "response-error":
        return ""
      case "choice-end":
        this.endings.push(event)
        return this.flushCalls(event.choice)
      case "response-end":
        return this.end()
      default:
        return this.content(event)
    }
  }

  private content(event: ChoiceEvent): string {
    const { choice } = event
    switch (event.kind) {
      case "text-delta":
        this.texts.set(choice, (this.texts.get(choice) ?? "") + event.text)
        return this.parts(choice, [{ text: event.text }])
      case "refusal-delta":
        return this.parts(choice, [{ text: event.text }])
      case "reasoning-delta":
        return this.parts(choice, [renderThought(event.text, null)])
      case "reasoning-signature":
        return this.parts(choice, [renderThought("", showSignature(event.signature))])
      case "reasoning-redacted":
        return this.parts(choice, [renderThought("", showHidden(event.data))])
      case "media-add":
        return this.parts(choice, [
          { inlineData: { mimeType: event.mimeType, data: event.base64 } },
        ])
      case "citation-add":
        return this.cite(choice, event.citation)
      case "text-end":
        return ""
      case "logprobs-add":
        return this.parts(choice, NO_TEXT, { logprobsResult: renderLogprobs(event.entries) })
      case "tool-call-start": {
        const { id, name, signature } = event
        const calls = this.calls.get(choice) ?? new Map<number, OpenCall>()
        this.calls.set(choice, calls)
        calls.set(event.call, { id, name, arguments: "", signature })
        return ""
      }
      case "tool-call-delta": {
        const call = this.calls.get(choice)?.get(event.call)
        if (call !== undefined) call.arguments += event.arguments
        return ""
      }
    }
  }

  private cite(choice: number, citation: Citation): string {
    const sources = this.sources.get(choice)
    if (sources === undefined) this.sources.set(choice, [citation])
    else sources.push(citation)
    return ""
  }

  private flushCalls(choice: number): string {
    const parts = [...(this.calls.get(choice)?.values() ?? [])].map(renderCall)
    this.calls.delete(choice)
    return parts.length === 0 ? "" : this.parts(choice, parts)
  }

  /** Always with a content: Google's chats forget an answer that has a piece without one. */
  private parts(
    index: number,
    parts: readonly JsonValue[],
    fields: Readonly<Record<string, JsonValue | undefined>> = {},
  ): string {
    return this.object({ candidates: [{ content: { role: "model", parts }, ...fields, index }] })
  }

  private end(): string {
    const { usage } = this
    const candidates = this.endings.map(({ choice, reason }) => ({
      content: { role: "model", parts: NO_TEXT },
      finishReason: finishReason(reason),
      index: choice,
      ...this.renderSources(choice),
    }))
    const last = this.object({
      candidates,
      usageMetadata: usage === undefined ? undefined : renderUsage(usage),
    })
    return this.isArray ? `${last}\n]` : last
  }

  private renderSources(choice: number) {
    const citations = this.sources.get(choice) ?? []
    return renderSources([{ kind: "text", text: this.texts.get(choice) ?? "", citations }])
  }

  private object(fields: Readonly<Record<string, JsonValue | undefined>>): string {
    const { model, id } = this
    const text = writeJsonLine({ ...fields, modelVersion: model, responseId: id })
    if (!this.isArray) return writeEvent(text)
    const before = this.hasPieces ? ",\n" : "["
    this.hasPieces = true
    return `${before}${text}`
  }
}
