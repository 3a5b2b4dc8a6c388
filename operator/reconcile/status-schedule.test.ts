import { describe, expect, test } from "vitest"
import { makeStatus } from "./make.test-data.ts"
import type { ObjectStatus } from "./ports.ts"
import { createStatusSchedule, IN_FLIGHT_MAX, type StatusSchedule } from "./status-schedule.ts"

const usage = (tokens: number) => ({
  usage: { inputTokens: tokens, outputTokens: 0, tokens, usd: "0", since: "2026-11-01T00:00:00Z" },
})
const accepted = { Accepted: ["True", "Accepted"] } as const
const inForce = (generation: number, connected = 1, part: Partial<ObjectStatus> = {}) =>
  makeStatus(
    generation,
    { ...accepted, Programmed: ["True", "Programmed"] },
    { sidecars: { connected, programmed: connected }, ...part },
  )
const pending = (generation: number) =>
  makeStatus(generation, { ...accepted, Programmed: ["Unknown", "Pending"] })
const alone = (generation: number) =>
  makeStatus(generation, { ...accepted, Programmed: ["True", "NoSidecars"] })
const ofNamespace = (models: readonly string[], injected: number, config = "1.1") =>
  inForce(1, injected, {
    injection: "Enabled",
    team: { name: "search" },
    models: { total: models.length, names: models },
    policies: { total: 0, names: [] },
    pods: { injected, uninjected: { total: 0, names: [] }, bypassing: { total: 0, names: [] } },
    versions: [{ release: "0.1.0", config, sidecars: injected }],
    config,
  })
const bad = (generation: number, reason = "Conflicted") =>
  makeStatus(generation, { Accepted: ["False", reason] })

/**
 * `at` what should be is proposed; `want` are the times at which something was written, stepping
 * 100 ms.
 */
interface Case {
  readonly name: string
  readonly observed?: ObjectStatus
  readonly proposals: readonly (readonly [at: number, status: ObjectStatus])[]
  readonly until: number
  readonly want: readonly number[]
}

const cases: readonly Case[] = [
  { name: "a first status at once", proposals: [[0, alone(1)]], until: 1000, want: [0] },
  {
    name: "what the API server has already is not written again after a restart",
    observed: inForce(1),
    proposals: [[0, inForce(1)]],
    until: 70_000,
    want: [],
  },
  {
    name: "a new generation at once, and its acknowledgement at once",
    observed: inForce(1),
    proposals: [
      [500, pending(2)],
      [600, inForce(2)],
    ],
    until: 70_000,
    want: [500, 600],
  },
  {
    name: "the first sidecars of an object at once",
    observed: alone(1),
    proposals: [[500, inForce(1)]],
    until: 1000,
    want: [500],
  },
  {
    name: "a remark at once, and its end",
    observed: makeStatus(1, { ResolvedRefs: ["True", "ResolvedRefs"] }),
    proposals: [
      [100, makeStatus(1, { ResolvedRefs: ["True", "CredentialLooksForeign"] })],
      [200, makeStatus(1, { ResolvedRefs: ["True", "ResolvedRefs"] })],
    ],
    until: 1000,
    want: [100, 200],
  },
  {
    name: "a refusal at once, another reason at once, and its end at once",
    observed: inForce(1),
    proposals: [
      [100, bad(1)],
      [200, bad(1, "Invalid")],
      [300, inForce(1)],
    ],
    until: 1000,
    want: [100, 200, 300],
  },
  {
    name: "models of a namespace at once; its pods and versions with the counts, every 60 s",
    observed: ofNamespace(["smart"], 1),
    proposals: [
      [100, ofNamespace(["smart"], 2)],
      [200, ofNamespace(["smart", "fast"], 2)],
      [300, ofNamespace(["smart", "fast"], 3)],
      [400, ofNamespace(["smart", "fast"], 3, "1.2")],
    ],
    until: 130_000,
    want: [200, 60_200],
  },
  {
    name: "a namespace that is as it was is not written after a restart",
    observed: ofNamespace(["smart"], 1),
    proposals: [[0, ofNamespace(["smart"], 1)]],
    until: 130_000,
    want: [],
  },
  {
    name: "counts every 60 s, with the newest",
    observed: inForce(1, 1),
    proposals: [
      [100, inForce(1, 2)],
      [200, inForce(1, 3)],
      [60_100, inForce(1, 4)],
    ],
    until: 130_000,
    want: [60_000, 120_000],
  },
  {
    name: "sidecars that come back after a restart of the operator cause no write",
    observed: inForce(1, 2),
    proposals: [
      [0, alone(1)],
      [5000, inForce(1, 1)],
      [9000, inForce(1, 2)],
    ],
    until: 130_000,
    want: [],
  },
  {
    name: "the first usage after quiet time at once, then every 30 s with the newest",
    observed: inForce(1, 1, usage(0)),
    proposals: [
      [1000, inForce(1, 1, usage(5))],
      [2000, inForce(1, 1, usage(10))],
      [30_000, inForce(1, 1, usage(15))],
      [31_500, inForce(1, 1, usage(20))],
      [95_000, inForce(1, 1, usage(25))],
    ],
    until: 130_000,
    want: [1000, 31_000, 61_000, 95_000],
  },
  {
    name: "the zero of a new quota does not hold its first usage up",
    proposals: [
      [0, inForce(1)],
      [100, inForce(1, 1, usage(0))],
      [1000, inForce(1, 1, usage(5))],
      [2000, inForce(1, 1, usage(9))],
    ],
    until: 40_000,
    want: [0, 100, 1000, 31_000],
  },
  {
    name: "usage that is written takes the counts along",
    observed: inForce(1, 1, usage(0)),
    proposals: [
      [0, inForce(1, 2, usage(0))],
      [1000, inForce(1, 2, usage(5))],
    ],
    until: 130_000,
    want: [1000],
  },
]

