import { expect, test } from "vitest"
import { type AppendResult, LedgerError, type RecordOrigin } from "#operator/ledger/store/store.ts"
import type { PodIdentity } from "#proxy/contract/push.ts"
import { CONTROL_LIMITS } from "#proxy/contract/push.ts"
import type { UsageRecord } from "#proxy/contract/records.ts"
import { createIntake, type IntakeEvent, type IntakeOptions, type IntakeReply } from "./intake.ts"

const NOW = Date.UTC(2026, 10, 22)

const IDENTITY: PodIdentity = {
  namespace: "search",
  pod: "api-0",
  podUid: "uid-1",
  application: "api",
  labels: {},
}

const ORIGIN: RecordOrigin = {
  namespace: "search",
  pod: "api-0",
  podUid: "uid-1",
  application: "api",
  team: "search-team",
  costCenter: "CC-1",
}

function makeRecord(sequence: number, changes: Readonly<Record<string, unknown>> = {}) {
  return {
    id: `boot-${sequence}`,
    operation: `op-${sequence}`,
    attempt: 1,
    admittedAt: NOW - 1000,
    route: "search/chat",
    rule: "gold",
    provider: "openai",
    model: "gpt-4o",
    requestedModel: "smart",
    user: null,
    stream: false,
    endedAt: NOW - 500,
    outcome: "ok",
    status: 200,
    usage: { inputTokens: 10, cachedInputTokens: 0, outputTokens: 5 },
    source: "reported",
    cost: 1000,
    sequence,
    ...changes,
  }
}

function range(first: number, last: number) {
  return Array.from({ length: last - first + 1 }, (_, index) => makeRecord(first + index))
}

interface Stored {
  readonly term: number
  readonly origin: RecordOrigin
  readonly records: readonly UsageRecord[]
}

function makeIntake(changes: Partial<IntakeOptions> = {}) {
  const stored: Stored[] = []
  const events: IntakeEvent[] = []
  const intake = createIntake({
    store: {
      appendUsage: async (term, origin, records): Promise<AppendResult> => {
        stored.push({ term, origin, records })
        return { inserted: records.length, conflicts: [] }
      },
    },
    term: () => 4,
    teamOf: () => ({ team: "search-team", costCenter: "CC-1" }),
    now: () => NOW,
    report: (event) => events.push(event),
    ...changes,
  })
  return { intake, stored, events }
}

const acknowledged = (sequence: number): IntakeReply => ({
  kind: "acknowledged",
  answer: { acknowledged: sequence },
})

test("a batch is stored under the term with the caller's origin, then acknowledged", async () => {
  const { intake, stored, events } = makeIntake()
  const reply = await intake.accept(IDENTITY, { boot: "b", records: range(1, 3) })
  expect(reply).toEqual(acknowledged(3))
  expect(stored).toEqual([{ term: 4, origin: ORIGIN, records: range(1, 3) }])
  expect(events).toEqual([{ kind: "stored", identity: IDENTITY, inserted: 3 }])
})

test("what a sidecar says of namespace, pod and team is not read and not stored", async () => {
  const { intake, stored } = makeIntake()
  const forged = makeRecord(1, { namespace: "victim", team: "other", podUid: "uid-2" })
  await intake.accept(IDENTITY, { boot: "b", namespace: "victim", records: [forged] })
  expect(stored).toEqual([{ term: 4, origin: ORIGIN, records: [makeRecord(1)] }])
})

test("parts of usage are stored as told, what this release does not know is not", async () => {
  const { intake, stored } = makeIntake()
  const told = {
    inputTokens: 10,
    cachedInputTokens: 2,
    outputTokens: 5,
    cacheWriteTokens: 3,
    cacheWrite1hTokens: 1,
    reasoningTokens: 4,
    inputAudioTokens: 0,
    outputAudioTokens: 1,
    inputImageTokens: 6,
    outputImageTokens: 0,
  }
  const rows = [
    makeRecord(1),
    makeRecord(2, { usage: told }),
    makeRecord(3, { usage: { ...told, inputVideoTokens: 7 } }),
  ]
  await intake.accept(IDENTITY, { boot: "b", records: rows })
  expect(stored.flatMap(({ records }) => records)).toStrictEqual([
    makeRecord(1),
    makeRecord(2, { usage: told }),
    makeRecord(3, { usage: told }),
  ])
})

