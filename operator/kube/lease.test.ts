import { expect, test } from "vitest"
import {
  decideLease,
  type HeldLease,
  LEASE_TIMES,
  type LeaseObservation,
  observeLease,
  readLease,
} from "./lease.ts"

const WALL = Date.UTC(2026, 10, 22, 12, 0, 0, 250)
const NOW = "2026-11-22T12:00:00.250000Z"
const held = (changes: Partial<HeldLease> = {}): HeldLease => ({
  holder: "other",
  leaseMs: 15_000,
  transitions: 3,
  acquireTime: "2026-11-22T11:00:00.000000Z",
  resourceVersion: "5",
  ...changes,
})
const seen = (lease: HeldLease): LeaseObservation => ({ lease, sinceMs: 1_000 })

const cases = [
  { name: "no lease is created", observation: null, atMs: 0, want: "create" },
  {
    name: "a fresh lease of another is respected",
    observation: seen(held()),
    atMs: 1_001,
    want: "wait",
  },
  {
    name: "a lease is respected to its last millisecond",
    observation: seen(held()),
    atMs: 16_000,
    want: "wait",
  },
  {
    name: "a lease that nobody renewed is taken",
    observation: seen(held()),
    atMs: 16_001,
    want: "take",
  },
  {
    name: "a lease that was given back is taken at once",
    observation: seen(held({ holder: "" })),
    atMs: 1_001,
    want: "take",
  },
  {
    name: "our own lease is renewed, also a stale one",
    observation: seen(held({ holder: "me" })),
    atMs: 99_000,
    want: "renew",
  },
] as const

test.each(cases)("$name", ({ observation, atMs, want }) => {
  const clock = { monotonicMs: atMs, wallMs: WALL }
  expect(decideLease(observation, "me", LEASE_TIMES, clock).kind).toBe(want)
})

test("taking over counts a transition, renewing keeps when it began", () => {
  const clock = { monotonicMs: 99_000, wallMs: WALL }
  const spec = { holderIdentity: "me", leaseDurationSeconds: 15, renewTime: NOW }
  expect(decideLease(seen(held()), "me", LEASE_TIMES, clock)).toEqual({
    kind: "take",
    spec: { ...spec, acquireTime: NOW, leaseTransitions: 4 },
  })
  expect(decideLease(seen(held({ holder: "me" })), "me", LEASE_TIMES, clock)).toEqual({
    kind: "renew",
    spec: { ...spec, acquireTime: held().acquireTime, leaseTransitions: 3 },
  })
})

test("a lease ages on our own clock from when we saw it change, whatever its times say", () => {
  const first = observeLease(null, held(), 1_000)
  expect(observeLease(first, held(), 9_000).sinceMs).toBe(1_000)
  expect(observeLease(first, held({ resourceVersion: "6" }), 9_000).sinceMs).toBe(9_000)
})

test("a Lease without a spec is one that nobody holds", () => {
  expect(readLease({ metadata: { resourceVersion: "2" } })).toEqual({
    holder: "",
    leaseMs: 0,
    transitions: 0,
    acquireTime: null,
    resourceVersion: "2",
  })
})