test.each(cases)("$name", ({ observed, proposals, until, want }) => {
  const schedule = createStatusSchedule()
  if (observed !== undefined) schedule.observe("a", observed, 0)
  const written: number[] = []
  let last: ObjectStatus | undefined
  for (let now = 0; now <= until; now += 100) {
    for (const [at, status] of proposals) if (at === now) schedule.propose("a", status, now)
    for (const { key, status } of schedule.take(now)) {
      written.push(now)
      last = status
      schedule.finish(key, status, "written", now)
    }
  }
  expect(written).toEqual(want)
  if (want.length > 0) expect(last).toEqual(proposals.at(-1)?.[1])
})

/** Takes and finishes everything that may go at each step. */
function drain(
  schedule: StatusSchedule,
  from: number,
  until: number,
  stepMs = 10,
): [number, string][] {
  const written: [number, string][] = []
  for (let now = from; now <= until; now += stepMs) {
    for (const { key, status } of schedule.take(now)) {
      written.push([now, key])
      schedule.finish(key, status, "written", now)
    }
  }
  return written
}

test("never more than 20 writes in any second, oldest first, none lost", () => {
  const schedule = createStatusSchedule()
  for (let index = 0; index < 100; index++) {
    schedule.propose(`late-${String(index).padStart(2, "0")}`, alone(1), 200 - index)
  }
  const written = drain(schedule, 200, 10_000)
  expect(written.map(([, key]) => key)).toEqual(
    Array.from({ length: 100 }, (_, index) => `late-${String(99 - index).padStart(2, "0")}`),
  )
  for (const [at] of written) {
    const inSecond = written.filter(([other]) => other > at - 1000 && other <= at)
    expect(inSecond.length).toBeLessThanOrEqual(20)
  }
  expect(written.at(-1)?.[0]).toBeLessThanOrEqual(200 + 5000)
})

test("a bounded number of writes is under way at once", () => {
  const schedule = createStatusSchedule()
  for (let index = 0; index < 50; index++) schedule.propose(`k${index}`, alone(1), 0)
  const begun = schedule.take(0)
  expect(begun).toHaveLength(IN_FLIGHT_MAX)
  expect(schedule.take(0)).toEqual([])
  expect(schedule.wakeAt(0)).toBeNull()
  for (const { key, status } of begun.slice(0, 1)) schedule.finish(key, status, "written", 5)
  expect(schedule.take(5)).toHaveLength(1)
  expect(schedule.backlog()).toBe(50 - IN_FLIGHT_MAX - 1)
})

test("a failed write is tried again, later each time, with the newest status", () => {
  const schedule = createStatusSchedule()
  schedule.propose("a", alone(1), 0)
  const attempts: number[] = []
  for (let now = 0; now <= 20_000; now += 100) {
    if (now === 2000) schedule.propose("a", alone(2), now)
    for (const { key, status } of schedule.take(now)) {
      attempts.push(now)
      expect(status.observedGeneration).toBe(now >= 2000 ? 2 : 1)
      schedule.finish(key, status, "failed", now)
    }
  }
  expect(attempts).toEqual([0, 1000, 2000, 6000, 14_000])
})

