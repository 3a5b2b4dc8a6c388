/** A thought that was streamed and comes back in the history as clients keep it. */
import { expect, test } from "vitest"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { createWorld, startChat } from "./world.test-data.ts"

const rules = [makeRule({ backends: [makeBackend("one", { model: "claude" })] })]
const runtime = makeRuntime({
  providers: { one: makeProvider("one", { schema: "Anthropic", pathPrefix: "" }) },
  routes: [{ name: "search/chat", rules }],
})

const delta = (fields: unknown) => ({ type: "content_block_delta", index: 0, delta: fields })
const ANSWER = [
  { type: "message_start", message: { id: "1", usage: { input_tokens: 1, output_tokens: 1 } } },
  { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "" } },
  delta({ type: "thinking_delta", thinking: "Hm, " }),
  delta({ type: "thinking_delta", thinking: "well." }),
  delta({ type: "signature_delta", signature: "sig" }),
  { type: "content_block_stop", index: 0 },
  { type: "content_block_start", index: 1, content_block: { type: "text", text: "" } },
  { type: "content_block_delta", index: 1, delta: { type: "text_delta", text: "Yes." } },
  { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 9 } },
  { type: "message_stop" },
]
const STREAM = ANSWER.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")

/** The JSON of the stream's events. */
function streamed(name: ModelSurfaceName, path: string, body: unknown): readonly unknown[] {
  const headers = { "content-type": "text/event-stream" }
  const script = [{ head: 200, headers }, { data: STREAM }, { end: true }] as const
  const world = createWorld({ scripts: [script] })
  startChat(world, { runtime, surface: SURFACES[name], raw: { path, query: "alt=sse" }, body })
  world.advance(100)
  const lines = world.client.body.split("\n").filter((line) => line.startsWith("data: {"))
  return lines.map((line) => JSON.parse(line.slice("data: ".length)))
}

/** What the upstream is told of the turn before. */
function told(name: ModelSurfaceName, path: string, body: unknown): unknown {
  const world = createWorld({ scripts: [[]] })
  startChat(world, { runtime, surface: SURFACES[name], raw: { path }, body })
  world.advance(100)
  const [sent] = world.requests
  if (sent === undefined) throw new Error(world.client.body)
  return JSON.parse(new TextDecoder().decode(Buffer.from(sent.body))).messages[1].content
}

const WANT = [
  { type: "thinking", thinking: "Hm, well.", signature: "sig" },
  { type: "text", text: "Yes." },
]
const HI = { role: "user", content: "Hi" }

test("to a client of OpenAI's shape that keeps reasoning_details", () => {
  const path = "/v1/chat/completions"
  const body = { model: "smart", stream: true, messages: [HI] }
  const details = streamed("openai-chat", path, body).flatMap((chunk) => {
    const { choices } = Object(chunk)
    return choices[0]?.delta.reasoning_details ?? []
  })
  const turn = { role: "assistant", content: "Yes.", reasoning_details: details }
  const again = { model: "smart", messages: [HI, turn, HI] }
  expect(told("openai-chat", path, again)).toEqual(WANT)
})

test("to a client of Gemini's shape that keeps every piece, as Google's chats do", () => {
  const path = (verb: string) => `/v1beta/models/smart:${verb}`
  const user = { role: "user", parts: [{ text: "Hi" }] }
  const body = { contents: [user] }
  const pieces = streamed("gemini-generate", path("streamGenerateContent"), body)
  const turns = pieces.map((piece) => Object(piece).candidates[0].content)
  const again = { contents: [user, ...turns, user] }
  expect(told("gemini-generate", path("generateContent"), again)).toEqual(WANT)
})
