/**
 * What every ledger store must do, whatever it stores in. Each implementation's test calls this
 * once.
 */
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { LedgerStore, RecordOrigin, UsageTotals } from "#operator/ledger/store/store.ts"
import type { UsageRecord } from "#proxy/contract/records.ts"

const NOVEMBER = Date.parse("2026-11-01T00:00:00Z")
const DECEMBER = Date.parse("2026-12-01T00:00:00Z")
const JANUARY = Date.parse("2027-01-01T00:00:00Z")

export function makeRecord(part: Partial<UsageRecord> = {}): UsageRecord {
  return {
    id: "boot-1",
    operation: "op-1",
    attempt: 1,
    sequence: 1,
    admittedAt: NOVEMBER + 1000,
    endedAt: NOVEMBER + 1500,
    route: "search/chat",
    rule: "default",
    provider: "openai",
    model: "gpt-4o",
    requestedModel: "smart",
    user: null,
    stream: false,
    outcome: "ok",
    status: 200,
    usage: { inputTokens: 10, cachedInputTokens: 0, outputTokens: 5 },
    source: "reported",
    cost: 700,
    ...part,
  }
}

export function makeOrigin(part: Partial<RecordOrigin> = {}): RecordOrigin {
  return {
    namespace: "search",
    pod: "api-0",
    podUid: "pod-uid-1",
    application: "api",
    team: "search",
    costCenter: "CC-1",
    ...part,
  }
}

/** Of one record without cost; `part` says what differs. */
export function makeTotals(part: Partial<UsageTotals> = {}): UsageTotals {
  return {
    inputTokens: 0n,
    outputTokens: 0n,
    cachedInputTokens: 0n,
    cacheWriteTokens: 0n,
    reasoningTokens: 0n,
    costNano: 0n,
    unpriced: 0,
    records: 1,
    ...part,
  }
}

