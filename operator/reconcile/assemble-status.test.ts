import { expect, test } from "vitest"
import { makeTotals } from "#test/conformance/ledger-store.ts"
import { assembleStatus, rfc3339, transitionsOf } from "./assemble-status.ts"
import { LEDGER_WRITABLE, ledgerFailed } from "./ledger-condition.ts"
import { makeStatus, makeVerdict, refuse } from "./make.test-data.ts"
import type { ObjectStatus } from "./ports.ts"
import type { Programmed } from "./programmed.ts"
import { toUsageStatus } from "./usage-status.ts"

const NOW = Date.parse("2026-11-20T10:00:00.500Z")
const programmed = (
  status: "True" | "False" | "Unknown" = "True",
  reason = "Programmed",
): Programmed => ({
  condition: { type: "Programmed", status, reason, message: "1/1 sidecars" },
  sidecars: { connected: 1, programmed: 1 },
  recheckAt: null,
})

test("the whole status of an object in force", () => {
  const usage = toUsageStatus(
    makeTotals({
      inputTokens: 10n,
      outputTokens: 5n,
      cachedInputTokens: 4n,
      cacheWriteTokens: 3n,
      reasoningTokens: 2n,
      costNano: 1_500_000_000n,
      unpriced: 1,
    }),
    Date.parse("2026-11-01T00:00:00Z"),
  )
  const verdict = makeVerdict({ kind: "TeamQuota", namespace: "", name: "search", generation: 3 })
  const at = { observedGeneration: 3, lastTransitionTime: "2026-11-20T10:00:00Z" }
  const team = { ledger: LEDGER_WRITABLE, usage }
  expect(assembleStatus(verdict, programmed(), { team }, [], NOW)).toEqual({
    observedGeneration: 3,
    conditions: [
      { type: "Accepted", status: "True", reason: "Accepted", message: "", ...at },
      { type: "ResolvedRefs", status: "True", reason: "ResolvedRefs", message: "", ...at },
      { type: "Programmed", status: "True", reason: "Programmed", message: "1/1 sidecars", ...at },
      {
        type: "LedgerWritable",
        status: "True",
        reason: "LedgerWritable",
        message: "usage is stored",
        ...at,
      },
      { type: "Ready", status: "True", reason: "Ready", message: "in force", ...at },
    ],
    sidecars: { connected: 1, programmed: 1 },
    usage: {
      inputTokens: 10,
      outputTokens: 5,
      tokens: 15,
      cachedInputTokens: 4,
      cacheWriteTokens: 3,
      reasoningTokens: 2,
      usd: "1.5",
      unpriced: 1,
      since: "2026-11-01T00:00:00Z",
    },
  })
})

const unresolved = {
  resolvedRefs: {
    type: "ResolvedRefs",
    status: "False",
    reason: "SecretNotFound",
    message: "Secret openai-key does not exist",
  },
} as const
const ready = [
  {
    name: "all well",
    verdict: makeVerdict(),
    programmed: programmed(),
    want: ["True", "Ready", "in force"],
  },
  {
    name: "not accepted comes first",
    verdict: makeVerdict({}, { ...unresolved, ...refuse("AIRoute search/older was first") }),
    programmed: programmed("False", "Rejected"),
    want: ["False", "Conflicted", "Accepted: AIRoute search/older was first"],
  },
  {
    name: "then the references",
    verdict: makeVerdict({}, unresolved),
    programmed: programmed(),
    want: ["False", "SecretNotFound", "ResolvedRefs: Secret openai-key does not exist"],
  },
  {
    name: "then a refusing sidecar",
    verdict: makeVerdict(),
    programmed: programmed("False", "Rejected"),
    want: ["False", "Rejected", "Programmed: 1/1 sidecars"],
  },
  {
    name: "a push on its way does not take readiness away",
    verdict: makeVerdict(),
    programmed: programmed("Unknown", "Pending"),
    want: ["True", "Ready", "in force"],
  },
] as const
test.each(ready)("Ready: $name", ({ verdict, programmed, want }) => {
  const { conditions } = assembleStatus(verdict, programmed, {}, [], NOW)
  const { status, reason, message } = conditions.find(({ type }) => type === "Ready") ?? {}
  expect([status, reason, message]).toEqual(want)
})

test("a ledger that cannot be written shows on the quota, which stays ready", () => {
  const verdict = makeVerdict({ kind: "TeamQuota", namespace: "", name: "search" })
  const failure = ledgerFailed({ code: "unwritable", message: "the ledger x cannot be written" })
  const team = { ledger: failure, usage: undefined }
  const { conditions } = assembleStatus(verdict, programmed(), { team }, [], NOW)
  expect(conditions.map(({ type, status, reason }) => [type, status, reason])).toEqual([
    ["Accepted", "True", "Accepted"],
    ["ResolvedRefs", "True", "ResolvedRefs"],
    ["Programmed", "True", "Programmed"],
    ["LedgerWritable", "False", "Unwritable"],
    ["Ready", "True", "Ready"],
  ])
})

