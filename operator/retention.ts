/**
 * Deletes usage records that were kept long enough, a few at a time, while this process leads.
 *
 * In: how to delete, how long records are kept, a clock. Out: deletions, and what came of them. The
 * sums of teams are no records, and stay.
 */
import { setTimeout as wait } from "node:timers/promises"
import { LedgerError } from "#operator/ledger/store/store.ts"

/** How long records are kept unless the settings say otherwise. */
export const RECORD_DAYS = 90
export const RECORD_DAYS_MIN = 7
export const RECORD_DAYS_MAX = 3650

export interface RetentionOptions {
  readonly days: number
  readonly now: () => number
  /** As `LedgerStore`'s, for the term that this process leads with. */
  readonly deleteRecords: (storedBefore: number, most: number) => Promise<number>
  readonly report: (report: RetentionReport) => void
  readonly pace?: RetentionPace
}

export type RetentionReport =
  /** Everything that was due is gone. */
  | { readonly kind: "deleted"; readonly records: number }
  /** The next look tries again. */
  | { readonly kind: "failed"; readonly error: unknown }
  /** Another leads: nothing is deleted any more. */
  | { readonly kind: "deposed"; readonly error: LedgerError }

export interface RetentionPace {
  /** Records of one transaction: those who report usage wait for it. */
  readonly batch: number
  /** Between two batches. */
  readonly pauseMs: number
  /** Between two looks. */
  readonly everyMs: number
}

/** 2,000 records a second at most, more than a fleet reports that one such ledger serves. */
export const RETENTION_PACE: RetentionPace = Object.freeze({
  batch: 500,
  pauseMs: 250,
  everyMs: 3_600_000,
})

const DAY_MS = 86_400_000

/** Looks at once and then every `everyMs`, until closed. */
export function startRetention(options: RetentionOptions): { close(): void } {
  const closing = new AbortController()
  void run(options, closing.signal)
  return { close: () => closing.abort() }
}

async function run(options: RetentionOptions, closing: AbortSignal): Promise<void> {
  const { report, pace = RETENTION_PACE } = options
  const pause = (ms: number) => wait(ms, true, { signal: closing }).catch(() => false)
  do {
    try {
      const records = await deleteDue(options, pace, pause)
      if (records > 0) report({ kind: "deleted", records })
    } catch (error) {
      if (closing.aborted) return
      if (error instanceof LedgerError && error.code === "stale_term") {
        report({ kind: "deposed", error })
        return
      }
      report({ kind: "failed", error })
    }
  } while (await pause(pace.everyMs))
}

async function deleteDue(
  { days, now, deleteRecords }: RetentionOptions,
  { batch, pauseMs }: RetentionPace,
  pause: (ms: number) => Promise<boolean>,
): Promise<number> {
  const storedBefore = now() - days * DAY_MS
  let records = 0
  for (;;) {
    const deleted = await deleteRecords(storedBefore, batch)
    records += deleted
    if (deleted < batch || !(await pause(pauseMs))) return records
  }
}
