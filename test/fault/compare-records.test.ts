import { expect, test } from "vitest"
import { compareRecords, type LedgerRecord } from "./compare-records.ts"

const ok = (user: string): LedgerRecord => ({ user, outcome: "ok", source: "reported" })
const lost = (user: string): LedgerRecord => ({ user, outcome: "lost", source: "estimated" })

const cases = [
  { name: "one record each is right", attempts: ["a", "b"], records: [ok("a"), ok("b")], wrong: 0 },
  {
    name: "a lost record of a counted attempt is right",
    attempts: ["a"],
    records: [lost("a")],
    wrong: 0,
  },
  { name: "a missing record is wrong", attempts: ["a", "b"], records: [ok("a")], wrong: 1 },
  { name: "a doubled record is wrong", attempts: ["a"], records: [ok("a"), ok("a")], wrong: 1 },
  { name: "an intent that never got out is right", attempts: [], records: [lost("a")], wrong: 0 },
  { name: "an answer that nobody gave is wrong", attempts: [], records: [ok("a")], wrong: 1 },
  {
    name: "more intents than requests under way are wrong",
    attempts: [],
    records: [lost("a"), lost("b"), lost("c")],
    wrong: 1,
  },
  {
    name: "two attempts of one request have two records",
    attempts: ["a", "a"],
    records: [ok("a"), lost("a")],
    wrong: 0,
  },
] as const
test.each(cases)("$name", ({ attempts, records, wrong }) => {
  const found = compareRecords(
    attempts.map((user) => ({ user })),
    records,
    2,
  )
  expect(found.violations).toHaveLength(wrong)
})
