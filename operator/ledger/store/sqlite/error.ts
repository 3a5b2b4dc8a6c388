/**
 * What SQLite throws, as a LedgerError. A mistake of ours (constraint, misuse) stays what it is: a
 * bug.
 */
import { LedgerError } from "../store.ts"

// Primary result codes, https://sqlite.org/rescode.html
// CORRUPT, NOTADB
const CORRUPT: ReadonlySet<number> = new Set([11, 26])
// PERM, BUSY, LOCKED, READONLY, IOERR, FULL, CANTOPEN
const UNWRITABLE: ReadonlySet<number> = new Set([3, 5, 6, 8, 10, 13, 14])
const FILE_SYSTEM: ReadonlySet<string> = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOSPC",
  "EIO",
  "ENOTDIR",
  "EEXIST",
  "EISDIR",
  "EMFILE",
  "ENFILE",
])

export function toLedgerError(error: unknown, file: string): unknown {
  if (error instanceof LedgerError || !(error instanceof Error)) return error
  if ("errcode" in error && typeof error.errcode === "number") {
    // The low byte is the primary code, the rest extends it.
    const code = error.errcode & 0xff
    if (CORRUPT.has(code)) {
      return new LedgerError(
        "corrupt",
        `the ledger ${file} is damaged (${error.message}). It was left as it is: restore a ` +
          "backup in its place, or move it away to begin an empty ledger",
      )
    }
    if (UNWRITABLE.has(code)) {
      return new LedgerError("unwritable", `the ledger ${file} cannot be written: ${error.message}`)
    }
    return error
  }
  if ("code" in error && typeof error.code === "string" && FILE_SYSTEM.has(error.code)) {
    return new LedgerError("unwritable", `the ledger ${file} cannot be opened: ${error.message}`)
  }
  return error
}
