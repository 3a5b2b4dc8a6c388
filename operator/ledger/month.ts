/** Calendar months in UTC: the window of usage totals. */
import type { EpochMs } from "#proxy/contract/money.ts"

/** Months since year 0: consecutive months are consecutive integers. */
export type MonthIndex = number

/** The month that holds `at`. */
export function monthIndex(at: EpochMs): MonthIndex {
  const date = new Date(at)
  return date.getUTCFullYear() * 12 + date.getUTCMonth()
}

/** First millisecond of the month. */
export function monthStart(month: MonthIndex): EpochMs {
  return Date.UTC(Math.floor(month / 12), month % 12, 1)
}

/** The month when `at` is its first millisecond, else undefined. */
export function monthStartingAt(at: EpochMs): MonthIndex | undefined {
  const month = monthIndex(at)
  return monthStart(month) === at ? month : undefined
}
