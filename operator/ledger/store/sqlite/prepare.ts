import type { DatabaseSync, StatementSync } from "node:sqlite"

/** A statement whose integers are read as bigints: sums pass 2^53. */
export function prepare(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql)
  statement.setReadBigInts(true)
  return statement
}
