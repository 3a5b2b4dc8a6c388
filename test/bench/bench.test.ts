import { describe, expect, test } from "vitest"
import { withSection } from "#test/process/document-section.ts"
import { answerBody, chatBody, DONE_EVENT, deltaEvent } from "./bodies.ts"
import { createMessageReader } from "./message-reader.ts"
import { type BenchResult, describeResult, missedGates } from "./results.ts"
import { interleaved, median } from "./statistics.ts"

test.each([
  { name: "of an odd number of values", values: [9, 1, 5], want: 5 },
  { name: "of an even number of values", values: [4, 1, 3, 100], want: 3.5 },
  { name: "of one value", values: [7], want: 7 },
  { name: "of nothing", values: [], want: Number.NaN },
])("the median $name", ({ values, want }) => {
  expect(median(values)).toBe(want)
})

test("rounds alternate who is first", () => {
  expect(interleaved(["a", "b"], 3)).toEqual([
    ["a", "b"],
    ["b", "a"],
    ["a", "b"],
  ])
})

describe("a generated section", () => {
  const cases = [
    { name: "is appended when it is not there", before: "# T\n", after: "# T\n\nB\nnew\nE\n" },
    { name: "is replaced in place", before: "x\nB\nold\nE\ny\n", after: "x\nB\nnew\nE\ny\n" },
  ]
  const marked = (text: string): string =>
    text.replace("B\n", "<!-- bench:begin -->\n").replace("E\n", "<!-- bench:end -->\n")
  test.each(cases)("$name", ({ before, after }) => {
    expect(withSection(marked(before), "bench", "new\n")).toBe(marked(after))
  })
})

test.each([
  { name: "1 KB", bytes: 1024 },
  { name: "16 KB", bytes: 16_384 },
  { name: "256 KB", bytes: 262_144 },
])("a chat of $name is that long, within a hundredth", ({ bytes }) => {
  const body = chatBody(bytes, false)
  expect(Math.abs(body.length - bytes) / bytes).toBeLessThan(0.01)
  expect(JSON.parse(body)).toMatchObject({ model: "bench", messages: expect.any(Array) })
})

test("the answer and the events are in OpenAI's shape", () => {
  expect(JSON.parse(answerBody())).toMatchObject({ usage: { prompt_tokens: 210 } })
  expect(deltaEvent("a")).toMatch(/^data: \{.*"delta":\{"content":"a"\}.*\}\n\n$/)
  expect(DONE_EVENT).toBe("data: [DONE]\n\n")
})

test("messages are counted whole however the bytes are split", () => {
  const wire = Buffer.from(
    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 204 No\r\na: b\r\n\r\n" +
      "HTTP/1.1 500 X\r\ncontent-length:3\r\n\r\nabc",
  )
  for (let size = 1; size <= wire.length; size += 1) {
    const seen: string[] = []
    const reader = createMessageReader((head, bytes) => seen.push(`${head.slice(9, 12)} ${bytes}`))
    for (let at = 0; at < wire.length; at += size) reader.push(wire.subarray(at, at + size))
    expect(seen, `in pieces of ${size}`).toEqual(["200 5", "204 0", "500 3"])
  }
})

function makeResult(ratioAt1Kb: number): BenchResult {
  const side = { perSecond: 1000, cpuUs: 80, addedP50Ms: 0.2, addedP99Ms: 0.5 }
  const both = { idleMb: 50, loadedMb: 70 }
  const stream = { firstEventMs: 0.3, cpuUsPerEvent: 40 }
  return {
    repeats: 0,
    sizes: [
      { size: "1 KB", floor: side, proxy: side, throughputRatio: ratioAt1Kb },
      { size: "16 KB", floor: side, proxy: side, throughputRatio: 1 },
      { size: "256 KB", floor: side, proxy: { ...side, addedP50Ms: -0.1 }, throughputRatio: 1 },
    ],
    streams: { cpuRatio: 1, floor: stream, proxy: stream },
    translation: [{ from: "OpenAI", to: "anthropic-messages", chunksPerSecond: 20_000 }],
    memory: { floor: both, proxy: both },
    coldStart: { floorMs: 100, proxyMs: 200 },
  }
}

test.each([
  { name: "holds at its limit", found: 0.6, want: [] },
  {
    name: "is missed below it",
    found: 0.59,
    want: ["1 KB: 0.59 of the floor's throughput, must be 0.6"],
  },
])("a gate $name", ({ found, want }) => {
  expect(missedGates(makeResult(found))).toEqual(want)
})

test("streams and translations have their gates too", () => {
  const result = makeResult(1)
  const dear = { ...result.streams, cpuRatio: 1.101 }
  expect(missedGates({ ...result, streams: dear })).toEqual([
    "an event of a stream: 1.10 of the floor's CPU, at most 1.1",
  ])
  const slow = result.translation.map((one) => ({ ...one, chunksPerSecond: 19_999 }))
  expect(missedGates({ ...result, translation: slow })).toEqual([
    "OpenAI to anthropic-messages: must be 20000 chunks a second",
  ])
})

test("a difference below the noise has no ratio", () => {
  expect(describeResult(makeResult(1))).toMatch(
    /\| 256 KB \|.*\| -0\.10 \/ 0\.50 \|.*\| - \/ 1\.00 \|/,
  )
})
