/** What the operator's ledger holds, read from its file while it runs or after it was killed. */
import { DatabaseSync } from "node:sqlite"

export interface LedgerRow {
  /** `pod uid/attempt id`: the ledger's key. */
  readonly key: string
  /** The body's `user`; each request of a story has its own. */
  readonly user: string | null
  readonly provider: string
  readonly model: string
  readonly outcome: string
  readonly source: string
  readonly tokens: number
  readonly costNano: number
}

/** `file` is `ledger.db`; in order of insertion. */
export function readLedger(file: string): readonly LedgerRow[] {
  return withLedger(file, (database) =>
    database
      .prepare(
        `SELECT pod_uid || '/' || id AS key, user, provider, model, outcome, source,
           input_tokens + output_tokens AS tokens, cost_nano FROM usage_record ORDER BY rowid`,
      )
      .all()
      .map((row) => ({
        key: String(row["key"]),
        user: row["user"] === null ? null : String(row["user"]),
        provider: String(row["provider"]),
        model: String(row["model"]),
        outcome: String(row["outcome"]),
        source: String(row["source"]),
        tokens: Number(row["tokens"]),
        costNano: Number(row["cost_nano"]),
      })),
  )
}

export function countLedger(file: string): number {
  return withLedger(file, (database) =>
    Number(database.prepare("SELECT count(*) AS rows FROM usage_record").get()?.["rows"]),
  )
}

function withLedger<T>(file: string, read: (database: DatabaseSync) => T): T {
  // An operator that is killed leaves its log to the next one, who locks the file to recover it.
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 })
  try {
    return read(database)
  } finally {
    database.close()
  }
}
