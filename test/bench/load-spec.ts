/** What the load generator is asked and what it answers. */

export type LoadSpec =
  | {
      readonly kind: "whole"
      readonly port: number
      readonly path: string
      readonly connections: number
      /** Size of the chat. */
      readonly bodyBytes: number
      /** Length that every answer's body must have. */
      readonly answerBytes: number
      readonly durationMs: number
      /** Null: as fast as the answers come. */
      readonly ratePerSecond: number | null
    }
  | {
      readonly kind: "streams"
      readonly port: number
      /** Streams open at the same time; each is followed by the next until `durationMs` is over. */
      readonly streams: number
      readonly path: string
      /** Events that every stream must have, `[DONE]` included. */
      readonly eventsPerStream: number
      readonly durationMs: number
    }

export interface LoadResult {
  /** Whole answers, or whole streams. */
  readonly answers: number
  readonly elapsedMs: number
  /** At most five descriptions of answers that were not as they must be. */
  readonly wrong: readonly string[]
  /** Of whole answers; of streams, the time to their first event. */
  readonly p50Ms: number
  readonly p99Ms: number
  /** Events of streams, all together. */
  readonly events: number
}
