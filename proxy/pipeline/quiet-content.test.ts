/** Content that a client's shape shows late or not at all: the upstream is at work all the same. */
import { expect, test } from "vitest"
import { makeRule, makeRuntime } from "#proxy/runtime/samples.test-data.ts"
import { SURFACES } from "#proxy/surfaces/registry.ts"
import { type Act, createWorld, startChat } from "./world.test-data.ts"

const timeouts = { requestMs: 600_000, firstTokenMs: 5000, streamIdleMs: 11_000 }
const rules = [makeRule({ timeouts })]
const runtime = makeRuntime({ routes: [{ name: "search/chat", rules }] })
const SSE = { "content-type": "text/event-stream" }
const path = "/v1beta/models/smart:streamGenerateContent"
const raw = { path, query: "alt=sse" }
const body = { contents: [{ role: "user", parts: [{ text: "Hello" }] }] }
const surface = SURFACES["gemini-generate"]

const chunk = (delta: unknown, finish_reason: string | null = null): string =>
  `data: ${JSON.stringify({ id: "1", choices: [{ index: 0, delta, finish_reason }] })}\n\n`
const call = (more: object): string => chunk({ tool_calls: [{ index: 0, ...more }] })
const BEGIN = call({ id: "a", function: { name: "write", arguments: "{" } })
const END = `${call({ function: { arguments: "}" } })}${chunk({}, "tool_calls")}data: [DONE]\n\n`

/** A space of the arguments every ten seconds, for five minutes. */
const LONG: readonly Act[] = Array.from({ length: 30 }, () => ({
  at: 10_000,
  data: call({ function: { arguments: " " } }),
}))

test.each([
  ["first", []],
  ["after a text", [{ data: chunk({ content: "Wait." }) }]],
])("a call whose arguments take minutes is no silence: %s", (_case, before) => {
  const head = { head: 200, headers: SSE }
  const script: Act[] = [head, ...before, { data: BEGIN }, ...LONG, { data: END }, { end: true }]
  const world = createWorld({ scripts: [script] })
  startChat(world, { runtime, surface, raw, body })
  world.advance(320_000)
  expect(world.requests).toHaveLength(1)
  expect(world.client.end_).toBe("ended")
  expect(Number(world.client.headers["x-sidegate-overhead-ms"])).toBe(0)
  expect(world.client.body).toContain('"functionCall":{"id":"a","name":"write"')
})

test("a call that stops growing is cut after the idle limit, and refused in words", () => {
  const script: Act[] = [{ head: 200, headers: SSE }, { data: BEGIN }, ...LONG.slice(0, 3)]
  const world = createWorld({ scripts: [script] })
  startChat(world, { runtime: once, surface, raw, body })
  world.advance(40_000)
  expect(world.client.end_).toBe("open")
  world.advance(2000)
  expect([world.client.status, world.client.end_]).toEqual([504, "ended"])
  expect(world.client.body).toContain("silent")
  expect([...world.finals.values()].map(({ outcome }) => outcome)).toEqual(["timeout"])
})

const FAULT = `data: ${JSON.stringify({ error: { message: "overloaded" } })}\n\n`
const retry = { attempts: 1, budgetPercent: 20, triggers: [] } as const
/** The idle limit passes before that of the first token. */
const patient = makeRuntime({
  routes: [
    { name: "search/chat", rules: [makeRule({ timeouts: { ...timeouts, firstTokenMs: 60_000 } })] },
  ],
})
const once = makeRuntime({
  routes: [{ name: "search/chat", rules: [makeRule({ timeouts, retry })] }],
})
const ANSWER: readonly Act[] = [
  { head: 200, headers: SSE },
  { data: `${chunk({ content: "Here." })}${chunk({}, "stop")}data: [DONE]\n\n` },
  { end: true },
]

test.each([
  ["breaks", [{ data: BEGIN }, { end: true }]],
  ["reports an error with its first token", [{ data: `${chunk({ content: "No" })}${FAULT}` }]],
  ["sends nonsense with its first token", [{ data: `${chunk({ content: "No" })}data: {\n\n` }]],
  ["falls silent", [{ data: BEGIN }]],
] as const)("a stream that %s before anything was shown is left for the next", (_case, acts) => {
  const world = createWorld({ scripts: [[{ head: 200, headers: SSE }, ...acts], ANSWER] })
  startChat(world, { runtime: patient, surface, raw, body })
  world.advance(12_000)
  expect(world.requests).toHaveLength(2)
  expect([world.client.status, world.client.end_]).toEqual([200, "ended"])
  expect(world.client.body).toContain("Here.")
  expect(world.client.body).not.toContain("No")
})

test("a stream that breaks before anything was shown is refused in words", () => {
  const script: Act[] = [{ head: 200, headers: SSE }, { data: BEGIN }, { end: true }]
  const world = createWorld({ scripts: [script] })
  startChat(world, { runtime: once, surface, raw, body })
  world.advance(1000)
  expect(world.client.status).toBe(502)
  expect(world.client.end_).toBe("ended")
  expect(JSON.parse(world.client.body).error.status).toBe("UNAVAILABLE")
  expect(world.records).toHaveLength(1)
})

test("comments and pings keep a stream that has begun, for five times the idle limit", () => {
  const comments: readonly Act[] = Array.from({ length: 9 }, () => ({
    at: 10_000,
    data: ": still thinking\n\n",
  }))
  const begun = [{ head: 200, headers: SSE }, { data: chunk({ content: "Wait." }) }]
  const end = { data: `${chunk({}, "stop")}data: [DONE]\n\n` }
  const kept = createWorld({ scripts: [[...begun, ...comments.slice(0, 5), end, { end: true }]] })
  startChat(kept, { runtime: once, surface, raw, body })
  kept.advance(51_000)
  expect(kept.client.end_).toBe("ended")
  const hung = createWorld({ scripts: [[...begun, ...comments]] })
  startChat(hung, { runtime: once, surface, raw, body })
  hung.advance(54_000)
  expect(hung.client.end_).toBe("open")
  hung.advance(2000)
  expect(hung.client.end_).toBe("destroyed")
  expect([...hung.finals.values()].map(({ outcome }) => outcome)).toEqual(["timeout"])
})
