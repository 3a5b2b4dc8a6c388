/** The script of a simulated answer: bytes and delays, played by the shell in place of a socket. */
import type { HeaderList, UpstreamFailure } from "#proxy/exchange/ports.ts"

export interface SimulatedRequest {
  /** Its name is in the answer, so that a person sees where a request went. */
  readonly provider: { readonly name: string }
  /** Request target, path prefix included. */
  readonly path: string
  readonly body: Uint8Array | string
}

/**
 * `afterMs` counts from the step before, the first from the dispatch. No further step is silence.
 */
export type SimulatedStep =
  | {
      readonly kind: "head"
      readonly afterMs: number
      readonly status: number
      readonly headers: HeaderList
    }
  | { readonly kind: "data"; readonly afterMs: number; readonly bytes: Uint8Array }
  | { readonly kind: "end"; readonly afterMs: number }
  | { readonly kind: "fail"; readonly afterMs: number; readonly failure: UpstreamFailure }

export interface SimulatedScript {
  readonly steps: readonly SimulatedStep[]
}