const usage = (changes: Readonly<Record<string, unknown>>) => ({
  usage: { inputTokens: 10, cachedInputTokens: 0, outputTokens: 5, ...changes },
})
const invalidRows = [
  { name: "negative cost", row: { cost: -1 }, path: "/records/1/cost" },
  { name: "fractional cost", row: { cost: 0.5 }, path: "/records/1/cost" },
  { name: "cost over 2^53", row: { cost: 2 ** 53 }, path: "/records/1/cost" },
  { name: "cost as text", row: { cost: "12" }, path: "/records/1/cost" },
  { name: "cost that is not a number", row: { cost: Number.NaN }, path: "/records/1/cost" },
  { name: "no cost at all", row: { cost: undefined }, path: "/records/1/cost" },
  {
    name: "negative tokens",
    row: usage({ inputTokens: -5 }),
    path: "/records/1/usage/inputTokens",
  },
  {
    name: "fractional tokens",
    row: usage({ outputTokens: 1.5 }),
    path: "/records/1/usage/outputTokens",
  },
  {
    name: "endless tokens",
    row: usage({ cachedInputTokens: Number.POSITIVE_INFINITY }),
    path: "/records/1/usage/cachedInputTokens",
  },
  {
    name: "a negative part",
    row: usage({ reasoningTokens: -1 }),
    path: "/records/1/usage/reasoningTokens",
  },
  {
    name: "more reasoning than output",
    row: usage({ reasoningTokens: 6 }),
    path: "/records/1/usage/reasoningTokens",
  },
  {
    name: "more cached than input",
    row: usage({ cachedInputTokens: 11 }),
    path: "/records/1/usage/cachedInputTokens",
  },
  {
    name: "a part of null: what is not told is absent",
    row: usage({ cacheWriteTokens: null }),
    path: "/records/1/usage/cacheWriteTokens",
  },
  { name: "no usage", row: { usage: null }, path: "/records/1/usage" },
  { name: "usage as a list", row: { usage: [] }, path: "/records/1/usage" },
  { name: "admitted in 1970", row: { admittedAt: 0 }, path: "/records/1/admittedAt" },
  {
    name: "admitted in 2100",
    row: { admittedAt: Date.UTC(2100, 0) },
    path: "/records/1/admittedAt",
  },
  { name: "an id of 10 kB", row: { id: "x".repeat(10_000) }, path: "/records/1/id" },
  { name: "an empty id", row: { id: "" }, path: "/records/1/id" },
  { name: "an unknown outcome", row: { outcome: "constructor" }, path: "/records/1/outcome" },
  { name: "an unknown source", row: { source: "guessed" }, path: "/records/1/source" },
  { name: "stream as text", row: { stream: "yes" }, path: "/records/1/stream" },
  { name: "attempt 0", row: { attempt: 0 }, path: "/records/1/attempt" },
] as const

test.each(invalidRows)(
  "quarantines a row with $name and keeps the others",
  async ({ row, path }) => {
    const { intake, stored, events } = makeIntake()
    const records = [makeRecord(1), makeRecord(2, row), makeRecord(3)]
    expect(await intake.accept(IDENTITY, { boot: "b", records })).toEqual(acknowledged(3))
    expect(stored.flatMap((one) => one.records)).toEqual([makeRecord(1), makeRecord(3)])
    expect(events).toContainEqual({
      kind: "invalid-usage",
      identity: IDENTITY,
      rows: 1,
      first: { path, message: expect.any(String) },
    })
  },
)

