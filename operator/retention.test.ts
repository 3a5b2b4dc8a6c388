import { afterEach, beforeEach, expect, test } from "vitest"
import { openSqliteLedger } from "#operator/ledger/store/sqlite/sqlite-store.ts"
import { LedgerError, type LedgerStore } from "#operator/ledger/store/store.ts"
import { makeOrigin, makeRecord } from "#test/conformance/ledger-store.ts"
import { type RetentionReport, startRetention } from "./retention.ts"

const DAY_MS = 86_400_000
const QUICK = { batch: 2, pauseMs: 1, everyMs: 5 }
const NOVEMBER = Date.parse("2026-11-01T00:00:00Z")
const DECEMBER = Date.parse("2026-12-01T00:00:00Z")

let store: LedgerStore
let term: number
beforeEach(async () => {
  store = await openSqliteLedger({ file: ":memory:" })
  term = await store.takeTerm(0)
  const records = ["a", "b", "c", "d", "e"].map((id) => makeRecord({ id, cost: 100 }))
  await store.appendUsage(term, makeOrigin(), records)
})
afterEach(() => store.close())

const recordsLeft = async () =>
  (await store.usageByTeam(NOVEMBER, DECEMBER - 1)).get("search")?.records ?? 0

/** Runs with the clock so many days ahead. */
function start(aheadDays: number, deleteRecords = store.deleteRecords) {
  const reports: RetentionReport[] = []
  let looks = 0
  const retention = startRetention({
    days: 90,
    now: () => {
      looks++
      return Date.now() + aheadDays * DAY_MS
    },
    deleteRecords: (storedBefore, most) => deleteRecords(term, storedBefore, most),
    report: (report) => reports.push(report),
    pace: QUICK,
  })
  return { reports, looks: () => looks, close: retention.close }
}

test("records older than the days that are kept go in batches, and teams keep their sums", async () => {
  const retention = start(91)
  await expect.poll(recordsLeft).toBe(0)
  await expect.poll(() => retention.reports).toEqual([{ kind: "deleted", records: 5 }])
  retention.close()
  const month = (await store.usageByTeam(NOVEMBER, DECEMBER)).get("search")
  expect(month).toMatchObject({ records: 5, costNano: 500n })
})

test("younger records stay, however often it looks", async () => {
  const retention = start(89)
  await expect.poll(retention.looks).toBeGreaterThan(3)
  retention.close()
  expect(await recordsLeft()).toBe(5)
  expect(retention.reports).toEqual([])
})

test("a ledger that cannot be written is tried again", async () => {
  let failures = 0
  const retention = start(91, (...call) =>
    ++failures < 3
      ? Promise.reject(new LedgerError("unwritable", "the disk is full"))
      : store.deleteRecords(...call),
  )
  await expect.poll(recordsLeft).toBe(0)
  await expect.poll(() => retention.reports.length).toBe(3)
  retention.close()
  expect(retention.reports.map(({ kind }) => kind)).toEqual(["failed", "failed", "deleted"])
})

test("one whose term is over says so and stops", async () => {
  await store.takeTerm(0)
  const retention = start(91)
  await expect.poll(() => retention.reports.map(({ kind }) => kind)).toEqual(["deposed"])
  expect(retention.looks()).toBe(1)
  expect(await recordsLeft()).toBe(5)
  retention.close()
})
