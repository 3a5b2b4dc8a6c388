/**
 * How the bytes of one attempt reach its upstream and come back: passed where surface and upstream
 * speak the same wire, else translated through the intermediate form.
 */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { collectAnswer } from "#proxy/exchange/chat-answer.ts"
import { contentLength } from "#proxy/exchange/response-event.ts"
import type {
  ChatWire,
  DecodeFault,
  EmbeddingsWire,
  RerankWire,
  SameWire,
  StreamTap,
  UpstreamWire,
} from "#proxy/providers/adapter.ts"
import type {
  ChatSurface,
  EmbeddingsSurface,
  RenderContext,
  RerankSurface,
} from "#proxy/surfaces/surface.ts"
import { createAwsReader } from "#proxy/wire/aws-event-stream.ts"
import type { FramingName } from "#proxy/wire/frame.ts"
import { createSseReader, type OnFrame } from "#proxy/wire/frame-reader.ts"
import type { PipelineSettings } from "./settings.ts"
import { TranslateTap } from "./translate-tap.ts"

const CHARS_PER_TOKEN = 4

export interface AttemptCodec {
  /** Null when the upstream's answer cannot be such a stream. */
  openTap(contentType: string, settings: PipelineSettings): StreamTap | null
  /** A whole answer of status 200, checked JSON. */
  readAnswer(answer: JsonDocument): AnswerReading
}

export type AnswerReading =
  | {
      readonly ok: true
      /** For the client. */
      readonly body: Uint8Array
      readonly usage: TokenUsage | undefined
      /** By the size of the content, where there is no report. */
      readonly outputTokens: number
    }
  | { readonly ok: false; readonly fault: string }

export function passCodec(same: SameWire, wantsUsage: boolean): AttemptCodec {
  return new PassCodec(same, wantsUsage)
}

class PassCodec implements AttemptCodec {
  private readonly same: SameWire
  private readonly wantsUsage: boolean

  constructor(same: SameWire, wantsUsage: boolean) {
    this.same = same
    this.wantsUsage = wantsUsage
  }

  openTap(contentType: string, settings: PipelineSettings): StreamTap | null {
    if (!STREAM_TYPES.sse.test(contentType)) return null
    const { eventBytesMax, preambleBytesMax } = settings
    return this.same.openTap({ wantsUsage: this.wantsUsage, eventBytesMax, preambleBytesMax })
  }

  readAnswer(answer: JsonDocument): AnswerReading {
    const fault = this.same.findAnswerFault(answer)
    if (fault !== null) return { ok: false, fault }
    const usage = this.same.readUsage(answer)
    const outputTokens = usage === undefined ? this.same.measureAnswer(answer) : 0
    return { ok: true, body: answer.bytes, usage, outputTokens }
  }
}

export function chatCodec(
  wire: UpstreamWire,
  chat: ChatWire,
  surface: ChatSurface,
  context: RenderContext,
): AttemptCodec {
  return {
    openTap(contentType, { eventBytesMax, preambleBytesMax }) {
      if (!STREAM_TYPES[wire.framing].test(contentType)) return null
      const openReader = (onFrame: OnFrame) => READERS[wire.framing](eventBytesMax, onFrame)
      const renderer = surface.openRenderer(context)
      return new TranslateTap(chat.openDecoder(), renderer, openReader, preambleBytesMax)
    },
    readAnswer(answer) {
      const decoded = chat.decodeAnswer(answer)
      if (!decoded.ok) return decoded
      const whole = collectAnswer(decoded.events)
      const chars = decoded.events.reduce((sum, event) => sum + contentLength(event), 0)
      const outputTokens = Math.ceil(chars / CHARS_PER_TOKEN)
      return {
        ok: true,
        body: encode(surface.renderAnswer(whole, context)),
        usage: whole.usage,
        outputTokens,
      }
    },
  }
}

/** `inputs` is how many were sent: vectors are told apart by their order alone. */
export function embeddingsCodec(
  wire: EmbeddingsWire,
  surface: EmbeddingsSurface,
  context: RenderContext,
  inputs: number,
): AttemptCodec {
  const decode: EmbeddingsWire["decodeAnswer"] = (document) => {
    const decoded = wire.decodeAnswer(document)
    if (!decoded.ok || decoded.answer.vectors.length === inputs) return decoded
    return { ok: false, fault: `it has ${decoded.answer.vectors.length} vectors for ${inputs}` }
  }
  return wholeCodec(decode, (answer) => surface.renderAnswer(answer, context))
}

export function rerankCodec(
  wire: RerankWire,
  surface: RerankSurface,
  context: RenderContext,
): AttemptCodec {
  return wholeCodec(wire.decodeAnswer, (answer) => surface.renderAnswer(answer, context))
}

/** For operations that never stream and whose output has no tokens. */
function wholeCodec<Answer extends { readonly usage: TokenUsage | undefined }>(
  decode: (document: JsonDocument) => { readonly ok: true; readonly answer: Answer } | DecodeFault,
  render: (answer: Answer) => string,
): AttemptCodec {
  return {
    openTap: () => null,
    readAnswer(document) {
      const decoded = decode(document)
      if (!decoded.ok) return decoded
      const { answer } = decoded
      return { ok: true, body: encode(render(answer)), usage: answer.usage, outputTokens: 0 }
    },
  }
}

/** Content types of the framings. */
const STREAM_TYPES: Readonly<Record<FramingName, RegExp>> = Object.freeze({
  sse: /^text\/event-stream\b/i,
  "aws-event-stream": /^application\/vnd\.amazon\.eventstream\b/i,
})

const READERS: Readonly<Record<FramingName, typeof createSseReader>> = Object.freeze({
  sse: createSseReader,
  "aws-event-stream": createAwsReader,
})

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
