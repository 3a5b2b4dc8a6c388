/** Whom an attempt tells. */
import type { Refusal } from "#proxy/exchange/refusal.ts"
import type { UpstreamError } from "#proxy/exchange/upstream-error.ts"
import type { AttemptFailure } from "./attempt-failure.ts"

/** Told at most one of the last five, and nothing after it. */
export interface AttemptOwner<Attempt> {
  /**
   * Another deadline holds for it: the journal has the intent, in this turn or a later one, or the
   * upstream began with content that is not shown yet.
   */
  onDeadline(attempt: Attempt): void
  /** Whole events of a stream, content included; false holds the upstream back until `resume`. */
  onStreamBytes(attempt: Attempt, bytes: Uint8Array): boolean
  onStreamDone(attempt: Attempt): void
  /** The stream broke after bytes of it: the refusal is for the client, in-band. */
  onStreamBroken(attempt: Attempt, refusal: Refusal): void
  onAnswer(attempt: Attempt, body: Uint8Array): void
  /** A 4xx about the request itself, to be passed on once. */
  onUpstreamError(attempt: Attempt, status: number, error: UpstreamError | undefined): void
  /** Nothing reached the client: another attempt may follow. */
  onFailure(attempt: Attempt, failure: AttemptFailure): void
}
