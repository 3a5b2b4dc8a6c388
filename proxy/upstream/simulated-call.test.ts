import { afterEach, beforeEach, expect, test, vi } from "vitest"
import type { UpstreamHandler } from "#proxy/exchange/ports.ts"
import type { SimulatedStep } from "#proxy/providers/simulated/script.ts"
import { playScript } from "./simulated-call.ts"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const bytes = new TextEncoder().encode("x")
const HEAD: SimulatedStep = { kind: "head", afterMs: 10, status: 200, headers: ["a", "b"] }

function record(takes: () => boolean = () => true): { seen: string[]; handler: UpstreamHandler } {
  const seen: string[] = []
  const handler: UpstreamHandler = {
    onResponse: (status, headers) => void seen.push(`head ${status} ${JSON.stringify(headers)}`),
    onData: () => {
      seen.push("data")
      return takes()
    },
    onEnd: () => void seen.push("end"),
    onFailure: ({ kind }) => void seen.push(`fail ${kind}`),
  }
  return { seen, handler }
}

test("steps come in order, each after its delay", () => {
  const { seen, handler } = record()
  const data = { kind: "data", afterMs: 5, bytes } as const
  playScript({ steps: [HEAD, data, data, { kind: "end", afterMs: 0 }] }, handler)
  vi.advanceTimersByTime(9)
  expect(seen).toEqual([])
  vi.advanceTimersByTime(1)
  expect(seen).toEqual([`head 200 {"a":"b"}`])
  vi.advanceTimersByTime(5)
  expect(seen.slice(1)).toEqual(["data"])
  vi.advanceTimersByTime(5)
  expect(seen.slice(1)).toEqual(["data", "data", "end"])
})

test("a paused handler gets nothing until it resumes", () => {
  const { seen, handler } = record(() => false)
  const data = { kind: "data", afterMs: 0, bytes } as const
  const call = playScript({ steps: [HEAD, data, data, { kind: "end", afterMs: 0 }] }, handler)
  vi.advanceTimersByTime(1000)
  expect(seen.slice(1)).toEqual(["data"])
  call.resume()
  expect(seen.slice(1)).toEqual(["data", "data"])
  call.resume()
  expect(seen.slice(1)).toEqual(["data", "data", "end"])
})

test("a script that stops is silence", () => {
  const { seen, handler } = record()
  playScript({ steps: [HEAD] }, handler)
  vi.advanceTimersByTime(1_000_000)
  expect(seen).toHaveLength(1)
})

test("a failure is the last that is heard", () => {
  const { seen, handler } = record()
  const failure = { kind: "reset", wasSent: true, detail: "cut" } as const
  playScript({ steps: [{ kind: "fail", afterMs: 3, failure }, HEAD] }, handler)
  vi.advanceTimersByTime(1000)
  expect(seen).toEqual(["fail reset"])
})

test("nothing is heard after an abort, also one from within", () => {
  const { seen, handler } = record(() => {
    call.abort()
    return true
  })
  const data = { kind: "data", afterMs: 0, bytes } as const
  const call = playScript({ steps: [HEAD, data, data, { kind: "end", afterMs: 0 }] }, handler)
  vi.advanceTimersByTime(1000)
  expect(seen.slice(1)).toEqual(["data"])
})
