import { expect, test } from "vitest"
import { makeBackend, makeRule, makeRuntime } from "#proxy/runtime/samples.test-data.ts"
import { type Act, CHAT, createWorld, startChat } from "./world.test-data.ts"

const RESET = { kind: "reset", wasSent: true, detail: "connection reset" } as const
const ONE = makeRuntime({
  routes: [{ name: "search/chat", rules: [makeRule({ backends: [makeBackend("one")] })] }],
})
const within = (ms: number) => ({ headers: { "x-sidegate-timeout-ms": String(ms) } })
const event = (delta: object, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`
const STREAM: readonly Act[] = [
  { head: 200, headers: { "content-type": "text/event-stream" } },
  { data: `${event({ content: "Hi" })}${event({}, "stop")}data: [DONE]\n\n` },
  { end: true },
]

test("what a request waited before it was admitted is taken off its time", () => {
  const world = createWorld({ scripts: [[]] })
  startChat(world, { runtime: ONE, raw: { ...within(500), receivedAt: 1_000_000 - 400 } })
  world.advance(99)
  expect(world.client.status).toBeNull()
  world.advance(1)
  expect(world.client.status).toBe(504)
})

test("a retry that could only begin after the deadline is not waited for", () => {
  const world = createWorld({ scripts: [[{ at: 20, fail: RESET }]] })
  startChat(world, { runtime: ONE, raw: within(60) })
  world.advance(20)
  expect([world.client.status, world.timers()]).toEqual([502, 0])
})

test("failing over for a stream costs no unit of the retry budget, however often it is done", () => {
  const runtime = makeRuntime()
  const attempts = Array.from({ length: 12 }, () => {
    const world = createWorld({ scripts: [[{ fail: RESET }], STREAM] })
    startChat(world, { runtime, body: { ...CHAT, stream: true } })
    world.advance(10)
    return world.client.headers["x-sidegate-attempts"]
  })
  expect(new Set(attempts)).toEqual(new Set(["2"]))
})

test("no proxy on the way may keep a stream or hold it back", () => {
  const world = createWorld({ scripts: [STREAM] })
  startChat(world, { body: { ...CHAT, stream: true } })
  world.advance(10)
  expect(world.client.headers).toMatchObject({
    "cache-control": "no-cache",
    "x-accel-buffering": "no",
  })
})

test("what an upstream refuses is not billed when its client leaves before the words are there", () => {
  const world = createWorld({ scripts: [[{ head: 400 }]] })
  startChat(world, { runtime: ONE })
  world.advance(10)
  world.client.leave()
  const [final] = world.finals.values()
  expect(final).toMatchObject({
    outcome: "cancelled",
    status: 400,
    usage: { inputTokens: 0, outputTokens: 0 },
  })
})
