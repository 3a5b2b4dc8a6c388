/** Streams of Completions, passed: usage is asked for, counted, and hidden from who did not ask. */
import { expect, test } from "vitest"
import { SURFACES } from "#proxy/surfaces/registry.ts"
import { createWorld, startChat } from "./world.test-data.ts"

const chunk = (more: object): string => `data: ${JSON.stringify({ id: "1", ...more })}\n\n`
const text = (said: string, finish_reason: string | null = null): string =>
  chunk({ choices: [{ index: 0, text: said, logprobs: null, finish_reason }] })
const TEXTS = text("Once") + text(" upon", "stop")
const REPORT = chunk({ choices: [], usage: { prompt_tokens: 9, completion_tokens: 4 } })
const DONE = "data: [DONE]\n\n"

function play(body: object, stream: string) {
  const headers = { "content-type": "text/event-stream" }
  const script = [{ head: 200, headers }, { data: stream }, { end: true }] as const
  const world = createWorld({ scripts: [script] })
  startChat(world, {
    surface: SURFACES["openai-completions"],
    raw: { path: "/v1/completions" },
    body: { model: "smart", prompt: "Say", stream: true, ...body },
  })
  world.advance(100)
  const [sent] = world.requests
  return {
    status: world.client.status,
    seen: world.client.body,
    asked: sent === undefined ? null : JSON.parse(String(Buffer.from(sent.body))).stream_options,
    final: [...world.finals.values()][0],
  }
}

const USAGE = { inputTokens: 9, cachedInputTokens: 0, outputTokens: 4 }

test.each([
  ["a client that did not ask", {}, TEXTS + DONE],
  ["a client that asked", { stream_options: { include_usage: true } }, TEXTS + REPORT + DONE],
])("%s", (_name, body, want) => {
  const { seen, asked, final } = play(body, TEXTS + REPORT + DONE)
  expect(seen).toBe(want)
  expect(asked).toEqual({ include_usage: true })
  expect(final).toMatchObject({ usage: USAGE, source: "reported", outcome: "ok" })
})

test("without a report the texts are counted by their size", () => {
  const { final } = play({}, text("x".repeat(400)) + text("y".repeat(400)) + DONE)
  expect(final).toMatchObject({ source: "estimated", usage: { outputTokens: 200 } })
})

test("a stream_options that is no object is refused", () => {
  const { status, seen } = play({ stream_options: "yes" }, TEXTS + DONE)
  expect([status, JSON.parse(seen).error.param]).toEqual([400, "stream_options"])
})
