/**
 * The directory where a run keeps its ledger and its journal, held by one process at a time.
 *
 * The lock is a transaction on a small SQLite file: the system gives it back when the process ends,
 * however it ends, so a killed run never leaves a lock behind.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"

export interface StateDirectory {
  readonly ledgerFile: string
  readonly journalDir: string
  release(): void
}

/** Throws with a sentence for the reader when another process holds it or it cannot be written. */
export function holdStateDirectory(path: string, pid: number): StateDirectory {
  const journalDir = join(path, "journal")
  const pidFile = join(path, "pid")
  try {
    mkdirSync(journalDir, { recursive: true, mode: 0o700 })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new Error(`the state directory cannot be made (${reason}); choose one with --state`)
  }
  const lock = new DatabaseSync(join(path, "lock"), { timeout: 0 })
  try {
    lock.exec("BEGIN EXCLUSIVE")
  } catch {
    lock.close()
    throw new Error(
      `the state directory ${path} is in use by another sidegate run${holder(pidFile)}; ` +
        "end that one, or choose another directory with --state",
    )
  }
  writeFileSync(pidFile, `${pid}\n`)
  return { ledgerFile: join(path, "ledger.db"), journalDir, release: () => lock.close() }
}

function holder(pidFile: string): string {
  try {
    const text = readFileSync(pidFile, "utf8").trim()
    return /^\d{1,10}$/.test(text) ? ` (process ${text})` : ""
  } catch {
    return ""
  }
}