test("a row that is not an object is quarantined, one without a sequence too", async () => {
  const { intake, stored, events } = makeIntake()
  const records = [makeRecord(1), 7, null, makeRecord(2, { sequence: "2" }), makeRecord(3)]
  expect(await intake.accept(IDENTITY, { boot: "b", records })).toEqual(acknowledged(3))
  expect(stored.flatMap((one) => one.records)).toEqual([makeRecord(1), makeRecord(3)])
  expect(events).toContainEqual(
    expect.objectContaining({ kind: "invalid-usage", rows: 3, first: expect.anything() }),
  )
})

test("a batch of quarantined rows only is acknowledged, or it would be sent for ever", async () => {
  const { intake, stored } = makeIntake()
  const records = [makeRecord(1, { cost: -1 }), makeRecord(2, { cost: -1 })]
  expect(await intake.accept(IDENTITY, { boot: "b", records })).toEqual(acknowledged(2))
  expect(stored).toEqual([])
})

const refusals = [
  { name: "no object", body: [1], code: "bad_message", message: ": must be an object" },
  {
    name: "no boot",
    body: { records: [] },
    code: "bad_message",
    message: "/boot: must be a string of 1 to 128 characters",
  },
  {
    name: "records as text",
    body: { boot: "b", records: "x" },
    code: "bad_message",
    message: "/records: must be a list",
  },
  {
    name: "too many rows",
    body: { boot: "b", records: range(1, CONTROL_LIMITS.usageRecordsMax + 1) },
    code: "batch_too_large",
    message: "/records: 1001 rows, 1000 at most",
  },
  {
    name: "sequences that fall",
    body: { boot: "b", records: [makeRecord(2), makeRecord(1)] },
    code: "seq_regression",
    message: "/records/1/sequence: must be above 2, the one before",
  },
  {
    name: "a sequence twice",
    body: { boot: "b", records: [makeRecord(2), makeRecord(2)] },
    code: "seq_regression",
    message: "/records/1/sequence: must be above 2, the one before",
  },
  {
    name: "no sequence anywhere",
    body: { boot: "b", records: [{}, {}] },
    code: "bad_message",
    message: "/records: no row has a valid sequence",
  },
] as const

test.each(refusals)("refuses a batch with $name, and stores nothing", async (row) => {
  const { intake, stored } = makeIntake()
  expect(await intake.accept(IDENTITY, row.body)).toEqual({
    kind: "refused",
    code: row.code,
    message: row.message,
    retryAfterSeconds: null,
  })
  expect(stored).toEqual([])
})

test("the largest batch is accepted", async () => {
  const { intake } = makeIntake()
  const records = range(1, CONTROL_LIMITS.usageRecordsMax)
  expect(await intake.accept(IDENTITY, { boot: "b", records })).toEqual(acknowledged(1000))
})

const failures = [
  { code: "unwritable", want: "ledger_unavailable", seconds: 5 },
  { code: "corrupt", want: "ledger_unavailable", seconds: 5 },
  { code: "stale_term", want: "not_leader", seconds: 1 },
] as const

test.each(failures)("a ledger that is $code gives no acknowledgement but $want", async (row) => {
  const error = new LedgerError(row.code, "disk full at /secret/path")
  const { intake, events } = makeIntake({
    store: { appendUsage: () => Promise.reject(error) },
  })
  const reply = await intake.accept(IDENTITY, { boot: "b", records: range(1, 2) })
  expect(reply).toMatchObject({ kind: "refused", code: row.want, retryAfterSeconds: row.seconds })
  expect(JSON.stringify(reply)).not.toContain("/secret/path")
  expect(events).toEqual([{ kind: "ledger-failed", error }])
})

test("the acknowledgement waits for the ledger", async () => {
  const gate = Promise.withResolvers<AppendResult>()
  const { intake } = makeIntake({ store: { appendUsage: () => gate.promise } })
  let reply: IntakeReply | undefined
  const accepted = intake.accept(IDENTITY, { boot: "b", records: range(1, 1) }).then((one) => {
    reply = one
  })
  await Promise.resolve()
  expect(reply).toBeUndefined()
  gate.resolve({ inserted: 1, conflicts: [] })
  await accepted
  expect(reply).toEqual(acknowledged(1))
})

