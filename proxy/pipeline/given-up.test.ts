/** Answers that their upstream itself calls failed, with a reason that no other shape has. */
import { EventStreamCodec } from "@smithy/eventstream-codec"
import { expect, test } from "vitest"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { SURFACES } from "#proxy/surfaces/registry.ts"
import { type Act, CHAT, createWorld, startChat } from "./world.test-data.ts"

const codec = new EventStreamCodec(
  (bytes) => new TextDecoder().decode(bytes),
  (text) => new TextEncoder().encode(text),
)

function amazon(...events: readonly (readonly [string, unknown])[]): Uint8Array {
  return Buffer.concat(
    events.map(([name, body]) =>
      codec.encode({
        headers: { ":event-type": { type: "string", value: name } },
        body: new TextEncoder().encode(JSON.stringify(body)),
      }),
    ),
  )
}

const sse = (...events: readonly unknown[]): string =>
  events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")

interface Row {
  readonly name: string
  readonly provider: Partial<ProviderConfig>
  readonly stream: string | Uint8Array
  readonly whole: string
}

const USAGE = { prompt_tokens: 9, completion_tokens: 4 }
const choice = (member: object) => ({ index: 0, finish_reason: "error", ...member })
const MALFORMED = {
  candidates: [{ content: {}, finishReason: "MALFORMED_FUNCTION_CALL", index: 0 }],
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 4 },
}
const COHERE_END = {
  finish_reason: "TIMEOUT",
  usage: { billed_units: { input_tokens: 9, output_tokens: 4 } },
}
const BEDROCK_USAGE = { inputTokens: 9, outputTokens: 4, totalTokens: 13 }

const ROWS: readonly Row[] = [
  {
    name: "OpenRouter",
    provider: { vendor: "OpenRouter" },
    stream: `${sse({ id: "1", choices: [choice({ delta: {} })], usage: USAGE })}data: [DONE]\n\n`,
    whole: JSON.stringify({ id: "1", choices: [choice({ message: {} })], usage: USAGE }),
  },
  {
    name: "Gemini",
    provider: { schema: "Gemini", pathPrefix: "" },
    stream: sse(MALFORMED),
    whole: JSON.stringify(MALFORMED),
  },
  {
    name: "Cohere",
    provider: { schema: "Cohere", pathPrefix: "" },
    stream: sse({ type: "message-start", id: "1" }, { type: "message-end", delta: COHERE_END }),
    whole: JSON.stringify({ id: "1", message: { content: [] }, ...COHERE_END }),
  },
  {
    name: "Bedrock",
    provider: { schema: "Bedrock", pathPrefix: "", options: { schema: "Bedrock", region: "us-1" } },
    stream: amazon(
      ["messageStart", { role: "assistant" }],
      ["messageStop", { stopReason: "malformed_tool_use" }],
      ["metadata", { usage: BEDROCK_USAGE }],
    ),
    whole: JSON.stringify({
      output: { message: { role: "assistant", content: [] } },
      stopReason: "malformed_model_output",
      usage: BEDROCK_USAGE,
    }),
  },
]

const runtimeOf = (provider: Partial<ProviderConfig>) =>
  makeRuntime({
    providers: { one: makeProvider("one", provider) },
    routes: [{ name: "search/chat", rules: [makeRule({ backends: [makeBackend("one")] })] }],
  })

const ANTHROPIC = { ...CHAT, max_tokens: 9 }

test.each(
  ROWS.flatMap((row) => [
    { ...row, mode: "whole" },
    { ...row, mode: "stream" },
  ]),
)("$name, $mode: an error, charged as reported", ({ provider, mode, stream, whole }) => {
  const isStream = mode === "stream"
  const type = provider.schema === "Bedrock" ? "vnd.amazon.eventstream" : "event-stream"
  const family = provider.schema === "Bedrock" ? "application" : "text"
  const contentType = isStream ? `${family}/${type}` : "application/json"
  const head = { head: 200, headers: { "content-type": contentType } }
  const script: readonly Act[] = [head, { data: isStream ? stream : whole }, { end: true }]
  const world = createWorld({ scripts: [script, script, script] })
  const body = { ...ANTHROPIC, stream: isStream }
  const surface = SURFACES["anthropic-messages"]
  startChat(world, { runtime: runtimeOf(provider), surface, raw: { path: "/v1/messages" }, body })
  world.advance(10_000)
  expect(world.client.status).toBe(502)
  const finals = [...world.finals.values()]
  for (const { usage, source, outcome } of finals) {
    expect([usage, source, outcome]).toEqual([
      { inputTokens: 9, cachedInputTokens: 0, outputTokens: 4 },
      "reported",
      "upstream-error",
    ])
  }
  expect(finals.length).toBeGreaterThan(0)
})

test("a client of the provider's own shape reads the reason itself", () => {
  const script = [{ head: 200 }, { data: JSON.stringify(MALFORMED) }, { end: true }] as const
  const world = createWorld({ scripts: [script] })
  startChat(world, {
    runtime: runtimeOf({ schema: "Gemini", pathPrefix: "" }),
    surface: SURFACES["gemini-generate"],
    raw: { path: "/v1beta/models/smart:generateContent" },
    body: { contents: [{ role: "user", parts: [{ text: "Hi" }] }] },
  })
  world.advance(100)
  expect([world.client.status, world.client.body]).toEqual([200, JSON.stringify(MALFORMED)])
})

test("an answer that passes and has no choices is an error, charged as reported", () => {
  const whole = JSON.stringify({ id: "1", choices: [], usage: USAGE })
  const script = [{ head: 200 }, { data: whole }, { end: true }] as const
  const world = createWorld({ scripts: [script] })
  startChat(world, { runtime: runtimeOf({ vendor: "OpenRouter" }), body: CHAT })
  world.advance(100)
  expect([world.client.status, JSON.parse(world.client.body).error.message]).toEqual([
    502,
    expect.stringContaining("it has no choices"),
  ])
  expect([...world.finals.values()]).toMatchObject([
    { source: "reported", usage: { inputTokens: 9, outputTokens: 4 }, outcome: "upstream-error" },
  ])
})
