/**
 * What an upstream is sent, byte for byte: a real gateway process between a client that writes its
 * bytes by hand and an upstream process that keeps what comes in.
 *
 * No policy looks at a body here: where surface and provider speak the same shape the client's
 * bytes go on, and only the model's name and, in OpenAI's streams, `stream_options.include_usage`
 * are put in. Between shapes, numbers and schemas keep their text. Where a policy looks at bodies,
 * `written-anew.test.ts` has what becomes of them.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { answerOf } from "#test/golden/providers/run-case.ts"
import { startUpstream, type TestUpstream } from "#test/upstream/client.ts"
import { manifestsOf } from "./manifests.ts"
import { ODD_TEXT, odd, sendThrough } from "./recorded.ts"
import { type Standalone, startStandalone } from "./start-standalone.ts"

let upstream: TestUpstream
let gateway: Standalone

/** Provider and the first part of its path, its schema, and the model that clients ask for. */
const PROVIDERS = [
  ["chat", "schema: OpenAI\nvendor: OpenAI", "/v1"],
  ["embed", "schema: OpenAI\nvendor: OpenAI", "/v1"],
  ["unasked", "schema: OpenAI\nvendor: OpenRouter", "/v1"],
  ["azure", 'schema: AzureOpenAI\nazureOpenAI: {apiVersion: "2025-04-01-preview"}', ""],
  ["messages", "schema: Anthropic", ""],
  ["gemini", "schema: Gemini", ""],
  ["rerank", "schema: Cohere", ""],
] as const

type ProviderName = (typeof PROVIDERS)[number][0]

const SERVED = "served/m:1@x"
const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const VECTORS = '{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5]}]}'
const RANKED = '{"id":"r","results":[{"index":0,"relevance_score":0.9}],"meta":{}}'
const STREAM_TYPE = { "content-type": "text/event-stream" }

beforeAll(async () => {
  upstream = await startUpstream()
  const { origin } = upstream
  const files = PROVIDERS.map(([name, spec, path]) => {
    const endpoint = `${origin}/${name}${path}`
    const models = [`ask-${name}`]
    const manifests = manifestsOf({ name, spec, endpoint, models, served: SERVED, attempts: 1 })
    return [`${name}.yaml`, manifests]
  })
  gateway = await startStandalone({
    files: Object.fromEntries(files),
  })
  await upstream.behave("embed", { body: VECTORS })
  await upstream.behave("rerank", { body: RANKED })
  for (const [name, column] of [
    ["messages", "Anthropic"],
    ["gemini", "Gemini"],
  ] as const) {
    await upstream.behave(name, { body: textOf(answerOf(column, "text", "whole").bytes) })
  }
})
afterAll(async () => {
  await gateway?.program.stop()
  await upstream?.stop()
})

const send = (path: string, body: string) => sendThrough(gateway.origin, upstream, path, body)

const SCHEMA =
  '{ "type":"object","properties":{"n":{"type":"number","minimum":1.0,"maximum":1e2}},"zz":12345678901234567890 }'

const served = (body: string, name: ProviderName) =>
  body.replace(`"ask-${name}"`, JSON.stringify(SERVED))

const chatFields = (name: ProviderName, more = "") =>
  `"model"\t: "ask-${name}" ,"messages":[ {"role":"user","content":${ODD_TEXT},"zz":1.0e+2} ],"temperature":1.0,"seed":12345678901234567890${more}`

