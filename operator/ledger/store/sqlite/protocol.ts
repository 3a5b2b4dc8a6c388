/** What the store and its worker say to each other. Plain values, copied between the threads. */
import type { EpochMs } from "#proxy/contract/money.ts"
import type { LedgerError, UsageTotals } from "../store.ts"
import type { Append } from "./statements.ts"

export interface WorkerSettings {
  readonly file: string
}

export type Call =
  | { readonly kind: "take-term"; readonly atLeast: number }
  | { readonly kind: "term" }
  | { readonly kind: "append"; readonly append: Append }
  | { readonly kind: "usage"; readonly from: EpochMs; readonly until: EpochMs }
  | {
      readonly kind: "delete-records"
      readonly term: number
      readonly storedBefore: EpochMs
      readonly most: number
    }
  | { readonly kind: "close" }

export interface Request {
  readonly id: number
  readonly call: Call
}

/** `code: null` is a bug in us, not a state of the ledger. */
export interface Failure {
  readonly code: LedgerError["code"] | null
  readonly message: string
}

export type Reply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly failure: Failure }

/** First message of a worker: the file is open, or why not. */
export type Opened =
  | { readonly opened: true }
  | { readonly opened: false; readonly failure: Failure }

export type UsageReply = ReadonlyMap<string, UsageTotals>
