/**
 * Whole answers over the limit. Vercel's AI SDK asks for up to 2,048 vectors at once, in numbers:
 * of OpenAI's digits a thousand are 32 MiB. Each attempt at that is paid for, and ends the same.
 */
import { expect, test } from "vitest"
import { makeProvider, makeRuntime } from "#proxy/runtime/samples.test-data.ts"
import { SURFACES } from "#proxy/surfaces/registry.ts"
import { type Act, createWorld, startChat, type World } from "./world.test-data.ts"

const HEAD: Act = { head: 200, headers: { "content-type": "application/json" } }
const ASKED = { model: "smart", input: ["a", "b"] }

function embed(first: readonly Act[], answerBytesMax: number): World {
  const answer = '{"data":[{"embedding":[1]},{"embedding":[2]}]}'
  const world = createWorld({ scripts: [first, [HEAD, { data: answer }, { end: true }]] })
  startChat(world, {
    surface: SURFACES["openai-embeddings"],
    runtime: makeRuntime({ providers: { one: makeProvider("one"), two: makeProvider("two") } }),
    body: ASKED,
    settings: { answerBytesMax },
  })
  world.advance(1000)
  return world
}

const list = (count: number) => `{"data":[{"embedding":[${"0,".repeat(count)}0]}]}`
const failure = { kind: "too-large", wasSent: true, detail: "67108864 bytes" } as const

test.each([
  ["by its bytes", [HEAD, { data: list(1000) }, { end: true }], 100, "more than 100 bytes"],
  ["by its entries", [HEAD, { data: list(2_000_000) }, { end: true }], 32 << 20, "2000000"],
  ["as the connection sees it", [HEAD, { fail: failure }], 100, "67108864 bytes"],
] as const)("too large %s is not asked for again", (_name, acts, max, words) => {
  const world = embed(acts, max)
  expect(world.requests).toHaveLength(1)
  expect(world.client.status).toBe(502)
  const { error } = JSON.parse(world.client.body)
  expect(error.code).toBe("upstream_invalid_response")
  expect(error.message).toContain(words)
  expect(world.client.headers["x-should-retry"]).toBe("false")
  expect([...world.finals.values()]).toMatchObject([{ outcome: "upstream-error" }])
})

test("what is no answer at all is asked for elsewhere", () => {
  const world = embed([HEAD, { data: "<p>" }, { end: true }], 100)
  expect(world.requests).toHaveLength(2)
  expect(world.client.status).toBe(200)
})
