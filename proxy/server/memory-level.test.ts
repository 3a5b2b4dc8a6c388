import { expect, test } from "vitest"
import {
  levelOf,
  type MemoryReading,
  mayEnter,
  refuseEntry,
  refuseRest,
  SMALL_BODY_BYTES,
} from "./memory-level.ts"

const MIB = 1024 * 1024

function reading(usedBytes: number, limitBytes = 100 * MIB): MemoryReading {
  return { usedBytes, limitBytes, bound: "container" }
}

const levels = [
  { name: "below 85 % all is calm", used: 84.9, held: 80, want: "calm" },
  { name: "from 85 % it is strained", used: 85, held: 80, want: "strained" },
  { name: "below 92 % it is no more than that", used: 91.9, held: 80, want: "strained" },
  { name: "from 92 % it is critical", used: 92, held: 80, want: "critical" },
  { name: "beyond the limit it is critical", used: 101, held: 80, want: "critical" },
  { name: "what exchanges do not hold refuses none", used: 95, held: 1, want: "calm" },
] as const
test.each(levels)("$name", ({ used, held, want }) => {
  expect(levelOf(reading(used * MIB), held * MIB)).toBe(want)
})

test("no limit is never reached", () => {
  expect(levelOf(reading(50, 0), 50)).toBe("calm")
})

const entries = [
  { name: "calm takes all", level: "calm", bytes: null, want: true },
  { name: "strained takes a small body", level: "strained", bytes: SMALL_BODY_BYTES, want: true },
  { name: "strained takes no more", level: "strained", bytes: SMALL_BODY_BYTES + 1, want: false },
  { name: "strained takes no unknown length", level: "strained", bytes: null, want: false },
  { name: "critical takes none", level: "critical", bytes: 1, want: false },
] as const
test.each(entries)("$name", ({ level, bytes, want }) => {
  expect(mayEnter(level, bytes)).toBe(want)
})

test("a refusal says how much of what is used, and when to come back", () => {
  expect(refuseEntry(reading(88 * MIB))).toMatchObject({
    code: "overloaded",
    retryAfterSeconds: 1,
    message:
      "the sidecar uses 88 of its container's 100 MiB of memory; " +
      "streams and large requests wait: try again",
  })
  expect(refuseRest({ ...reading(95 * MIB), bound: "heap" }).message).toBe(
    "the sidecar uses 95 of its heap's 100 MiB of memory, " +
      "and this request held most of it: try again",
  )
})
