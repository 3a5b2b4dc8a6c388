/**
 * The directory where a run keeps its ledger and its journal, held by one process at a time.
 *
 * The lock is a transaction on a small SQLite file: the system gives it back when the process ends,
 * however it ends, so a killed run never leaves a lock behind.
 */
import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from "node:fs"
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
  orRefuse("the state directory cannot be made", () =>
    mkdirSync(journalDir, { recursive: true, mode: 0o700 }),
  )
  const unwritable = `the state directory ${path} cannot be written`
  orRefuse(unwritable, () => {
    for (const folder of [path, journalDir]) accessSync(folder, constants.W_OK | constants.X_OK)
  })
  const lock = orRefuse(unwritable, () => new DatabaseSync(join(path, "lock"), { timeout: 0 }))
  try {
    take(lock, path, pidFile)
    orRefuse(unwritable, () => writeFileSync(pidFile, `${pid}\n`))
  } catch (error) {
    lock.close()
    throw error
  }
  return { ledgerFile: join(path, "ledger.db"), journalDir, release: () => lock.close() }
}

/** Of SQLite: another connection holds the lock. */
const SQLITE_BUSY = 5

function take(lock: DatabaseSync, path: string, pidFile: string): void {
  try {
    lock.exec("BEGIN EXCLUSIVE")
  } catch (error) {
    const isHeld = error instanceof Error && "errcode" in error && error.errcode === SQLITE_BUSY
    if (!isHeld)
      throw new Error(`${join(path, "lock")} is damaged (${textOf(error)}): remove that file`)
    throw new Error(
      `the state directory ${path} is in use by another sidegate run${holder(pidFile)}; ` +
        "end that one, or choose another directory with --state",
    )
  }
}

function orRefuse<T>(what: string, act: () => T): T {
  try {
    return act()
  } catch (error) {
    throw new Error(`${what} (${textOf(error)}); choose one with --state`)
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function holder(pidFile: string): string {
  try {
    const text = readFileSync(pidFile, "utf8").trim()
    return /^\d{1,10}$/.test(text) ? ` (process ${text})` : ""
  } catch {
    return ""
  }
}
