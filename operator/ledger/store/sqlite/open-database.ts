/**
 * Opens one ledger file: durable settings, integrity check, migrations. Synchronous: it runs in the
 * worker.
 */
import { closeSync, mkdirSync, openSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { LedgerError } from "../store.ts"
import { toLedgerError } from "./error.ts"
import { MIGRATIONS, type Migration } from "./migrations.ts"

/** A writer that finds the file locked waits this long, then its write is `unwritable`. */
const BUSY_TIMEOUT_MS = 2000
/**
 * A larger file gets the quick check, which leaves out comparing indexes with tables: start stays
 * short.
 */
const FULL_CHECK_BYTES_MAX = 256 * 1024 * 1024

/**
 * Input   a path, or ":memory:". Missing directories are made, the file is readable by its owner
 *         only.
 * Throws  LedgerError `corrupt` (the file is kept as it is), `unwritable`, or `incompatible` when a
 *         newer release wrote it.
 */
export function openDatabase(
  file: string,
  migrations: readonly Migration[] = MIGRATIONS,
): DatabaseSync {
  let database: DatabaseSync | undefined
  try {
    if (file !== ":memory:") createPrivately(file)
    database = new DatabaseSync(file)
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`)
    // FULL: with NORMAL a commit that was acknowledged can be gone after a power loss.
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")
    checkIntegrity(database, file)
    migrate(database, file, migrations)
    return database
  } catch (error) {
    if (database?.isOpen) database.close()
    throw toLedgerError(error, file)
  }
}

function createPrivately(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  closeSync(openSync(file, "a", 0o600))
}

function checkIntegrity(database: DatabaseSync, file: string): void {
  const isLarge = file !== ":memory:" && statSync(file).size > FULL_CHECK_BYTES_MAX
  const pragma = isLarge ? "quick_check" : "integrity_check"
  const row = database.prepare(`PRAGMA ${pragma}(1)`).get()
  const finding = String(row?.[pragma] ?? "no answer")
  if (finding === "ok") return
  throw new LedgerError(
    "corrupt",
    `the ledger ${file} is damaged (${finding}). It was left as it is: restore a backup in its ` +
      "place, or move it away to begin an empty ledger",
  )
}

function migrate(database: DatabaseSync, file: string, migrations: readonly Migration[]): void {
  database.exec("BEGIN IMMEDIATE")
  try {
    database.exec("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY) STRICT")
    const row = database.prepare("SELECT max(version) AS version FROM schema_version").get()
    const current = Number(row?.["version"] ?? 0)
    const newest = migrations.at(-1)?.version ?? 0
    if (current > newest) {
      throw new LedgerError(
        "incompatible",
        `the ledger ${file} has schema ${current}, written by a newer release; ` +
          `this one knows ${newest}`,
      )
    }
    const insert = database.prepare("INSERT INTO schema_version (version) VALUES (?)")
    for (const { version, sql } of migrations) {
      if (version <= current) continue
      database.exec(sql)
      insert.run(version)
    }
    database.exec("COMMIT")
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK")
    throw error
  }
}
