import { afterEach, beforeEach, describe, expect, test, vi } from "vitest"
import type { UsageAnswer, UsageBatch } from "#proxy/contract/push.ts"
import type { UsageRecord } from "#proxy/contract/records.ts"
import { BATCH_RECORDS_MAX, type Report, type ReportSource, startReport } from "./report.ts"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function makeRecord(sequence: number): UsageRecord {
  return {
    sequence,
    id: `b-${sequence}`,
    operation: "op",
    attempt: 1,
    admittedAt: 1,
    route: "n/r",
    rule: "x",
    provider: "p",
    model: "m",
    requestedModel: "m",
    user: null,
    stream: false,
    endedAt: 2,
    outcome: "ok",
    status: 200,
    usage: { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 },
    source: "reported",
    cost: 1,
  }
}

/** A journal that holds records in memory, and an operator that stores what it takes. */
function makeWorld(answer: (batch: UsageBatch) => UsageAnswer | Error = acceptAll) {
  const records: UsageRecord[] = []
  const batches: number[][] = []
  const failures: unknown[] = []
  let listener = (): void => undefined
  let acknowledged = 0
  let draws = 0
  const journal: ReportSource = {
    get acknowledged() {
      return acknowledged
    },
    get readable() {
      return records.length
    },
    read: (after, max) =>
      records
        .filter(({ sequence }) => sequence > after)
        .slice(0, max)
        .map((record) => ({
          first: record.sequence,
          last: record.sequence,
          lines: JSON.stringify(record),
        })),
    acknowledge: (sequence) => {
      acknowledged = Math.max(acknowledged, sequence)
    },
    onRecords: (run) => {
      listener = run
    },
  }
  const finish = (count: number): void => {
    for (let index = 0; index < count; index++) records.push(makeRecord(records.length + 1))
    listener()
  }
  const start = (): Report =>
    startReport({
      boot: "boot",
      journal,
      send: async (text) => {
        const batch = JSON.parse(text) as UsageBatch
        batches.push(batch.records.map(({ sequence }) => sequence))
        const said = answer(batch)
        if (said instanceof Error) throw said
        return said
      },
      monotonic: () => Date.now(),
      draw: () => (draws++ % 2 === 0 ? 0.999 : 0.5),
      onFailure: (error) => failures.push(error),
    })
  return { records, batches, failures, finish, start, acknowledged: () => acknowledged }
}

function acceptAll({ records }: UsageBatch): UsageAnswer {
  return { acknowledged: records.at(-1)?.sequence ?? 0 }
}

const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms)
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

describe("records", () => {
  test("after a quiet time go at once, later ones together within a second", async () => {
    const { batches, finish, start } = makeWorld()
    start()
    await pass(5_000)
    finish(1)
    await pass(50)
    expect(batches).toEqual([[1]])
    finish(1)
    await pass(300)
    finish(2)
    expect(batches).toHaveLength(1)
    await pass(1_000)
    expect(batches).toEqual([[1], [2, 3, 4]])
  })

  test("that fill a batch go without waiting", async () => {
    const { batches, finish, start } = makeWorld()
    start()
    finish(1)
    await pass(50)
    finish(BATCH_RECORDS_MAX)
    await pass(0)
    expect(batches).toEqual([[1], range(2, BATCH_RECORDS_MAX + 1)])
  })

  test("of a backlog go batch after batch, in order", async () => {
    const { batches, records, start } = makeWorld()
    for (const sequence of range(1, 2400)) records.push(makeRecord(sequence))
    start()
    await pass(3_000)
    expect(batches.flat()).toEqual(range(1, 2400))
    expect(batches.map(({ length }) => length)).toEqual([1000, 1000, 400])
  })

  test("that were not taken go again until they are, in the same order", async () => {
    let tries = 0
    const { batches, failures, finish, start, acknowledged } = makeWorld((batch) =>
      ++tries <= 3 ? new Error("away") : acceptAll(batch),
    )
    const report = start()
    finish(3)
    await pass(60_000)
    expect(batches).toEqual([range(1, 3), range(1, 3), range(1, 3), range(1, 3)])
    expect(acknowledged()).toBe(3)
    expect(failures).toHaveLength(3)
    expect(report.state()).toEqual({ sentRecords: 3, failures: 3 })
  })

  test("that were taken in part go on behind that part", async () => {
    const answers = [{ acknowledged: 2 }]
    const { batches, finish, start } = makeWorld((batch) => answers.shift() ?? acceptAll(batch))
    start()
    finish(4)
    await pass(3_000)
    expect(batches).toEqual([range(1, 4), range(3, 4)])
  })

  test("are sent again, not in a loop, when the operator takes none of them", async () => {
    const { batches, finish, start } = makeWorld(() => ({ acknowledged: 0 }))
    start()
    finish(2)
    await pass(3_500)
    expect(batches.length).toBeGreaterThanOrEqual(3)
    expect(batches.length).toBeLessThanOrEqual(4)
  })

  test("acknowledged beyond what was sent are forgotten as far as they were sent", async () => {
    const { finish, start, acknowledged } = makeWorld(() => ({ acknowledged: 99 }))
    start()
    finish(2)
    await pass(100)
    expect(acknowledged()).toBe(2)
  })

  test("too many for the operator go in smaller batches", async () => {
    const { batches, finish, start } = makeWorld((batch) =>
      batch.records.length > 100
        ? Object.assign(new Error("too large"), { code: "message_too_large" })
        : acceptAll(batch),
    )
    start()
    finish(300)
    await pass(20_000)
    expect(batches.slice(0, 3).map(({ length }) => length)).toEqual([300, 150, 75])
    const taken = batches.filter(({ length }) => length <= 100).flat()
    expect(taken).toEqual(range(1, 300))
  })
})

describe("the wait after a failure", () => {
  test("grows to ten seconds and no further", async () => {
    const { batches, finish, start } = makeWorld(() => new Error("away"))
    start()
    finish(1)
    await pass(600_000)
    expect(batches.length).toBeGreaterThan(55)
    expect(batches.length).toBeLessThan(130)
  })

  test("is at least what the operator asks for", async () => {
    const { batches, finish, start } = makeWorld(() =>
      Object.assign(new Error("busy"), { code: "overloaded", retryAfterSeconds: 30 }),
    )
    start()
    finish(1)
    await pass(29_000)
    expect(batches).toHaveLength(1)
    await pass(2_000)
    expect(batches).toHaveLength(2)
  })

  test("is over when the channel is back", async () => {
    let isAway = true
    const { batches, finish, start, acknowledged } = makeWorld((batch) =>
      isAway ? Object.assign(new Error("x"), { retryAfterSeconds: 60 }) : acceptAll(batch),
    )
    const report = start()
    finish(1)
    await pass(2_000)
    isAway = false
    report.nudge()
    await pass(1_100)
    expect(batches).toHaveLength(2)
    expect(acknowledged()).toBe(1)
  })
})

describe("the end", () => {
  test("sends what is left", async () => {
    const { batches, finish, start } = makeWorld()
    const report = start()
    finish(2)
    const closed = report.close(1_000)
    await pass(0)
    await closed
    expect(batches).toEqual([[1, 2]])
  })

  test("does not wait longer than it may, and sends nothing afterwards", async () => {
    const { batches, finish, start } = makeWorld(() => new Error("away"))
    const report = start()
    finish(1)
    const closed = report.close(1_000)
    await pass(1_001)
    await closed
    const before = batches.length
    finish(1)
    await pass(60_000)
    expect(batches).toHaveLength(before)
  })
})