/** `open` gives a fresh, empty store each time. */
export function ledgerStoreSuite(name: string, open: () => Promise<LedgerStore>): void {
  describe(`ledger store: ${name}`, { timeout: 30_000 }, () => {
    let store: LedgerStore
    beforeEach(async () => {
      store = await open()
    })
    afterEach(() => store.close())

    describe("terms", () => {
      const cases = [
        { name: "the first leader has term 1", before: [], atLeast: 0, want: 1 },
        { name: "each leader's term is above the last", before: [0, 0], atLeast: 0, want: 3 },
        { name: "a term that a sidecar has seen is passed", before: [0], atLeast: 41, want: 42 },
        { name: "a lower wish never lowers the term", before: [10], atLeast: 3, want: 12 },
      ] as const
      test.each(cases)("$name", async ({ before, atLeast, want }) => {
        for (const wish of before) await store.takeTerm(wish)
        expect(await store.takeTerm(atLeast)).toBe(want)
        expect(await store.term()).toBe(want)
      })

      test("a paused leader that wakes up can store nothing", async () => {
        const old = await store.takeTerm(0)
        const current = await store.takeTerm(0)
        await expect(store.appendUsage(old, makeOrigin(), [makeRecord()])).rejects.toMatchObject({
          code: "stale_term",
        })
        expect(await store.usageByTeam(NOVEMBER, DECEMBER)).toEqual(new Map())
        expect(await store.appendUsage(current, makeOrigin(), [makeRecord()])).toEqual({
          inserted: 1,
          conflicts: [],
        })
      })
    })

    describe("records", () => {
      const other = makeRecord({ cost: 701 })
      const withParts = { ...makeRecord().usage, reasoningTokens: 2 }
      const otherParts = { ...makeRecord().usage, reasoningTokens: 3 }
      const cases = [
        { name: "a new record is stored", batches: [[makeRecord()]], inserted: 1, conflicts: [] },
        {
          name: "a batch that is sent again changes nothing",
          batches: [[makeRecord()], [makeRecord()]],
          inserted: 0,
          conflicts: [],
        },
        {
          name: "the same record twice in one batch is one record",
          batches: [[makeRecord(), makeRecord()]],
          inserted: 1,
          conflicts: [],
        },
        {
          name: "an overlapping batch adds what is new",
          batches: [[makeRecord()], [makeRecord(), makeRecord({ id: "boot-2", sequence: 2 })]],
          inserted: 1,
          conflicts: [],
        },
        {
          name: "an id with other content is a conflict and the first stays",
          batches: [[makeRecord()], [other]],
          inserted: 0,
          conflicts: ["boot-1"],
        },
        {
          name: "a conflict does not hold up the rest of its batch",
          batches: [[makeRecord()], [other, makeRecord({ id: "boot-2", sequence: 2 })]],
          inserted: 1,
          conflicts: ["boot-1"],
        },
        {
          name: "a record that an older release stored without its parts is the same record",
          batches: [[makeRecord()], [makeRecord({ usage: withParts })]],
          inserted: 0,
          conflicts: [],
        },
        {
          name: "with other parts it is not",
          batches: [[makeRecord({ usage: withParts })], [makeRecord({ usage: otherParts })]],
          inserted: 0,
          conflicts: ["boot-1"],
        },
        { name: "an empty batch is fine", batches: [[]], inserted: 0, conflicts: [] },
      ] as const
      test.each(cases)("$name", async ({ batches, inserted, conflicts }) => {
        const term = await store.takeTerm(0)
        let answer: unknown
        const ids = new Set<string>()
        for (const batch of batches) {
          answer = await store.appendUsage(term, makeOrigin(), batch)
          for (const record of batch) ids.add(record.id)
        }
        expect(answer).toEqual({ inserted, conflicts })
        const totals = (await store.usageByTeam(NOVEMBER, DECEMBER)).get("search")
        expect(totals?.records ?? 0).toBe(ids.size)
        expect(totals?.costNano ?? 0n).toBe(700n * BigInt(ids.size))
      })

      test("two pods may use the same id", async () => {
        const term = await store.takeTerm(0)
        await store.appendUsage(term, makeOrigin(), [makeRecord()])
        const second = makeOrigin({ podUid: "pod-uid-2" })
        expect(await store.appendUsage(term, second, [makeRecord()])).toEqual({
          inserted: 1,
          conflicts: [],
        })
      })

      test("a record sent again under another team stays with the first", async () => {
        const term = await store.takeTerm(0)
        await store.appendUsage(term, makeOrigin(), [makeRecord()])
        const moved = makeOrigin({ team: "billing" })
        expect(await store.appendUsage(term, moved, [makeRecord()])).toEqual({
          inserted: 0,
          conflicts: [],
        })
        expect([...(await store.usageByTeam(NOVEMBER, DECEMBER)).keys()]).toEqual(["search"])
      })

      test("many writers at once: everything is stored once", async () => {
        const term = await store.takeTerm(0)
        const batches = Array.from({ length: 200 }, (_, index) => [
          makeRecord({ id: `boot-${index}` }),
          makeRecord({ id: `boot-${index + 1}` }),
        ])
        const answers = await Promise.all(
          batches.map((batch) => store.appendUsage(term, makeOrigin(), batch)),
        )
        expect(answers.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(201)
        const totals = (await store.usageByTeam(NOVEMBER, DECEMBER)).get("search")
        expect(totals).toEqual(
          makeTotals({
            inputTokens: 2010n,
            outputTokens: 1005n,
            costNano: 201n * 700n,
            records: 201,
          }),
        )
      })

      test("a writer of an old term does not harm those who write beside it", async () => {
        const old = await store.takeTerm(0)
        const current = await store.takeTerm(0)
        const outcomes = await Promise.allSettled([
          store.appendUsage(current, makeOrigin(), [makeRecord({ id: "a" })]),
          store.appendUsage(old, makeOrigin(), [makeRecord({ id: "b" })]),
          store.appendUsage(current, makeOrigin(), [makeRecord({ id: "c" })]),
        ])
        expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"])
        expect((await store.usageByTeam(NOVEMBER, DECEMBER)).get("search")?.records).toBe(2)
      })
    })

    describe("retention", () => {
      const later = () => Date.now() + 60_000
      const remaining = async () =>
        (await store.usageByTeam(NOVEMBER, DECEMBER - 1)).get("search")?.records ?? 0
      const append = async (...ids: readonly string[]) => {
        const records = ids.map((id) => makeRecord({ id, cost: 100 }))
        await store.appendUsage(1, makeOrigin(), records)
      }
      beforeEach(async () => {
        await store.takeTerm(0)
      })

      test("records go in batches, the first stored first, and the sums of their month stay", async () => {
        await append("a", "b", "c")
        await append("d", "e")
        expect(await store.deleteRecords(1, later(), 2)).toBe(2)
        expect(await remaining()).toBe(3)
        // Those that are left are known still, those that are gone are not.
        await append("c", "d", "e")
        expect(await remaining()).toBe(3)
        expect(await store.deleteRecords(1, later(), 2)).toBe(2)
        expect(await store.deleteRecords(1, later(), 2)).toBe(1)
        expect(await store.deleteRecords(1, later(), 2)).toBe(0)
        expect(await remaining()).toBe(0)
        const month = (await store.usageByTeam(NOVEMBER, DECEMBER)).get("search")
        expect(month).toMatchObject({ records: 5, costNano: 500n })
      })

      test("a record counts from when it was stored, whenever it was admitted", async () => {
        await append("late")
        expect(await store.deleteRecords(1, Date.now() - 3_600_000, 100)).toBe(0)
        expect(await remaining()).toBe(1)
      })

      test("a leader whose term is over deletes nothing", async () => {
        await append("a")
        await store.takeTerm(0)
        await expect(store.deleteRecords(1, later(), 100)).rejects.toMatchObject({
          code: "stale_term",
        })
        expect(await remaining()).toBe(1)
      })
    })

    describe("totals", () => {
      test("a record counts in the month of its admission, to the millisecond", async () => {
        const term = await store.takeTerm(0)
        await store.appendUsage(term, makeOrigin(), [
          makeRecord({ id: "a", admittedAt: NOVEMBER }),
          makeRecord({ id: "b", admittedAt: DECEMBER - 1, endedAt: DECEMBER + 5000 }),
          makeRecord({ id: "c", admittedAt: DECEMBER }),
        ])
        expect((await store.usageByTeam(NOVEMBER, DECEMBER)).get("search")?.records).toBe(2)
        expect((await store.usageByTeam(DECEMBER, JANUARY)).get("search")?.records).toBe(1)
        expect((await store.usageByTeam(NOVEMBER, JANUARY)).get("search")?.records).toBe(3)
      })

      test("a span that is not whole months is summed from the records", async () => {
        const term = await store.takeTerm(0)
        await store.appendUsage(term, makeOrigin(), [
          makeRecord({ id: "a", admittedAt: NOVEMBER }),
          makeRecord({ id: "b", admittedAt: NOVEMBER + 1 }),
          makeRecord({ id: "c", admittedAt: NOVEMBER + 2, cost: null }),
          makeRecord({ id: "d", admittedAt: NOVEMBER + 3 }),
        ])
        expect(await store.usageByTeam(NOVEMBER + 1, NOVEMBER + 3)).toEqual(
          new Map([
            [
              "search",
              makeTotals({
                inputTokens: 20n,
                outputTokens: 10n,
                costNano: 700n,
                unpriced: 1,
                records: 2,
              }),
            ],
          ]),
        )
      })

      test("an unknown price is counted and is not zero dollars of cost", async () => {
        const term = await store.takeTerm(0)
        await store.appendUsage(term, makeOrigin(), [makeRecord({ cost: null })])
        expect((await store.usageByTeam(NOVEMBER, DECEMBER)).get("search")).toEqual(
          makeTotals({ inputTokens: 10n, outputTokens: 5n, unpriced: 1 }),
        )
      })

      test("parts are summed as far as they were told, from totals and from records", async () => {
        const term = await store.takeTerm(0)
        const whole = { inputTokens: 10, cachedInputTokens: 1, outputTokens: 5 }
        await store.appendUsage(term, makeOrigin(), [
          makeRecord({ id: "a", usage: whole }),
          makeRecord({ id: "b", usage: { ...whole, cacheWriteTokens: 4 } }),
          makeRecord({ id: "c", usage: { ...whole, cacheWriteTokens: 2, reasoningTokens: 0 } }),
          makeRecord({ id: "d", usage: { ...whole, reasoningTokens: 3 } }),
        ])
        const want = makeTotals({
          inputTokens: 40n,
          outputTokens: 20n,
          cachedInputTokens: 4n,
          cacheWriteTokens: 6n,
          reasoningTokens: 3n,
          costNano: 2800n,
          records: 4,
        })
        expect((await store.usageByTeam(NOVEMBER, DECEMBER)).get("search")).toEqual(want)
        expect((await store.usageByTeam(NOVEMBER, DECEMBER - 1)).get("search")).toEqual(want)
      })

      test("sums are exact beyond 2^53, from totals and from records alike", async () => {
        const term = await store.takeTerm(0)
        const most = Number.MAX_SAFE_INTEGER
        const usage = {
          inputTokens: most,
          cachedInputTokens: most,
          cacheWriteTokens: most,
          outputTokens: most,
          reasoningTokens: most,
        }
        await store.appendUsage(
          term,
          makeOrigin(),
          Array.from({ length: 5 }, (_, index) =>
            makeRecord({ id: `boot-${index}`, usage, cost: most }),
          ),
        )
        const sum = 5n * BigInt(most)
        const want = {
          inputTokens: sum,
          outputTokens: sum,
          cachedInputTokens: sum,
          cacheWriteTokens: sum,
          reasoningTokens: sum,
          costNano: sum,
          unpriced: 0,
          records: 5,
        }
        expect((await store.usageByTeam(NOVEMBER, DECEMBER)).get("search")).toEqual(want)
        expect((await store.usageByTeam(NOVEMBER, DECEMBER - 1)).get("search")).toEqual(want)
      })

      test("a sum that would pass 64 bits stays at the largest number", async () => {
        const term = await store.takeTerm(0)
        const cost = Number.MAX_SAFE_INTEGER
        for (let round = 0; round < 2; round++) {
          const batch = Array.from({ length: 600 }, (_, index) =>
            makeRecord({ id: `boot-${round}-${index}`, cost }),
          )
          expect((await store.appendUsage(term, makeOrigin(), batch)).inserted).toBe(600)
        }
        const totals = (await store.usageByTeam(NOVEMBER, DECEMBER)).get("search")
        expect(totals?.costNano).toBe(2n ** 63n - 1n)
        expect(totals?.records).toBe(1200)
      })

      test("teams are summed apart", async () => {
        const term = await store.takeTerm(0)
        await store.appendUsage(term, makeOrigin(), [makeRecord()])
        await store.appendUsage(term, makeOrigin({ team: "billing" }), [makeRecord({ id: "x" })])
        const totals = await store.usageByTeam(NOVEMBER, DECEMBER)
        expect([...totals.keys()].sort()).toEqual(["billing", "search"])
      })
    })
  })
}
