/** What one finished exchange was, for metrics, the log line and, later, the audit record. */
import type { NanoUsd } from "#proxy/contract/money.ts"
import type { AttemptOutcome, TokenUsage } from "#proxy/contract/records.ts"
import type { RefusalCode } from "./refusal.ts"
import type { Operation } from "./wire-name.ts"

export interface ExchangeRecord {
  readonly id: string
  readonly surface: string
  readonly operation: Operation
  /** From the Snapshot, or `other`: a client can never mint a label value. */
  readonly modelLabel: string
  readonly team: string
  readonly application: string
  readonly route: string | null
  readonly rule: string | null
  /** Of the attempt that answered; null when none did. */
  readonly provider: string | null
  readonly servedModel: string | null
  readonly configVersion: string
  readonly isStream: boolean
  readonly status: number
  /** Null when the upstream's answer went through. */
  readonly refusal: RefusalCode | null
  readonly attempts: readonly AttemptSummary[]
  readonly usage: TokenUsage | null
  /** No provider reported `usage`: it is this sidecar's own number. */
  readonly isEstimated: boolean
  readonly cost: NanoUsd | null
  /** Wall clock in ms. */
  readonly receivedAt: number
  /** Accept to last byte. */
  readonly durationMs: number
  /** Accept to the first content byte for the client; null when none was sent. */
  readonly firstByteMs: number | null
  /** Our own part of the time before dispatch and after the answer's head. */
  readonly overheadMs: number
  readonly isClientGone: boolean
}

export interface AttemptSummary {
  readonly provider: string
  readonly model: string
  readonly outcome: AttemptOutcome
  readonly status: number | null
  readonly durationMs: number
}
