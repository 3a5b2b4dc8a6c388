import { expect, test } from "vitest"
import { createCallGate, fullBucket, takeToken } from "./token-bucket.ts"

const RATE = { perSecond: 10, burst: 3 }

const cases = [
  { name: "a full bucket gives its burst, then nothing", at: [0, 0, 0, 0], want: [1, 1, 1, 0] },
  {
    name: "a token comes back after its share of a second",
    at: [0, 0, 0, 99, 100],
    want: [1, 1, 1, 0, 1],
  },
  { name: "a refusal costs nothing", at: [0, 0, 0, 50, 60, 100], want: [1, 1, 1, 0, 0, 1] },
  {
    name: "a long rest gives no more than the burst",
    at: [0, 9e9, 9e9, 9e9, 9e9],
    want: [1, 1, 1, 1, 0],
  },
  { name: "a clock that steps back takes nothing away", at: [1000, 0, 0, 0], want: [1, 1, 1, 0] },
] as const

test.each(cases)("$name", ({ at, want }) => {
  let bucket = fullBucket(RATE, at[0])
  const got = at.map((now) => {
    const taken = takeToken(bucket, RATE, now)
    bucket = taken.bucket
    return taken.isTaken ? 1 : 0
  })
  expect(got).toEqual(want)
})

test("one pod cannot use up what all share", () => {
  const limits = { fleet: { perSecond: 1, burst: 4 }, pod: { perSecond: 1, burst: 2 }, podsMax: 10 }
  const gate = createCallGate(limits, 0)
  const flood = Array.from({ length: 100 }, () => gate.admit("greedy", 0))
  expect(flood.filter((isAdmitted) => isAdmitted)).toHaveLength(2)
  expect(["a", "b", "c"].map((pod) => gate.admit(pod, 0))).toEqual([true, true, false])
})

test("pods are remembered up to the bound, the one heard of least recently leaves", () => {
  const limits = { fleet: { perSecond: 1, burst: 99 }, pod: { perSecond: 0, burst: 1 }, podsMax: 2 }
  const gate = createCallGate(limits, 0)
  const asked = ["a", "b", "a", "c", "b", "a"].map((pod) => gate.admit(pod, 0))
  // `c` displaces `b`, which then displaces `a`: both begin with a full bucket again.
  expect(asked).toEqual([true, true, false, true, true, true])
})