describe("passed byte for byte but the model's name", () => {
  const CASES = [
    ["chat", "/v1/chat/completions", chatFields("chat"), "/chat/v1/chat/completions"],
    ["embed", "/v1/embeddings", `"model":"ask-embed","input":${ODD_TEXT}`, "/embed/v1/embeddings"],
    [
      "azure",
      "/v1/chat/completions",
      chatFields("azure"),
      `/azure/openai/deployments/${encodeURIComponent(SERVED)}/chat/completions?api-version=2025-04-01-preview`,
    ],
    [
      "messages",
      "/v1/messages",
      `${chatFields("messages")},"max_tokens": 9`,
      "/messages/v1/messages",
    ],
    [
      "gemini",
      "/v1beta/models/ask-gemini:generateContent",
      `"contents":[{"parts":[{"text":${ODD_TEXT}}]}],"generationConfig":{"temperature":1.0}`,
      `/gemini/v1beta/models/${encodeURIComponent(SERVED)}:generateContent`,
    ],
    [
      "rerank",
      "/v2/rerank",
      `"model":"ask-rerank","query":${ODD_TEXT},"documents":["a" , "b"],"top_n": 1`,
      "/rerank/v2/rerank",
    ],
  ] as const
  test.each(CASES)("%s at %s", async (name, path, fields, upstreamPath) => {
    const body = odd(fields)
    expect(await send(path, body)).toEqual({ path: upstreamPath, body: served(body, name) })
  })

  test("a stream of Anthropic's, whose usage needs no asking", async () => {
    const body = odd(`${chatFields("messages")},"max_tokens":9,"stream" :true`)
    const answer = textOf(answerOf("Anthropic", "text", "stream").bytes)
    const once = { model: SERVED, times: 1 }
    await upstream.behave("messages", { body: answer, headers: STREAM_TYPE }, once)
    expect((await send("/v1/messages", body)).body).toBe(served(body, "messages"))
  })
})

describe("a stream of OpenAI's shape asks for usage, and nothing else is changed", () => {
  const ASK = '"include_usage":true'
  const CASES = [
    ["nothing", "", null],
    ["null", ',"stream_options" : null', `,"stream_options" : {${ASK}}`],
    ["an empty object", ',"stream_options":{ }', `,"stream_options":{${ASK} }`],
    [
      "no",
      ',"stream_options":{"include_usage" : false, "zz":1.0}',
      ',"stream_options":{"include_usage" : true, "zz":1.0}',
    ],
    [
      "another field",
      ',"stream_options":{"include_obfuscation":false}',
      `,"stream_options":{${ASK},"include_obfuscation":false}`,
    ],
    [
      "yes",
      ',"stream_options":{"include_usage":true }',
      ',"stream_options":{"include_usage":true }',
    ],
  ] as const
  test.each(CASES)("where the client said %s", async (_name, said, sent) => {
    const fields = (options: string) => odd(chatFields("chat", `,"stream": true${options}`))
    const want =
      sent === null ? fields("").replace("{", `{"stream_options":{${ASK}},`) : fields(sent)
    const { body } = await send("/v1/chat/completions", fields(said))
    expect(body).toBe(served(want, "chat"))
  })

  test("but not a vendor that does not know the field", async () => {
    const body = odd(chatFields("unasked", ',"stream":true'))
    expect((await send("/v1/chat/completions", body)).body).toBe(served(body, "unasked"))
  })
})

describe("translated requests keep digits and schemas as they were written", () => {
  const tool = `{"type":"function","function":{"name":"t","parameters":${SCHEMA}}}`
  const args = '{"n":1.0,"m":12345678901234567890,"k":1e2}'
  const body = (name: ProviderName) => `{"model":"ask-${name}","temperature":1.0,"top_p":1E-1,
    "max_tokens":64,"tools":[${tool}],"messages":[{"role":"user","content":${ODD_TEXT}},
    {"role":"assistant","tool_calls":[{"id":"c","type":"function",
      "function":{"name":"t","arguments":${JSON.stringify(args)}}}]},
    {"role":"tool","tool_call_id":"c","content":"1.0"}]}`
  test.each(["messages", "gemini"] as const)("from OpenAI's shape to %s", async (name) => {
    const { body: sent } = await send("/v1/chat/completions", body(name))
    for (const text of [SCHEMA, args, ":1.0", ":1E-1"]) expect(sent).toContain(text)
    expect(JSON.stringify(JSON.parse(sent))).toContain(JSON.stringify(JSON.parse(ODD_TEXT)))
  })

  test("from Anthropic's shape to OpenAI's", async () => {
    const tools = `[{"name":"t","input_schema":${SCHEMA}}]`
    const { body: sent } = await send(
      "/v1/messages",
      `{"model":"ask-chat","max_tokens":64,"temperature":1.0,"top_p":1E-1,"tools":${tools},
        "messages":[{"role":"user","content":${ODD_TEXT}}]}`,
    )
    for (const text of [SCHEMA, ":1.0", ":1E-1"]) expect(sent).toContain(text)
  })
})
