/**
 * What upstreams speak: an adapter is a few pure functions, one folder for each wire schema.
 *
 * In: a checked request and a target, later the bytes of the answer. Out: the upstream's request,
 * and of the answer what concerns us: its events, usage, first content, end, error. It must not
 * know routing, retries, policies, credentials' values or sockets.
 *
 * An adapter offers wires. Where the client's surface is of the same wire, `same` passes bytes and
 * reads along; else `chat`, `embeddings` or `rerank` translate through the intermediate form.
 */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { ProviderConfig, ProviderSchema } from "#proxy/contract/snapshot.ts"
import type { FeatureTable } from "#proxy/exchange/chat-feature.ts"
import type { ChatRequest } from "#proxy/exchange/chat-request.ts"
import type { EmbeddingTable } from "#proxy/exchange/embedding-feature.ts"
import type { EmbeddingsAnswer, EmbeddingsRequest } from "#proxy/exchange/embeddings.ts"
import type { Decision, ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import type { AnswerHeaders, HeaderList } from "#proxy/exchange/ports.ts"
import type { RerankAnswer, RerankRequest } from "#proxy/exchange/rerank.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import type { Target } from "#proxy/exchange/target.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import type { WireName } from "#proxy/exchange/wire-name.ts"
import type { Frame, FramingName } from "#proxy/wire/frame.ts"

export interface ProviderAdapter {
  readonly schema: ProviderSchema
  /** What this provider can be asked in for a model as it names it, the most native first. */
  readonly wires: (provider: ProviderConfig, model: string) => readonly UpstreamWire[]
}

export interface UpstreamWire {
  readonly name: WireName
  /** For sentences: `Anthropic Messages`. */
  readonly title: string
  /** Origin-form target at the upstream, `provider.pathPrefix` included. */
  readonly path: (place: CallPlace) => string
  /** Besides the gateway's own: `anthropic-version` and the like. */
  readonly headers: HeaderList
  /** Lower-case names of client headers that go on where the client's surface is this wire. */
  readonly passedHeaders: readonly string[]
  /** What of such a header's value goes on, empty for none; absent where all of it does. */
  readonly passedValue?: (name: string, value: string) => string
  readonly authorization: Authorization
  /** How a stream of it is cut into frames. */
  readonly framing: FramingName
  /** For a client surface of the same wire; null where none exists. */
  readonly same: SameWire | null
  readonly chat: ChatWire | null
  readonly embeddings: EmbeddingsWire | null
  readonly rerank: RerankWire | null
  /** What the head of an answer reports, where its body may not; absent where none does. */
  readonly usageOfHeaders?: (headers: AnswerHeaders) => TokenUsage | undefined
  /** The upstream's own words about a 4xx that is passed on; `conceal` sees each before a cut. */
  readonly readError: (
    answer: JsonDocument,
    conceal: (text: string) => string,
  ) => UpstreamError | undefined
}

/** Where the key goes; the shell fills it in. Short-lived tokens always go as `Bearer`. */
export interface Authorization {
  readonly header: string
  readonly prefix: string
}

/** What a path depends on. */
export interface CallPlace {
  readonly provider: ProviderConfig
  /** As the upstream names it. */
  readonly model: string
  readonly isStream: boolean
}

/** What an encoder knows besides the request. */
export type EncodeContext = CallPlace

/** The client's bytes go on, with only what must change spliced in; the answer's pass unchanged. */
export interface SameWire {
  readonly encodeBody: (request: ParsedRequest, target: Target) => Uint8Array
  /** Usage of a whole answer; undefined when it reports none or nonsense. */
  readonly readUsage: (answer: JsonDocument) => TokenUsage | undefined
  /** What is wrong with a whole answer of status 200; null when it is an answer. */
  readonly findAnswerFault: (answer: JsonDocument) => string | null
  /**
   * Output tokens of a whole answer by the size of its content, for one without a report;
   * `expected` by the request alone, for one that is only a receipt.
   */
  readonly measureAnswer: (answer: JsonDocument, expected: number) => number
  readonly openTap: (options: TapOptions, stream: PassedStream) => StreamTap
  /** Whether servers give a whole answer of JSON where a stream was asked for; absent: none do. */
  readonly mayComeWhole?: true
  /** A whole answer for the client, where it may not be what was asked for; absent: its bytes. */
  readonly fitAnswer?: (answer: JsonDocument, request: ParsedRequest) => Uint8Array
  /** Absent where bodies are JSON, and answers JSON or server-sent events. */
  readonly media?: WireMedia
}

/** A stream that passes, before its first byte. */
export interface PassedStream {
  /** As the upstream named it. */
  readonly contentType: string
  /** Of all of it, where its bytes are no events. */
  readonly bytesMax: number
  /** By the request alone, for content that does not tell by its size. */
  readonly outputTokensExpected: number
}

/** Of a wire with bodies that are not JSON. */
export interface WireMedia {
  /** Of the request's body. */
  readonly contentType: (request: ParsedRequest) => string
  readonly accept: string
  /** Content types of a stream, which passes under its own. */
  readonly streams: RegExp
  /** Those of whole answers besides JSON, which pass under their own; null: none is whole. */
  readonly texts: RegExp | null
  /** Seconds of the request's recording, where an answer tells these instead of tokens. */
  readonly readSeconds: (answer: JsonDocument) => number | undefined
}

export interface ChatWire {
  readonly features: (provider: ProviderConfig) => FeatureTable
  /** What a tool may be called; `nameTools` sees to the others. */
  readonly toolNames: RegExp
  /** The tool whose arguments are the answer to a wish for a JSON object; absent: it is told so. */
  readonly jsonTool?: string
  /** The body as JSON text; refuses what `features` cannot tell, such as a value out of range. */
  readonly encode: (chat: ChatRequest, context: EncodeContext) => Decision<string>
  /** Events of a whole answer of status 200, or what is wrong with it. */
  readonly decodeAnswer: (answer: JsonDocument) => DecodedAnswer
  readonly openDecoder: () => StreamDecoder
}

export type DecodedAnswer =
  | { readonly ok: true; readonly events: readonly ResponseEvent[] }
  | { readonly ok: false; readonly fault: string }

/** Reads a stream frame by frame. Throws `WireFault` at what is not this wire's stream. */
export interface StreamDecoder {
  push(frame: Frame): readonly ResponseEvent[]
  /** The connection ended: the events that its end means, `response-end` if all had come. */
  finish(): readonly ResponseEvent[]
  /**
   * Of a stream that passes: whether a frame that gives no content is work for the client all the
   * same, such as that of a hosted tool, which no other shape has.
   */
  readonly isOtherWork?: (frame: Frame) => boolean
  /** What the upstream told of usage before its report, if it does: its input is all of it. */
  readonly usageSoFar?: TokenUsage | undefined
}

export class WireFault extends Error {}

export interface EmbeddingsWire {
  readonly features: (place: CallPlace) => EmbeddingTable
  readonly encode: (request: EmbeddingsRequest, context: EncodeContext) => Decision<string>
  readonly decodeAnswer: (
    answer: JsonDocument,
  ) => { readonly ok: true; readonly answer: EmbeddingsAnswer } | DecodeFault
}

export interface RerankWire {
  readonly encode: (request: RerankRequest, context: EncodeContext) => Decision<string>
  readonly decodeAnswer: (
    answer: JsonDocument,
  ) => { readonly ok: true; readonly answer: RerankAnswer } | DecodeFault
}

export interface DecodeFault {
  readonly ok: false
  readonly fault: string
}

export interface TapOptions {
  /** Whether the client asked for the usage event; if not it is hidden. */
  readonly wantsUsage: boolean
  readonly eventBytesMax: number
  readonly preambleBytesMax: number
  /** The client wants its events as the elements of one JSON array, not as they come. */
  readonly asArray?: boolean
}

/** Reads along while a stream passes. Bytes go on in whole events. */
export interface StreamTap {
  /** Gives the bytes to send on now; null for none. Nothing goes on before the first content. */
  push(chunk: Uint8Array): Uint8Array | null
  /** The upstream closed: what is still to be sent on; sets `end` where a close is an end. */
  finish(): Uint8Array | null
  /** Set once; whatever comes after it is ignored. */
  readonly end: TapEnd | null
  /** Whether content went on: from then on no other attempt may answer. */
  readonly hasContent: boolean
  /** The last report; undefined when there was none. */
  readonly usage: TokenUsage | undefined
  /** Events with content so far; comments and reports are none. */
  readonly contentEvents: number
  /** Output tokens by the size of the content so far, for streams without a report. */
  tokensSeen(bytesPerToken: number): number
  /** As the decoder's; the report takes its place. */
  readonly usageSoFar?: TokenUsage | undefined
}

/**
 * `error`: the upstream said so in the stream. `invalid`: what came is not this schema's stream.
 */
export type TapEnd =
  | { readonly kind: "done" }
  | { readonly kind: "error"; readonly name: string | null }
  | { readonly kind: "invalid"; readonly detail: string }
