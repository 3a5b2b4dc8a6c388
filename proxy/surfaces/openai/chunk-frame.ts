/**
 * What stands around the choices in OpenAI's chunks, of chats and of texts, and how a stream of
 * them ends: with the usage, where the client asked for it, and `[DONE]`.
 */
import { type JsonValue, writeJsonLine } from "#proxy/contract/json-write.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { DONE_EVENT, writeEvent } from "#proxy/wire/sse-write.ts"
import type { RenderContext } from "../surface.ts"
import { renderUsage } from "./finish-reason.ts"

export class ChunkFrame {
  private readonly context: RenderContext
  private readonly object: string
  private id: string
  private model: string
  private usage: TokenUsage | undefined

  /** `object`: what the client's schema calls a chunk. */
  constructor(context: RenderContext, object: string) {
    this.context = context
    this.object = object
    this.id = context.id
    this.model = context.model
  }

  start({ id, model }: { readonly id: string | null; readonly model: string | null }): void {
    this.id = id ?? this.id
    this.model = model ?? this.model
  }

  /** The last one counts. */
  report(usage: TokenUsage): void {
    this.usage = usage
  }

  chunk(choices: readonly JsonValue[], usage?: JsonValue): string {
    const { id, object, model } = this
    const created = this.context.createdSeconds
    return writeEvent(writeJsonLine({ id, object, created, model, choices, usage }))
  }

  end(): string {
    const { usage, context } = this
    const isTold = context.request.wantsUsage && usage !== undefined
    return (isTold ? this.chunk([], renderUsage(usage)) : "") + DONE_EVENT
  }
}
