/** Events that hold much: images in one piece, and all that was said once more. */
import { expect, test } from "vitest"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { SURFACES } from "#proxy/surfaces/registry.ts"
import { type Act, createWorld, startChat, type World } from "./world.test-data.ts"

const HEAD = { head: 200, headers: { "content-type": "text/event-stream" } } as const

/** As they come from a socket. */
function dripped(text: string): readonly Act[] {
  const bytes = new TextEncoder().encode(text)
  const count = Math.ceil(bytes.length / 65_536)
  return Array.from({ length: count }, (_, at) => ({
    data: bytes.slice(at * 65_536, (at + 1) * 65_536),
  }))
}

function play(world: World, options: Parameters<typeof startChat>[1]): void {
  startChat(world, options)
  world.advance(1000)
}

test("an image of Gemini's passes a stream in its one event", () => {
  const inlineData = { mimeType: "image/png", data: "A".repeat(4 * 1024 * 1024) }
  const candidate = { content: { parts: [{ inlineData }] }, finishReason: "STOP", index: 0 }
  const event = `data: ${JSON.stringify({ candidates: [candidate] })}\r\n\r\n`
  const world = createWorld({ scripts: [[HEAD, ...dripped(event), { end: true }]] })
  play(world, {
    runtime: makeRuntime({
      providers: { one: makeProvider("one", { schema: "Gemini", pathPrefix: "" }) },
      routes: [{ name: "search/chat", rules: [makeRule({ backends: [makeBackend("one")] })] }],
    }),
    surface: SURFACES["gemini-generate"],
    raw: { path: "/v1beta/models/smart:streamGenerateContent", query: "alt=sse" },
    body: { contents: [{ role: "user", parts: [{ text: "A cat" }] }] },
  })
  expect([world.client.status, world.client.end_]).toEqual([200, "ended"])
  expect(world.client.body).toBe(event)
})

test("a response with log-probabilities of every token ends well", () => {
  const top = Array.from({ length: 20 }, () => ({ token: "a", logprob: -1, bytes: [97] }))
  const logprobs = Array.from({ length: 2000 }, () => ({ ...top[0], top_logprobs: top }))
  const part = { type: "output_text", text: "a", annotations: [], logprobs }
  const output = [{ type: "message", id: "m", role: "assistant", content: [part] }]
  const response = { id: "r", status: "completed", output, usage: null }
  const last = { type: "response.completed", sequence_number: 0, response }
  const event = `event: ${last.type}\ndata: ${JSON.stringify(last)}\n\n`
  const world = createWorld({ scripts: [[HEAD, ...dripped(event), { end: true }]] })
  play(world, {
    surface: SURFACES["openai-responses"],
    raw: { path: "/v1/responses" },
    body: { model: "smart", input: "Hi", stream: true },
  })
  expect([world.client.status, world.client.end_]).toEqual([200, "ended"])
  expect(world.client.body).toBe(event)
})
