import { expect, test, vi } from "vitest"
import type { ExchangeRecord } from "#proxy/exchange/exchange-record.ts"
import { gatherObservations } from "./observations.ts"

function makeRecord(id: number): ExchangeRecord {
  return {
    id: String(id),
    surface: "openai-chat",
    operation: "chat",
    modelLabel: "smart",
    team: "search",
    application: "api",
    route: null,
    rule: null,
    provider: null,
    servedModel: null,
    configVersion: "1.1",
    isStream: false,
    status: 200,
    refusal: null,
    attempts: [],
    usage: null,
    cost: null,
    receivedAt: 0,
    durationMs: 1,
    firstByteMs: 1,
    overheadMs: 1,
    isEstimated: false,
    isClientGone: false,
  }
}

const cases = [
  { name: "one waits, and is observed once the time is over", count: 1, atOnce: 0, later: 1 },
  { name: "a few wait together", count: 63, atOnce: 0, later: 63 },
  { name: "at the bound nobody waits", count: 64, atOnce: 64, later: 64 },
  { name: "what comes behind the bound waits again", count: 65, atOnce: 64, later: 65 },
]
test.each(cases)("$name", ({ count, atOnce, later }) => {
  vi.useFakeTimers()
  try {
    const seen: string[] = []
    const observations = gatherObservations(({ id }) => seen.push(id))
    for (let id = 0; id < count; id += 1) observations.add(makeRecord(id))
    expect(seen).toHaveLength(atOnce)
    vi.advanceTimersByTime(100)
    expect(seen).toEqual(Array.from({ length: later }, (_, id) => String(id)))
  } finally {
    vi.useRealTimers()
  }
})

test("draining observes each once, and leaves nothing for the timer", () => {
  vi.useFakeTimers()
  try {
    const seen: string[] = []
    const observations = gatherObservations(({ id }) => seen.push(id))
    observations.add(makeRecord(1))
    observations.drain()
    vi.advanceTimersByTime(100)
    observations.drain()
    expect(seen).toEqual(["1"])
  } finally {
    vi.useRealTimers()
  }
})
