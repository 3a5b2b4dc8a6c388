/**
 * A ledger that cannot be written is waited for; one that is damaged is not.
 *
 * In: what to do with it, whom to tell while waiting. Out: its answer, or null when closed before.
 * A disk that is full or held is mended by somebody else, and a process that ended over it would
 * only be started again. What is damaged, or a newer release's, rejects: it is for people, and the
 * file stays as it is.
 */
import { setTimeout as wait } from "node:timers/promises"
import { openSqliteLedger } from "#operator/ledger/store/sqlite/sqlite-store.ts"
import { LedgerError, type LedgerStore } from "#operator/ledger/store/store.ts"
import { errorText, type Log } from "#operator/telemetry/log.ts"

export interface LedgerPatience {
  readonly log: Log
  readonly closing: AbortSignal
  /** Why it waits, in words; for `/readyz`. */
  readonly onWaiting?: (why: string) => void
  /** Between two attempts, in ms. */
  readonly retryMs?: number
}

const RETRY_MS = 5000

export function openLedger(
  file: string,
  { onLost, ...patience }: LedgerPatience & { readonly onLost: (error: LedgerError) => void },
): Promise<LedgerStore | null> {
  return onceWritable(() => openSqliteLedger({ file, onLost }), patience)
}

/** Repeats `attempt` while it fails with `unwritable`; every other failure is the caller's. */
export async function onceWritable<T>(
  attempt: () => Promise<T>,
  { log, closing, onWaiting, retryMs = RETRY_MS }: LedgerPatience,
): Promise<T | null> {
  while (!closing.aborted) {
    try {
      return await attempt()
    } catch (error) {
      if (!(error instanceof LedgerError) || error.code !== "unwritable") throw error
      log.warn("the ledger cannot be written yet", { error: errorText(error) })
      onWaiting?.(errorText(error))
    }
    await wait(retryMs, undefined, { signal: closing }).catch(() => undefined)
  }
  return null
}