test("a third batch of one pod at once is refused, another pod's is not", async () => {
  const gate = Promise.withResolvers<AppendResult>()
  const { intake } = makeIntake({ store: { appendUsage: () => gate.promise } })
  const first = intake.accept(IDENTITY, { boot: "b", records: range(1, 1) })
  const second = intake.accept(IDENTITY, { boot: "b", records: range(1, 1) })
  const third = await intake.accept(IDENTITY, { boot: "b", records: range(1, 1) })
  expect(third).toMatchObject({ kind: "refused", code: "overloaded", retryAfterSeconds: 1 })
  const other = { ...IDENTITY, podUid: "uid-2" }
  const fourth = intake.accept(other, { boot: "b", records: range(1, 1) })
  gate.resolve({ inserted: 1, conflicts: [] })
  expect(await Promise.all([first, second, fourth])).toEqual([1, 1, 1].map(acknowledged))
  expect(await intake.accept(IDENTITY, { boot: "b", records: range(1, 1) })).toEqual(
    acknowledged(1),
  )
})

test("a process that does not lead accepts nothing", async () => {
  const { intake, stored } = makeIntake({ term: () => null })
  const reply = await intake.accept(IDENTITY, { boot: "b", records: range(1, 1) })
  expect(reply).toMatchObject({ kind: "refused", code: "not_leader" })
  expect(stored).toEqual([])
})

test("an id reused with other content is reported with its id", async () => {
  const { intake, events } = makeIntake({
    store: { appendUsage: async () => ({ inserted: 0, conflicts: ["boot-1"] }) },
  })
  await intake.accept(IDENTITY, { boot: "b", records: range(1, 1) })
  expect(events).toContainEqual({ kind: "conflict", identity: IDENTITY, ids: ["boot-1"] })
})

const histories = [
  {
    name: "in order",
    batches: [
      [1, 3],
      [4, 6],
    ],
    want: [3, 6],
    gaps: 0,
  },
  {
    name: "a batch again",
    batches: [
      [1, 3],
      [1, 3],
    ],
    want: [3, 3],
    gaps: 0,
  },
  {
    name: "overlapping batches",
    batches: [
      [1, 3],
      [2, 5],
    ],
    want: [3, 5],
    gaps: 0,
  },
  { name: "the first heard of a pod begins anywhere", batches: [[50, 60]], want: [60], gaps: 0 },
  {
    name: "a hole is asked for",
    batches: [
      [1, 3],
      [6, 8],
    ],
    want: [3, 3],
    gaps: 1,
  },
  {
    name: "a hole is filled",
    batches: [
      [1, 3],
      [6, 8],
      [4, 8],
    ],
    want: [3, 3, 8],
    gaps: 1,
  },
  {
    name: "a hole that stays is lost",
    batches: [
      [1, 3],
      [6, 8],
      [6, 8],
    ],
    want: [3, 3, 8],
    gaps: 1,
  },
  {
    name: "a journal begun anew",
    batches: [
      [1, 30],
      [1, 2],
      [3, 4],
    ],
    want: [30, 2, 4],
    gaps: 0,
  },
] as const

test.each(histories)("acknowledges cumulatively: $name", async ({ batches, want, gaps }) => {
  const { intake, events } = makeIntake()
  const got: unknown[] = []
  for (const [first, last] of batches) {
    got.push(await intake.accept(IDENTITY, { boot: "b", records: range(first, last) }))
  }
  expect(got).toEqual(want.map(acknowledged))
  expect(events.filter((event) => event.kind === "gap")).toHaveLength(gaps)
})

test("a pod that is gone is forgotten", async () => {
  const { intake } = makeIntake()
  await intake.accept(IDENTITY, { boot: "b", records: range(1, 3) })
  intake.dropPod(IDENTITY.podUid)
  expect(await intake.accept(IDENTITY, { boot: "b", records: range(9, 9) })).toEqual(
    acknowledged(9),
  )
})
