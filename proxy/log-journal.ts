/** What becomes of the journal, as lines of the log. */
import type { JournalState } from "./journal/journal.ts"
import type { WritableChange } from "./journal/writable-edges.ts"
import type { Log } from "./telemetry/log.ts"

export function logWritable(log: Log, change: WritableChange): void {
  if (change.kind === "unwritable") {
    const { code, message: reason } = change.trouble
    log.error("the journal cannot be written, usage is kept in memory alone", { code, reason })
    return
  }
  const durationMs = Math.round(change.afterMs)
  log.info("the journal is written again", { durationMs, count: change.dropped })
}

/** What an earlier process left. */
export function logReplay(log: Log, { lost, torn, quarantined }: JournalState): void {
  if (lost > 0) log.warn("attempts of an earlier process were settled as lost", { count: lost })
  if (torn > 0) log.warn("the journal had writes cut off", { count: torn })
  if (quarantined > 0) log.error("damaged journal files were set aside", { count: quarantined })
}
