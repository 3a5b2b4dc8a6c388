/** Sums per team and UTC month: kept beside the records, read for statuses. */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite"
import { type MonthIndex, monthIndex, monthStartingAt } from "#operator/ledger/month.ts"
import type { EpochMs } from "#proxy/contract/money.ts"
import type { UsageRecord } from "#proxy/contract/records.ts"
import type { UsageTotals } from "../store.ts"
import { prepare } from "./prepare.ts"

/** What one transaction adds, by team and month. */
export type Added = Map<string, Map<MonthIndex, Totals>>

export interface TotalsTable {
  /** Within the caller's transaction. */
  add(added: Added): void
  byTeam(from: EpochMs, until: EpochMs): ReadonlyMap<string, UsageTotals>
}

type Totals = { -readonly [K in keyof UsageTotals]: UsageTotals[K] }
type Row = Record<string, SQLOutputValue>

/**
 * Largest value of a 64-bit column; a sum beyond it stays there (SQLite would turn it into a
 * float).
 */
const INT64_MAX = 2n ** 63n - 1n

/** Counts one record that was inserted, in the month of its admission. */
export function addRecord(added: Added, team: string, record: UsageRecord): void {
  const months = added.get(team) ?? new Map<MonthIndex, Totals>()
  added.set(team, months)
  const month = monthIndex(record.admittedAt)
  const totals = months.get(month) ?? noTotals()
  months.set(month, totals)
  totals.inputTokens += BigInt(record.usage.inputTokens)
  totals.outputTokens += BigInt(record.usage.outputTokens)
  totals.costNano += BigInt(record.cost ?? 0)
  totals.unpriced += record.cost === null ? 1 : 0
  totals.records += 1
}

export function prepareTotals(database: DatabaseSync): TotalsTable {
  const one = prepare(database, "SELECT * FROM usage_total WHERE team = ? AND month = ?")
  const put = prepare(
    database,
    `INSERT OR REPLACE INTO usage_total
       (team, month, input_tokens, output_tokens, cost_nano, unpriced, records)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  )
  const byMonth = prepare(database, "SELECT * FROM usage_total WHERE month >= ? AND month < ?")
  // Sums of the two halves of each number: `sum` over whole 53-bit numbers could overflow 64 bits.
  const byTime = prepare(
    database,
    `SELECT team, ${["input_tokens", "output_tokens", "cost_nano"].map(halves).join(", ")},
       count(*) - count(cost_nano) AS unpriced, count(*) AS records
     FROM usage_record WHERE admitted_at >= ? AND admitted_at < ? GROUP BY team`,
  )
  return {
    add: (added) => {
      for (const [team, months] of added) {
        for (const [month, more] of months) {
          const row = one.get(team, month)
          const sum = addTotals(row === undefined ? noTotals() : wholeTotals(row), more)
          const { inputTokens, outputTokens, costNano, unpriced, records } = sum
          put.run(team, month, inputTokens, outputTokens, costNano, unpriced, records)
        }
      }
    },
    byTeam: (from, until) => {
      const [first, last] = [monthStartingAt(from), monthStartingAt(until)]
      const isWhole = first !== undefined && last !== undefined
      const rows = isWhole ? byMonth.all(first, last) : byTime.all(from, until)
      const teams = new Map<string, UsageTotals>()
      for (const row of rows) {
        const team = String(row["team"])
        const totals = isWhole ? wholeTotals(row) : halvedTotals(row)
        teams.set(team, addTotals(teams.get(team) ?? noTotals(), totals))
      }
      return teams
    },
  }
}

function halves(column: string): string {
  return `sum(${column} >> 32) AS ${column}_high, sum(${column} & 4294967295) AS ${column}_low`
}

function wholeTotals(row: Row): UsageTotals {
  return {
    inputTokens: integer(row["input_tokens"]),
    outputTokens: integer(row["output_tokens"]),
    costNano: integer(row["cost_nano"]),
    unpriced: Number(row["unpriced"]),
    records: Number(row["records"]),
  }
}

function halvedTotals(row: Row): UsageTotals {
  const sum = (name: string) =>
    integer(row[`${name}_high`]) * 2n ** 32n + integer(row[`${name}_low`])
  return {
    inputTokens: sum("input_tokens"),
    outputTokens: sum("output_tokens"),
    costNano: sum("cost_nano"),
    unpriced: Number(row["unpriced"]),
    records: Number(row["records"]),
  }
}

/** The sum over no priced row is NULL: nothing was spent. */
function integer(value: SQLOutputValue | undefined): bigint {
  return typeof value === "bigint" ? value : 0n
}

function addTotals(a: UsageTotals, b: UsageTotals): UsageTotals {
  return {
    inputTokens: saturated(a.inputTokens + b.inputTokens),
    outputTokens: saturated(a.outputTokens + b.outputTokens),
    costNano: saturated(a.costNano + b.costNano),
    unpriced: a.unpriced + b.unpriced,
    records: a.records + b.records,
  }
}

function saturated(sum: bigint): bigint {
  return sum > INT64_MAX ? INT64_MAX : sum
}

function noTotals(): Totals {
  return { inputTokens: 0n, outputTokens: 0n, costNano: 0n, unpriced: 0, records: 0 }
}