test("lastTransitionTime moves with the condition's status, not with the generation", () => {
  const before = assembleStatus(makeVerdict(), programmed("Unknown", "Pending"), {}, [], NOW)
  const later = NOW + 60_000
  const after = assembleStatus(makeVerdict({ generation: 2 }), programmed(), {}, [before], later)
  expect(
    after.conditions.map(({ type, lastTransitionTime }) => [type, lastTransitionTime]),
  ).toEqual([
    ["Accepted", rfc3339(NOW)],
    ["ResolvedRefs", rfc3339(NOW)],
    ["Programmed", rfc3339(later)],
    ["Ready", rfc3339(NOW)],
  ])
  expect(after.conditions.every(({ observedGeneration }) => observedGeneration === 2)).toBe(true)
})

test("what turned and turned back before it was written has not turned", () => {
  const written = assembleStatus(makeVerdict(), programmed(), {}, [], NOW)
  const turned = (status: "True" | "Unknown", last: ObjectStatus, at: number) =>
    assembleStatus(makeVerdict(), programmed(status), {}, [written, last], at)
  const pending = turned("Unknown", written, NOW + 1000)
  const timeOf = ({ conditions }: ObjectStatus) =>
    conditions.find(({ type }) => type === "Programmed")?.lastTransitionTime
  expect(timeOf(turned("Unknown", pending, NOW + 5000))).toBe(rfc3339(NOW + 1000))
  expect(turned("True", pending, NOW + 9000)).toEqual(written)
})

test("a message stays short whatever a spec says", () => {
  const { conditions } = assembleStatus(
    makeVerdict({}, refuse("x".repeat(5000))),
    programmed(),
    {},
    [],
    NOW,
  )
  expect(conditions.every(({ message }) => message.length <= 1025)).toBe(true)
})

const good = makeStatus(1, { Accepted: ["True", "Accepted"], Programmed: ["True", "Programmed"] })
const conflicted = makeStatus(2, { Accepted: ["False", "Conflicted"] })
const transitions: readonly {
  readonly name: string
  readonly from: ObjectStatus | null
  readonly to: ObjectStatus
  readonly want: readonly string[]
}[] = [
  { name: "a first good status is no event", from: null, to: good, want: [] },
  { name: "a first bad status is one", from: null, to: conflicted, want: ["Warning Conflicted"] },
  { name: "turning bad is one", from: good, to: conflicted, want: ["Warning Conflicted"] },
  { name: "staying bad is none", from: conflicted, to: conflicted, want: [] },
  {
    name: "bad for another reason is one",
    from: conflicted,
    to: makeStatus(3, { Accepted: ["False", "Invalid"] }),
    want: ["Warning Invalid"],
  },
  { name: "turning good again is one", from: conflicted, to: good, want: ["Normal Accepted"] },
  {
    name: "Ready repeats the others and makes none",
    from: good,
    to: makeStatus(1, { Ready: ["False", "Conflicted"] }),
    want: [],
  },
  {
    name: "a remark on what is in force is a warning",
    from: good,
    to: makeStatus(1, { ResolvedRefs: ["True", "CredentialLooksForeign"] }),
    want: ["Warning CredentialLooksForeign"],
  },
  {
    name: "the same remark again is none",
    from: makeStatus(1, { ResolvedRefs: ["True", "CredentialLooksForeign"] }),
    to: makeStatus(2, { ResolvedRefs: ["True", "CredentialLooksForeign"] }),
    want: [],
  },
  {
    name: "the ledger, which is the same on every quota, makes none",
    from: good,
    to: makeStatus(1, { LedgerWritable: ["False", "Unwritable"] }),
    want: [],
  },
  {
    name: "pending is none",
    from: good,
    to: makeStatus(2, { Programmed: ["Unknown", "Pending"] }),
    want: [],
  },
]
test.each(transitions)("events: $name", ({ from, to, want }) => {
  expect(transitionsOf(from, to).map(({ type, reason }) => `${type} ${reason}`)).toEqual(want)
})

const usages = [
  { name: "no usage is zero", totals: undefined, want: [0, 0, 0, "0"] },
  {
    name: "sums beyond 2^53 stay at the largest exact number, dollars do not",
    totals: makeTotals({ inputTokens: 2n ** 60n, outputTokens: 1n, costNano: 2n ** 63n - 1n }),
    want: [Number.MAX_SAFE_INTEGER, 1, Number.MAX_SAFE_INTEGER, "9223372036.854775807"],
  },
] as const
test.each(usages)("usage: $name", ({ totals, want }) => {
  const { inputTokens, outputTokens, tokens, usd } = toUsageStatus(totals, 0)
  expect([inputTokens, outputTokens, tokens, usd]).toEqual(want)
})
