/** Sums per team and UTC month: kept beside the records, read for statuses. */
import type { DatabaseSync, SQLOutputValue } from "node:sqlite"
import { type MonthIndex, monthIndex, monthStartingAt } from "#operator/ledger/month.ts"
import type { EpochMs } from "#proxy/contract/money.ts"
import type { TokenUsage, UsageRecord } from "#proxy/contract/records.ts"
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
  for (const name of TOKENS) totals[name] += BigInt(record.usage[name] ?? 0)
  totals.costNano += BigInt(record.cost ?? 0)
  totals.unpriced += record.cost === null ? 1 : 0
  totals.records += 1
}

const TOKENS = [
  "inputTokens",
  "outputTokens",
  "cachedInputTokens",
  "cacheWriteTokens",
  "reasoningTokens",
] as const satisfies readonly (keyof TokenUsage & keyof UsageTotals)[]

/** 64-bit sums, and the columns that hold them, in records and in totals alike. */
const COLUMN_OF = {
  inputTokens: "input_tokens",
  outputTokens: "output_tokens",
  cachedInputTokens: "cached_input_tokens",
  cacheWriteTokens: "cache_write_tokens",
  reasoningTokens: "reasoning_tokens",
  costNano: "cost_nano",
} as const satisfies Record<keyof Sums, string>

type Sums = Omit<UsageTotals, "unpriced" | "records">

const SUMS = [...TOKENS, "costNano"] as const

export function prepareTotals(database: DatabaseSync): TotalsTable {
  const columns = SUMS.map((name) => COLUMN_OF[name])
  const one = prepare(database, "SELECT * FROM usage_total WHERE team = ? AND month = ?")
  const put = prepare(
    database,
    `INSERT OR REPLACE INTO usage_total (team, month, unpriced, records, ${columns.join(", ")})
     VALUES (?, ?, ?, ?, ${columns.map(() => "?").join(", ")})`,
  )
  const byMonth = prepare(database, "SELECT * FROM usage_total WHERE month >= ? AND month < ?")
  // Sums of the two halves of each number: `sum` over whole 53-bit numbers could overflow 64 bits.
  const byTime = prepare(
    database,
    `SELECT team, ${columns.map(halves).join(", ")},
       count(*) - count(cost_nano) AS unpriced, count(*) AS records
     FROM usage_record WHERE admitted_at >= ? AND admitted_at < ? GROUP BY team`,
  )
  return {
    add: (added) => {
      for (const [team, months] of added) {
        for (const [month, more] of months) {
          const row = one.get(team, month)
          const sum = addTotals(row === undefined ? noTotals() : wholeTotals(row), more)
          put.run(team, month, sum.unpriced, sum.records, ...SUMS.map((name) => sum[name]))
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

function sumsOf(read: (name: keyof Sums) => bigint): Sums {
  return {
    inputTokens: read("inputTokens"),
    outputTokens: read("outputTokens"),
    cachedInputTokens: read("cachedInputTokens"),
    cacheWriteTokens: read("cacheWriteTokens"),
    reasoningTokens: read("reasoningTokens"),
    costNano: read("costNano"),
  }
}

function halves(column: string): string {
  return `sum(${column} >> 32) AS ${column}_high, sum(${column} & 4294967295) AS ${column}_low`
}

function wholeTotals(row: Row): UsageTotals {
  return {
    ...sumsOf((name) => integer(row[COLUMN_OF[name]])),
    unpriced: Number(row["unpriced"]),
    records: Number(row["records"]),
  }
}

function halvedTotals(row: Row): UsageTotals {
  const half = (name: keyof Sums, which: string) => integer(row[`${COLUMN_OF[name]}_${which}`])
  return {
    ...sumsOf((name) => half(name, "high") * 2n ** 32n + half(name, "low")),
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
    ...sumsOf((name) => saturated(a[name] + b[name])),
    unpriced: a.unpriced + b.unpriced,
    records: a.records + b.records,
  }
}

function saturated(sum: bigint): bigint {
  return sum > INT64_MAX ? INT64_MAX : sum
}

function noTotals(): Totals {
  return { ...sumsOf(() => 0n), unpriced: 0, records: 0 }
}