test("while the API server asked for a pause nothing begins; then the newest, once", () => {
  const schedule = createStatusSchedule()
  schedule.propose("a", pending(1), 0)
  const [first] = schedule.take(0)
  schedule.pause(5000)
  if (first !== undefined) schedule.finish("a", first.status, "failed", 100)
  schedule.propose("b", pending(1), 200)
  schedule.propose("a", pending(2), 300)
  expect(schedule.take(4999)).toEqual([])
  expect(schedule.wakeAt(1000)).toBe(5000)
  expect(schedule.take(5000).map(({ key, status }) => [key, status.observedGeneration])).toEqual([
    ["b", 1],
    ["a", 2],
  ])
})

test("what changes during a write is written after it", () => {
  const schedule = createStatusSchedule()
  schedule.propose("a", pending(1), 0)
  const begun = schedule.take(0)
  expect(begun).toHaveLength(1)
  schedule.propose("a", inForce(1), 10)
  expect(schedule.take(10)).toEqual([])
  for (const { key, status } of begun) schedule.finish(key, status, "written", 20)
  expect(schedule.take(20)).toEqual([{ key: "a", status: inForce(1) }])
})

test("a status that somebody else wrote is overwritten; late echoes of ours are not", () => {
  const schedule = createStatusSchedule()
  schedule.propose("a", pending(1), 0)
  drain(schedule, 0, 0)
  schedule.propose("a", inForce(1), 10)
  drain(schedule, 10, 10)
  schedule.observe("a", pending(1), 20)
  schedule.observe("a", inForce(1), 30)
  expect(drain(schedule, 30, 70_000, 1000)).toEqual([])
  schedule.observe("a", inForce(1, 99), 70_500)
  expect(schedule.take(70_500)).toEqual([{ key: "a", status: inForce(1) }])
})

test("an object that is gone is not written, and its write under way is forgotten", () => {
  const schedule = createStatusSchedule()
  schedule.propose("a", alone(1), 0)
  schedule.propose("b", alone(1), 0)
  const begun = schedule.take(0)
  schedule.forget("a")
  for (const { key, status } of begun) schedule.finish(key, status, "written", 5)
  expect(schedule.backlog()).toBe(0)
  expect(schedule.wakeAt(5)).toBeNull()
  schedule.propose("a", alone(1), 10)
  expect(schedule.take(10)).toHaveLength(1)
})

test("the end of a predecessor's write is not taken for that of its successor", () => {
  const schedule = createStatusSchedule()
  schedule.propose("a", bad(3), 0)
  const old = schedule.take(0)
  schedule.forget("a")
  schedule.propose("a", alone(1), 10)
  const begun = schedule.take(10)
  for (const { key, status } of old) schedule.finish(key, status, "written", 20)
  for (const { key, status } of begun) schedule.finish(key, status, "failed", 30)
  expect(schedule.take(2000)).toEqual([{ key: "a", status: alone(1) }])
})

describe("a status that somebody", () => {
  const written = (): StatusSchedule => {
    const schedule = createStatusSchedule()
    schedule.observe("a", null, 0)
    schedule.propose("a", alone(1), 0)
    drain(schedule, 0, 0)
    return schedule
  }
  test("takes away is written again; that it was not there before is no news", () => {
    const schedule = written()
    schedule.observe("a", null, 10)
    expect(schedule.take(10)).toEqual([])
    schedule.observe("a", alone(1), 20)
    schedule.observe("a", null, 30)
    expect(schedule.take(30)).toEqual([{ key: "a", status: alone(1) }])
  })
  test("puts back to what it was before is overwritten", () => {
    const schedule = written()
    schedule.observe("a", alone(1), 10)
    schedule.propose("a", bad(1), 20)
    drain(schedule, 20, 20)
    schedule.observe("a", bad(1), 30)
    schedule.observe("a", alone(1), 40)
    expect(schedule.take(40)).toEqual([{ key: "a", status: bad(1) }])
  })
  test("writes over ours before we know that ours was written is overwritten", () => {
    const schedule = written()
    schedule.observe("a", alone(1), 10)
    schedule.propose("a", bad(1), 20)
    const begun = schedule.take(20)
    for (const status of [alone(1), bad(1), bad(1, "Foreign")]) schedule.observe("a", status, 30)
    for (const { key, status } of begun) schedule.finish(key, status, "written", 40)
    expect(schedule.take(40)).toEqual([{ key: "a", status: bad(1) }])
  })
})
