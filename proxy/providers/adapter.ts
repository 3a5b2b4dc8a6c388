/**
 * What upstreams speak: an adapter is a few pure functions, one folder for each wire schema.
 *
 * In: a checked request and a target, later the bytes of the answer. Out: the upstream's request,
 * and of the answer what concerns us: usage, first content, end, error. It must not know routing,
 * retries, policies, credentials' values or sockets.
 */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import type { Target } from "#proxy/exchange/target.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"

export interface ProviderAdapter {
  /** Where the key goes; the shell fills it in. */
  readonly authorization: { readonly header: string; readonly prefix: string }
  /** The body for `target`: the client's own bytes with only what must change spliced in. */
  readonly encodeBody: (request: ParsedRequest, target: Target) => Uint8Array
  /** Usage of a whole answer; undefined when it reports none or nonsense. */
  readonly readUsage: (answer: JsonDocument) => TokenUsage | undefined
  /** What is wrong with a whole answer of status 200; null when it is an answer. */
  readonly findAnswerFault: (answer: JsonDocument) => string | null
  /** Output tokens of a whole answer by the size of its content, for one without a report. */
  readonly measureAnswer: (answer: JsonDocument) => number
  readonly openTap: (options: TapOptions) => StreamTap
  /** The upstream's own words about a 4xx that is passed on; `conceal` sees each before a cut. */
  readonly readError: (
    answer: JsonDocument,
    conceal: (text: string) => string,
  ) => UpstreamError | undefined
}

export interface TapOptions {
  /** Whether the client asked for the usage event; if not it is hidden. */
  readonly wantsUsage: boolean
  readonly eventBytesMax: number
  readonly preambleBytesMax: number
}

/** Reads along while a stream passes. Bytes go on unchanged, in whole events. */
export interface StreamTap {
  /** Gives the bytes to send on now; null for none. Nothing goes on before the first content. */
  push(chunk: Uint8Array): Uint8Array | null
  /** Set once; whatever comes after it is ignored. */
  readonly end: TapEnd | null
  /** Whether content went on: from then on no other attempt may answer. */
  readonly hasContent: boolean
  /** The last report; undefined when there was none. */
  readonly usage: TokenUsage | undefined
  /** Events with content so far; comments and reports are none. */
  readonly contentEvents: number
  /** Output tokens by the size of the content so far, for streams without a report. */
  readonly outputTokensSeen: number
}

/**
 * `error`: the upstream said so in the stream. `invalid`: what came is not this schema's stream.
 */
export type TapEnd =
  | { readonly kind: "done" }
  | { readonly kind: "error" }
  | { readonly kind: "invalid"; readonly detail: string }
