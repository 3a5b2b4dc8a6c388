/**
 * What clients speak: a surface is a few pure functions, one folder each.
 *
 * In: a request as accepted; later the answer in the intermediate form, or a refusal. Out: the
 * request checked and measured, its intermediate form when a target of another wire is asked, and
 * bytes in the caller's own shape. It must not know routes, policies or providers.
 */
import type { TokenUsage } from "#proxy/contract/records.ts"
import type { ChatAnswer } from "#proxy/exchange/chat-answer.ts"
import type { ChatRequest } from "#proxy/exchange/chat-request.ts"
import type { EmbeddingsAnswer, EmbeddingsRequest } from "#proxy/exchange/embeddings.ts"
import type { OutputFields } from "#proxy/exchange/output-fields.ts"
import type { Decision, ParsedRequest, SurfaceName } from "#proxy/exchange/parsed-request.ts"
import type { RawRequest } from "#proxy/exchange/ports.ts"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import type { RerankAnswer, RerankRequest } from "#proxy/exchange/rerank.ts"
import type { ResponseEnd, ResponseEvent, ResponseStart } from "#proxy/exchange/response-event.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import type { Operation, WireName } from "#proxy/exchange/wire-name.ts"
import type { SurfaceLimits } from "./limits.ts"

export interface Surface {
  readonly name: SurfaceName
  readonly wire: WireName
  readonly operation: Operation
  /** A body of `multipart/form-data`; absent: JSON. */
  readonly takes?: "form"
  /** Events of its streams come as late as a whole answer: only the request's own time holds. */
  readonly isUnpaced?: true
  readonly errors: SurfaceErrors
  /** Of a surface whose answers are a model's text; absent: no policy bounds its output. */
  readonly output?: OutputFields
  readonly parse: (raw: RawRequest, limits: SurfaceLimits) => Decision<ParsedRequest>
  /** Null where only an upstream of the same wire can serve. */
  readonly chat: ChatSurface | null
  readonly embeddings: EmbeddingsSurface | null
  readonly rerank: RerankSurface | null
  /** Of a surface that counts: the answer with an estimate, where no provider counts. */
  readonly renderCount?: (tokens: number) => string
}

/** `id` is the request's own, for shapes that have a place for it. */
export interface SurfaceErrors {
  /** A whole JSON body. */
  readonly body: (refusal: Refusal, id: string) => string
  /** An upstream's 4xx about the request itself: its words, our shape. */
  readonly upstream: (error: UpstreamError, status: number, id: string) => string
  /**
   * What tells it within a stream of that content type, which is cut behind it; empty where the
   * stream has no place for it.
   */
  readonly event: (refusal: Refusal, streamType: string, id: string) => string
}

/**
 * JSON text. `settled` is the answer's usage or, where it has none, the estimate that is settled:
 * for a shape that must name some. Where its usage may be absent, it stays absent.
 */
export type RenderAnswer<Answer> = (
  answer: Answer,
  context: RenderContext,
  settled: TokenUsage,
) => string

export interface ChatSurface {
  readonly read: (request: ParsedRequest) => Decision<ChatRequest>
  readonly renderAnswer: RenderAnswer<ChatAnswer>
  readonly openRenderer: (context: RenderContext) => StreamRenderer
}

/** Renders a stream event by event; what it gives may be empty. */
export interface StreamRenderer {
  push(event: RenderedEvent): string
}

/**
 * The start comes with the input as the upstream counted it or, where it did not yet, its estimate;
 * the end with what is settled, as in `RenderAnswer`.
 */
export type RenderedEvent =
  | Exclude<ResponseEvent, ResponseStart | ResponseEnd>
  | (ResponseStart & { readonly prompt: TokenUsage })
  | (ResponseEnd & { readonly settled: TokenUsage })

export interface EmbeddingsSurface {
  readonly read: (request: ParsedRequest) => Decision<EmbeddingsRequest>
  readonly renderAnswer: RenderAnswer<EmbeddingsAnswer>
}

export interface RerankSurface {
  readonly read: (request: ParsedRequest) => Decision<RerankRequest>
  readonly renderAnswer: RenderAnswer<RerankAnswer>
}

export interface RenderContext {
  readonly request: ParsedRequest
  /** The request's own id, for answers whose upstream gives none. */
  readonly id: string
  /** The model that serves, as the upstream names it. */
  readonly model: string
  /** Unix time in seconds at which the request was admitted. */
  readonly createdSeconds: number
}

/** Content type of server-sent events, in which nearly every client wants its stream. */
export const EVENT_STREAM = "text/event-stream; charset=utf-8"
/** Of a Gemini client that does not ask for events: one array that grows. */
export const JSON_ARRAY = "application/json"
