/**
 * The ledger's reads and writes on one open database, synchronous. Every write is one transaction
 * that first compares the caller's term with the stored one.
 */
import { createHash } from "node:crypto"
import type { DatabaseSync } from "node:sqlite"
import { canonicalJson } from "#proxy/contract/json.ts"
import type { EpochMs } from "#proxy/contract/money.ts"
import type { UsageRecord } from "#proxy/contract/records.ts"
import type { AppendResult, RecordOrigin, UsageTotals } from "../store.ts"
import { LedgerError } from "../store.ts"
import { prepare } from "./prepare.ts"
import { COLUMNS, rowOf } from "./record-row.ts"
import { type Added, addRecord, prepareTotals } from "./totals.ts"

/** One `appendUsage` call, waiting for its place in a transaction. */
export interface Append {
  readonly term: number
  readonly origin: RecordOrigin
  readonly records: readonly UsageRecord[]
}

/** The answer to one Append; an error harms no other of the same transaction. */
export type AppendOutcome =
  | { readonly ok: true; readonly result: AppendResult }
  | { readonly ok: false; readonly error: unknown }

export interface Statements {
  term(): number
  takeTerm(atLeast: number): number
  /**
   * All in one transaction. Throws when the transaction itself fails: then none of them is stored.
   */
  append(batch: readonly Append[]): readonly AppendOutcome[]
  usageByTeam(from: EpochMs, until: EpochMs): ReadonlyMap<string, UsageTotals>
  deleteRecords(term: number, storedBefore: EpochMs, most: number): number
}

export function prepareStatements(database: DatabaseSync): Statements {
  const readTerm = prepare(database, "SELECT value FROM meta WHERE key = 'term'")
  const writeTerm = prepare(database, "UPDATE meta SET value = ? WHERE key = 'term'")
  const appender = prepareAppend(database)
  const totals = prepareTotals(database)
  // Row ids rise with every insert, so the first rows are those that were stored first.
  const deleteOldest = prepare(
    database,
    `DELETE FROM usage_record
     WHERE rowid IN (SELECT rowid FROM usage_record ORDER BY rowid LIMIT ?)
       AND coalesce(stored_at, admitted_at) < ?`,
  )
  const term = () => Number(readTerm.get()?.["value"] ?? 0)
  return {
    term,
    takeTerm: (atLeast) =>
      transaction(database, () => {
        const next = Math.max(term(), atLeast) + 1
        writeTerm.run(next)
        return next
      }),
    append: (batch) =>
      transaction(database, () => {
        const stored = term()
        const added: Added = new Map()
        const outcomes = batch.map((append) => appendOne(database, appender, append, stored, added))
        totals.add(added)
        return outcomes
      }),
    usageByTeam: totals.byTeam,
    deleteRecords: (asked, storedBefore, most) =>
      transaction(database, () => {
        refuseStale(asked, term())
        return Number(deleteOldest.run(most, storedBefore).changes)
      }),
  }
}

function refuseStale(term: number, stored: number): void {
  if (term >= stored) return
  const message = `term ${term} is over: the leader of term ${stored} writes now`
  throw new LedgerError("stale_term", message)
}

function transaction<T>(database: DatabaseSync, body: () => T): T {
  database.exec("BEGIN IMMEDIATE")
  try {
    const result = body()
    database.exec("COMMIT")
    return result
  } catch (error) {
    // A full disk may have rolled the transaction back already.
    if (database.isTransaction) database.exec("ROLLBACK")
    throw error
  }
}

interface Appender {
  /** False when the id was stored before. */
  insert(append: Append, record: UsageRecord, hash: string): boolean
  storedHash(podUid: string, id: string): string | undefined
}

function prepareAppend(database: DatabaseSync): Appender {
  const insert = prepare(
    database,
    `INSERT INTO usage_record (${COLUMNS.join(", ")}, stored_at)
     VALUES (${COLUMNS.map((column) => `:${column}`).join(", ")},
       CAST(unixepoch('subsec') * 1000 AS INTEGER))
     ON CONFLICT (pod_uid, id) DO NOTHING`,
  )
  const hashOf = prepare(
    database,
    "SELECT content_hash FROM usage_record WHERE pod_uid = ? AND id = ?",
  )
  return {
    insert: (append, record, hash) =>
      Number(insert.run(rowOf(append.term, append.origin, record, hash)).changes) === 1,
    storedHash: (podUid, id) => {
      const hash = hashOf.get(podUid, id)?.["content_hash"]
      return typeof hash === "string" ? hash : undefined
    },
  }
}

function appendOne(
  database: DatabaseSync,
  appender: Appender,
  append: Append,
  storedTerm: number,
  added: Added,
): AppendOutcome {
  try {
    refuseStale(append.term, storedTerm)
  } catch (error) {
    return { ok: false, error }
  }
  const fresh: UsageRecord[] = []
  const conflicts: string[] = []
  database.exec("SAVEPOINT one_append")
  try {
    for (const record of append.records) {
      const hash = contentHash(record)
      if (appender.insert(append, record, hash)) fresh.push(record)
      else if (!isSameContent(appender.storedHash(append.origin.podUid, record.id), record, hash)) {
        conflicts.push(record.id)
      }
    }
    database.exec("RELEASE one_append")
  } catch (error) {
    // A lost transaction is everybody's failure; a bad row only its sender's.
    if (!database.isTransaction || isStorageFailure(error)) throw error
    database.exec("ROLLBACK TO one_append; RELEASE one_append")
    return { ok: false, error }
  }
  for (const record of fresh) addRecord(added, append.origin.team, record)
  return { ok: true, result: { inserted: fresh.length, conflicts } }
}

/**
 * Anything but a constraint (19), a type mismatch (20) or a binding error, which name a bad row.
 */
function isStorageFailure(error: unknown): boolean {
  if (!(error instanceof Error) || !("errcode" in error)) return false
  const code = Number(error.errcode) & 0xff
  return code !== 19 && code !== 20
}

/**
 * A release before the parts of usage stored the record without them: sent again to this one, it is
 * the same record still.
 */
function isSameContent(stored: string | undefined, record: UsageRecord, hash: string): boolean {
  if (stored === hash) return true
  const { inputTokens, cachedInputTokens, outputTokens } = record.usage
  return (
    stored === contentHash({ ...record, usage: { inputTokens, cachedInputTokens, outputTokens } })
  )
}

function contentHash(record: UsageRecord): string {
  return createHash("sha256").update(canonicalJson(record)).digest("hex")
}
