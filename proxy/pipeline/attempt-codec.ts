/**
 * How the bytes of one attempt reach its upstream and come back: passed where surface and upstream
 * speak the same wire, else translated through the intermediate form.
 */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import type { AttemptIntent, TokenUsage } from "#proxy/contract/records.ts"
import { collectAnswer } from "#proxy/exchange/chat-answer.ts"
import type { ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import { tokensOfEvents } from "#proxy/exchange/response-event.ts"
import type {
  ChatWire,
  DecodeFault,
  EmbeddingsWire,
  RerankWire,
  SameWire,
  StreamTap,
  UpstreamWire,
} from "#proxy/providers/adapter.ts"
import {
  type ChatSurface,
  type EmbeddingsSurface,
  JSON_ARRAY,
  type RenderContext,
  type RerankSurface,
} from "#proxy/surfaces/surface.ts"
import { createAwsReader } from "#proxy/wire/aws-event-stream.ts"
import type { FramingName } from "#proxy/wire/frame.ts"
import { createSseReader, type OnFrame } from "#proxy/wire/frame-reader.ts"
import { type AnswerRules, AS_IT_IS, adjustDecoder, adjustEvents } from "./adjust-answer.ts"
import type { PipelineSettings } from "./settings.ts"
import { TranslateTap } from "./translate-tap.ts"

const CHARS_PER_TOKEN = 4

export interface AttemptCodec {
  /**
   * Null when the upstream's answer cannot be such a stream. `intent` is the attempt's, for a
   * client that must be told some usage where none is reported.
   */
  openTap(
    contentType: string,
    settings: PipelineSettings,
    intent: Pick<AttemptIntent, "estimate" | "model">,
  ): StreamTap | null
  /** Whether an upstream that was asked for a stream may give a whole answer of this type. */
  takesWhole(contentType: string): boolean
  /** A whole answer that passes as it is; null: it is to be JSON. */
  readText(contentType: string, bytes: Uint8Array): AnswerReading | null
  /** A whole answer of status 200, checked JSON. */
  readAnswer(answer: JsonDocument): AnswerReading
}

export type AnswerReading =
  | {
      readonly ok: true
      /** For the client; `settled` is what is reported or, where nothing is, estimated. */
      readonly render: (reported: TokenUsage | undefined, settled: TokenUsage) => Uint8Array
      readonly usage: TokenUsage | undefined
      /** By the size of the content, where there is no report. */
      readonly outputTokens: number
      /** Of the request's recording, where the answer tells it instead of tokens. */
      readonly audioSeconds?: number | undefined
      /** JSON when absent. */
      readonly contentType?: string
    }
  /** `usage` is what it reports all the same. */
  | { readonly ok: false; readonly fault: string; readonly usage?: TokenUsage | undefined }

export function passCodec(same: SameWire, request: ParsedRequest): AttemptCodec {
  return new PassCodec(same, request)
}

class PassCodec implements AttemptCodec {
  private readonly same: SameWire
  private readonly request: ParsedRequest

  constructor(same: SameWire, request: ParsedRequest) {
    this.same = same
    this.request = request
  }

  openTap(contentType: string, settings: PipelineSettings): StreamTap | null {
    const { same, request } = this
    if (!(same.media?.streams ?? STREAM_TYPES.sse).test(contentType)) return null
    const { eventBytesMax, preambleBytesMax, answerBytesMax } = settings
    const { wantsUsage, measure } = request
    const asArray = request.streamType === JSON_ARRAY
    return same.openTap(
      { wantsUsage, eventBytesMax, preambleBytesMax, asArray },
      { contentType, bytesMax: answerBytesMax, outputTokensExpected: measure.outputTokens },
    )
  }

  takesWhole(contentType: string): boolean {
    if (this.same.mayComeWhole === true) return JSON_TYPE.test(contentType)
    const texts = this.same.media?.texts
    if (texts === undefined || texts === null) return false
    return texts.test(contentType) || JSON_TYPE.test(contentType)
  }

  readText(contentType: string, bytes: Uint8Array): AnswerReading | null {
    if (this.same.media?.texts?.test(contentType) !== true) return null
    const outputTokens = Math.ceil(bytes.length / CHARS_PER_TOKEN)
    return { ok: true, render: () => bytes, usage: undefined, outputTokens, contentType }
  }

  readAnswer(answer: JsonDocument): AnswerReading {
    const usage = this.same.readUsage(answer)
    const fault = this.same.findAnswerFault(answer)
    if (fault !== null) return { ok: false, fault, usage }
    const expected = this.request.measure.outputTokens
    const outputTokens = usage === undefined ? this.same.measureAnswer(answer, expected) : 0
    const audioSeconds = this.same.media?.readSeconds(answer)
    const render = () => this.same.fitAnswer?.(answer, this.request) ?? answer.bytes
    return { ok: true, render, usage, outputTokens, audioSeconds }
  }
}

export function chatCodec(
  wire: UpstreamWire,
  chat: ChatWire,
  surface: ChatSurface,
  context: RenderContext,
  rules: AnswerRules = AS_IT_IS,
): AttemptCodec {
  return {
    ...JSON_ONLY,
    openTap(contentType, { eventBytesMax, preambleBytesMax }, intent) {
      if (!STREAM_TYPES[wire.framing].test(contentType)) return null
      const openReader = (onFrame: OnFrame) => READERS[wire.framing](eventBytesMax, onFrame)
      const renderer = surface.openRenderer(context)
      const decoder = adjustDecoder(chat.openDecoder(), rules)
      return new TranslateTap(decoder, renderer, openReader, preambleBytesMax, intent)
    },
    readAnswer(answer) {
      const decoded = chat.decodeAnswer(answer)
      if (!decoded.ok) return decoded
      const whole = collectAnswer(adjustEvents(decoded.events, rules))
      if (whole.choices.some(({ reason }) => reason === "failed")) {
        return { ok: false, fault: "the provider gave it up", usage: whole.usage }
      }
      const outputTokens = tokensOfEvents(decoded.events)
      return {
        ok: true,
        render: (usage, settled) =>
          encode(surface.renderAnswer({ ...whole, usage }, context, settled)),
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
  return wholeCodec(decode, (answer, settled) => surface.renderAnswer(answer, context, settled))
}

export function rerankCodec(
  wire: RerankWire,
  surface: RerankSurface,
  context: RenderContext,
): AttemptCodec {
  return wholeCodec(wire.decodeAnswer, (answer, settled) =>
    surface.renderAnswer(answer, context, settled),
  )
}

/** For operations that never stream and whose output has no tokens. */
function wholeCodec<Answer extends { readonly usage: TokenUsage | undefined }>(
  decode: (document: JsonDocument) => { readonly ok: true; readonly answer: Answer } | DecodeFault,
  render: (answer: Answer, settled: TokenUsage) => string,
): AttemptCodec {
  return {
    ...JSON_ONLY,
    openTap: () => null,
    readAnswer(document) {
      const decoded = decode(document)
      if (!decoded.ok) return decoded
      const { answer } = decoded
      return {
        ok: true,
        render: (usage, settled) => encode(render({ ...answer, usage }, settled)),
        usage: answer.usage,
        outputTokens: 0,
      }
    },
  }
}

const JSON_ONLY = Object.freeze({ takesWhole: () => false, readText: () => null })
const JSON_TYPE = /^application\/json\b/i

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
