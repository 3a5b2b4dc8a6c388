/**
 * Every limit of the pipeline, with what happens at it. The shell reads them once and freezes them.
 */
import type { JsonLimits } from "#proxy/contract/json.ts"

export interface PipelineSettings {
  /** Request body. Over `bytesMax`: 413; deeper: 400 `json_too_deep`; more tokens: 413. */
  readonly requestJson: JsonLimits
  /** Entries of `messages`; more: 400 `too_many_messages`. */
  readonly messagesMax: number
  /** Entries of `tools` and of `functions`; more: 400 `invalid_value`. */
  readonly toolsMax: number
  /** Output tokens assumed when the request sets no maximum. */
  readonly outputTokensDefault: number
  /** Whole answer of an upstream; more: 502 `upstream_invalid_response`. */
  readonly answerBytesMax: number
  /** Error body of an upstream; the rest is not read. */
  readonly errorBytesMax: number
  /**
   * One event of an upstream's stream, which may hold an image whole; more: the stream ends with an
   * error.
   */
  readonly eventBytesMax: number
  /** Events before the first content, held so that failover stays possible; more: they go out. */
  readonly preambleBytesMax: number
  /**
   * How long the error body of an upstream that refuses our key, account or rate is waited for
   * before another is asked; then the status alone speaks.
   */
  readonly errorWaitMs: number
  /** How long the body of a failed attempt is drained so that its connection can be kept. */
  readonly drainMs: number
  /** From the stream's terminal event to the end of the connection's answer; then it is cut. */
  readonly afterDoneMs: number
  /** A client that takes nothing for this long is cut off. */
  readonly clientStallMs: number
  /** `retry-after` of an upstream is never passed on above this. */
  readonly retryAfterSecondsMax: number
  /** Pause before the targets of a rule are tried again; doubles each round, with jitter. */
  readonly backoffMs: number
}

export const PIPELINE_SETTINGS: PipelineSettings = Object.freeze({
  requestJson: Object.freeze({ bytesMax: 16 * 1024 * 1024, depthMax: 64, tokensMax: 500_000 }),
  messagesMax: 10_000,
  toolsMax: 1024,
  outputTokensDefault: 1024,
  answerBytesMax: 32 * 1024 * 1024,
  errorBytesMax: 64 * 1024,
  eventBytesMax: 16 * 1024 * 1024,
  preambleBytesMax: 64 * 1024,
  errorWaitMs: 250,
  drainMs: 1000,
  afterDoneMs: 1000,
  clientStallMs: 60_000,
  retryAfterSecondsMax: 3600,
  backoffMs: 100,
})
