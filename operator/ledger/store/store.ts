/**
 * The ledger's storage, one interface with one conformance suite for every implementation.
 *
 * Every write carries the leader's `term` and fails with `stale_term` when a higher one was taken:
 * a paused leader that wakes up can no longer change anything. What a promise resolved is durable.
 */
import type { EpochMs } from "#proxy/contract/money.ts"
import type { UsageRecord } from "#proxy/contract/records.ts"

/** Stamped by the operator from the caller's token, never read from a record. */
export interface RecordOrigin {
  readonly namespace: string
  readonly pod: string
  readonly podUid: string
  readonly application: string
  readonly team: string
  readonly costCenter: string | null
}

export interface AppendResult {
  /** Rows that were new; the others were stored before, unchanged. */
  readonly inserted: number
  /** Ids stored before with other content: the first stays (409 `record_conflict`). */
  readonly conflicts: readonly string[]
}

export interface UsageTotals {
  readonly inputTokens: bigint
  readonly outputTokens: bigint
  /** Parts, as far as providers tell them; the other parts of a TokenUsage are in the records. */
  readonly cachedInputTokens: bigint
  readonly cacheWriteTokens: bigint
  readonly reasoningTokens: bigint
  readonly costNano: bigint
  /** Attempts without a known price: their cost is not in `costNano`. */
  readonly unpriced: number
  readonly records: number
}

export interface LedgerStore {
  /**
   * Raises the stored term above itself and `atLeast`, and returns it; the caller is the leader of
   * that term.
   */
  takeTerm(atLeast: number): Promise<number>
  term(): Promise<number>
  /**
   * Stores what is new, all of it or nothing, and adds it to its team's month. At most 1,000
   * records.
   */
  appendUsage(
    term: number,
    origin: RecordOrigin,
    records: readonly UsageRecord[],
  ): Promise<AppendResult>
  /**
   * By team, of records admitted at or after `from` and before `until`. Of whole UTC months always;
   * any other span is summed from the records, so those that were deleted are not in it.
   */
  usageByTeam(from: EpochMs, until: EpochMs): Promise<ReadonlyMap<string, UsageTotals>>
  /**
   * Deletes records that were stored before, the first stored first, and gives their number: fewer
   * than `most` when no more are that old. The sums of their months stay. One that is sent again
   * afterwards is new.
   */
  deleteRecords(term: number, storedBefore: EpochMs, most: number): Promise<number>
  close(): Promise<void>
}

/**
 * `stale_term`: another leader took over. `unwritable`: disk full, read-only, busy or queued for
 * too long. `corrupt`, `incompatible` (a newer release wrote it): refuse to start, keep what is
 * there.
 */
export class LedgerError extends Error {
  readonly code: "stale_term" | "unwritable" | "corrupt" | "incompatible"
  constructor(code: LedgerError["code"], message: string) {
    super(message)
    this.code = code
  }
}
