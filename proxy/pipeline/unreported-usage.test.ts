/** An upstream that reports no usage: what clients of each shape are told, whole and streamed. */
import { expect, test } from "vitest"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { type Act, createWorld, startChat, type World } from "./world.test-data.ts"

const MESSAGE = { content: "Hello there, world" }
const WHOLE = { id: "c", model: "m", choices: [{ index: 0, message: MESSAGE }] }
const CHUNK = { id: "c", model: "m", choices: [{ index: 0, delta: MESSAGE }] }
const STREAM = `data: ${JSON.stringify(CHUNK)}\n\ndata: [DONE]\n\n`

const MESSAGES = { messages: [{ role: "user", content: "What is there?" }], max_tokens: 9 }
const CONTENTS = { contents: [{ role: "user", parts: [{ text: "What is there?" }] }] }
const REQUESTS: Readonly<Partial<Record<ModelSurfaceName, object>>> = {
  "openai-chat": MESSAGES,
  "openai-responses": { input: "What is there?" },
  "openai-completions": { prompt: "What is there?" },
  "anthropic-messages": MESSAGES,
  "gemini-generate": CONTENTS,
}

/** At an upstream that only chats, so that all but OpenAI's chat are translated. */
function ask(surface: ModelSurfaceName, isStream: boolean): World {
  const type = isStream ? "text/event-stream" : "application/json"
  const data = isStream ? STREAM : JSON.stringify(WHOLE)
  const head = { head: 200, headers: { "content-type": type } }
  const world = createWorld({ scripts: [[head, { data }, { end: true }]] })
  const verb = isStream ? "streamGenerateContent" : "generateContent"
  // Gemini's clients ask for it in the path, and have no such field.
  const wish = isStream && surface !== "gemini-generate" ? { stream: true } : {}
  startChat(world, {
    surface: SURFACES[surface],
    runtime: makeRuntime({
      providers: { one: makeProvider("one", { vendor: "GitHubModels" }) },
      routes: [{ name: "search/chat", rules: [makeRule({ backends: [makeBackend("one")] })] }],
    }),
    body: { model: "smart", ...wish, ...REQUESTS[surface] },
    raw: { path: `/v1beta/models/smart:${verb}`, query: isStream ? "alt=sse" : "" },
  })
  world.advance(10)
  return world
}

/** Whatever the body calls usage, with a number in it that is not that of a message's start. */
function usageTold(body: string): readonly string[] {
  const told = body.replace(/event: message_start\n.*\n/, "")
  return told.match(/"usage(?:Metadata)?":\{[^}]*\d[^}]*\}/g) ?? []
}

const CASES = (Object.keys(REQUESTS) as ModelSurfaceName[]).flatMap((surface) =>
  [false, true].map((isStream) => [surface, isStream ? "streamed" : "whole"] as const),
)

test.each(CASES)("%s, %s: absent stays absent, or is what is settled", (surface, mode) => {
  const world = ask(surface, mode === "streamed")
  const [final] = world.finals.values()
  expect(world.client).toMatchObject({ status: 200, end_: "ended" })
  expect(final).toMatchObject({ outcome: "ok", source: "estimated" })
  expect(world.records[0]?.isEstimated).toBe(true)
  expect(final?.usage.inputTokens).toBeGreaterThan(3)
  expect(final?.usage.outputTokens).toBeGreaterThan(0)
  const told = usageTold(world.client.body)
  if (surface !== "anthropic-messages") expect(told).toEqual([])
  else {
    expect(told).toHaveLength(1)
    expect(JSON.parse(`{${told[0]}}`).usage).toMatchObject({
      input_tokens: final?.usage.inputTokens,
      output_tokens: final?.usage.outputTokens,
    })
  }
  const start = /event: message_start\ndata: (.*)\n/.exec(world.client.body)?.[1]
  if (start !== undefined) {
    expect(JSON.parse(start).message.usage).toMatchObject({
      input_tokens: final?.usage.inputTokens,
      output_tokens: 0,
    })
  }
  const mark = mode === "whole" ? "true" : undefined
  expect(world.client.headers["x-sidegate-estimated"]).toBe(mark)
})

test("what was reported is not marked, and neither is what was never billed", () => {
  const isEstimated = (script: readonly Act[]): boolean | undefined => {
    const world = createWorld({ scripts: [script] })
    startChat(world)
    world.advance(10)
    return world.records[0]?.isEstimated
  }
  const usage = { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 }
  const answer = JSON.stringify({ ...WHOLE, usage })
  expect(isEstimated([{ head: 200 }, { data: answer }, { end: true }])).toBe(false)
  expect(isEstimated([{ head: 400 }, { data: "{}" }, { end: true }])).toBe(false)
})

/** "Background mode": the answer comes later, by another request, and is billed all the same. */
test.each([
  ["queued", 700],
  ["in_progress", 700],
  ["completed", 0],
])("a response that is %s is charged %i tokens at most", (status, outputTokens) => {
  const answer = { id: "resp_1", object: "response", status, output: [], usage: null, error: null }
  const script: readonly Act[] = [{ head: 200 }, { data: JSON.stringify(answer) }, { end: true }]
  const world = createWorld({ scripts: [script] })
  startChat(world, {
    surface: SURFACES["openai-responses"],
    runtime: makeRuntime({
      providers: { one: makeProvider("one", { vendor: "OpenAI" }) },
      routes: [{ name: "search/chat", rules: [makeRule({ backends: [makeBackend("one")] })] }],
    }),
    body: { model: "smart", input: "Hi", background: true, max_output_tokens: 700 },
  })
  world.advance(10)
  const [final] = world.finals.values()
  expect(final).toMatchObject({ outcome: "ok", source: "estimated", usage: { outputTokens } })
})
