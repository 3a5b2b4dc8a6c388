/**
 * What an upstream is sent where a policy looks at bodies: a real gateway process with a
 * ModelPolicy that limits the output, beside one without, before an upstream process that keeps
 * what comes in.
 *
 * With the policy every byte is written anew: no white space of the client's between tokens is
 * left, and every field, escape and digit is. Without it the same bytes pass as they came. What is
 * expected is made from the client's text alone, by no code of the gateway's.
 */
import Anthropic from "@anthropic-ai/sdk"
import OpenAI from "openai"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { answerOf } from "#test/golden/providers/run-case.ts"
import { startUpstream, type TestUpstream } from "#test/upstream/client.ts"
import { manifestsOf } from "./manifests.ts"
import { lastNumber, ODD_NUMBERS, ODD_TEXT, odd, post, sendThrough } from "./recorded.ts"
import { type Standalone, startStandalone } from "./start-standalone.ts"

const LIMIT = 4096
const SERVED = "served/m:1@x"
const POLICY = `
apiVersion: sidegate.dev/v1alpha1
kind: ModelPolicy
metadata: {name: org-baseline}
spec:
  targets: {namespaces: {from: All}}
  parameters: {maxOutputTokens: ${LIMIT}}
---
apiVersion: sidegate.dev/v1alpha1
kind: ModelPolicy
metadata: {name: looser}
spec:
  targets: {namespaces: {from: All}}
  parameters: {maxOutputTokens: 100000}
`

/** Provider, its schema, and the first part of its path. */
const PROVIDERS = [
  ["openai", "schema: OpenAI\nvendor: OpenAI", "/v1"],
  ["older", "schema: OpenAI", "/v1"],
  ["anthropic", "schema: Anthropic", ""],
  ["gemini", "schema: Gemini", ""],
] as const

let upstream: TestUpstream
let bounded: Standalone
let plain: Standalone

beforeAll(async () => {
  upstream = await startUpstream()
  const files = Object.fromEntries(
    PROVIDERS.map(([name, spec, path]) => {
      const endpoint = `${upstream.origin}/${name}${path}`
      const provider = { name, spec, endpoint, models: [`ask-${name}`], served: SERVED }
      return [`${name}.yaml`, manifestsOf({ ...provider, attempts: 1 })]
    }),
  )
  plain = await startStandalone({ files })
  bounded = await startStandalone({ files: { ...files, "policy.yaml": POLICY } })
})
afterAll(async () => {
  await plain?.program.stop()
  await bounded?.program.stop()
  await upstream?.stop()
})

/** What stands between tokens is taken out, whatever stands within a string. */
const tight = (text: string) =>
  text.replaceAll(/"(?:[^"\\]|\\.)*"|\s+/g, (part) => (part.startsWith('"') ? part : ""))
/** `fields` behind the last member of the body, as a policy adds them. */
const withLast = (text: string, fields: string) => `${tight(text).slice(0, -1)},${fields}}`
const served = (text: string) => text.replace(/"ask-[a-z]+"/, JSON.stringify(SERVED))

const SCHEMA =
  '{ "type":"object","properties":{"n":{"type":"number","minimum":1.0,"maximum":1E2}},"zz":12345678901234567890 }'
const UNKNOWN = `"zz" : { "n" : ${ODD_NUMBERS} , "deep":[ [ 2.50e00 ,{"m":-0.0} ] ] }`
const TEMPERATURE = '"temperature" : 1.0 , "seed":12345678901234567890'

interface Shape {
  readonly provider: (typeof PROVIDERS)[number][0]
  readonly path: string
  readonly streamPath?: string
  /** Fields without a limit; unknown ones at every level. */
  readonly fields: string
  /** Fields that say a limit. */
  readonly said: string
  /** What is added where nothing is said, or put in the place of `unsaid`. */
  readonly added: string
  /** What says nothing where the shape requires the field. */
  readonly unsaid?: string
  /** Of whole answers and of streams; absent: as the upstream answers by itself. */
  readonly answers?: readonly [whole: string, stream: string]
  /** Where the client has to ask for usage in its streams. */
  readonly asks?: true
}

const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
const answersOf = (column: "Anthropic" | "Gemini") =>
  [
    textOf(answerOf(column, "text", "whole").bytes),
    textOf(answerOf(column, "text", "stream").bytes),
  ] as const
const CONTENT = `[ { "role":"user","content" : ${ODD_TEXT} , ${UNKNOWN} } ]`
const RESPONSE =
  '{"id":"r","object":"response","output":[],"usage":{"input_tokens":1,"output_tokens":1}}'

const SHAPES: Readonly<Record<string, Shape>> = {
  "Chat Completions": {
    provider: "openai",
    path: "/v1/chat/completions",
    fields:
      `"model" : "ask-openai","messages":${CONTENT} , ${TEMPERATURE} , ` +
      `"tools" : [ {"type":"function","function":{"name":"t","parameters":${SCHEMA},"zz":1.0}} ]`,
    said: '"max_tokens" : 1.5E3',
    added: `"max_completion_tokens":${LIMIT}`,
    asks: true,
  },
  Completions: {
    provider: "openai",
    path: "/v1/completions",
    fields: `"model":"ask-openai" , "prompt":${ODD_TEXT} , ${TEMPERATURE} , ${UNKNOWN}`,
    said: '"max_tokens" : 1.5E3',
    added: '"max_tokens":16',
    asks: true,
  },
  Responses: {
    provider: "openai",
    path: "/v1/responses",
    fields:
      `"input" : ${CONTENT} , "model" : "ask-openai" , ${TEMPERATURE} , ` +
      `"tools":[ {"type":"function","name":"t","parameters":${SCHEMA} , ${UNKNOWN} } ]`,
    said: '"max_output_tokens" : 1.5E3',
    added: `"max_output_tokens":${LIMIT}`,
    answers: [
      RESPONSE,
      `event: response.completed\ndata: {"type":"response.completed","response":${RESPONSE}}\n\n`,
    ],
  },
  Messages: {
    provider: "anthropic",
    path: "/v1/messages",
    fields:
      `"model":"ask-anthropic","messages" : ${CONTENT} , "temperature":1.0 , ` +
      `"tools":[ {"name":"t","input_schema":${SCHEMA} , ${UNKNOWN} } ]`,
    said: '"max_tokens" : 1.5E3',
    unsaid: '"max_tokens":null',
    added: `"max_tokens":${LIMIT}`,
    answers: answersOf("Anthropic"),
  },
  generateContent: {
    provider: "gemini",
    path: "/v1beta/models/ask-gemini:generateContent",
    streamPath: "/v1beta/models/ask-gemini:streamGenerateContent?alt=sse",
    fields:
      `"contents" : [ {"parts":[ {"text":${ODD_TEXT} , ${UNKNOWN} } ] } ] , ` +
      `"tools":[ {"functionDeclarations":[ {"name":"t","parametersJsonSchema":${SCHEMA} } ] } ]`,
    said: '"generation_config" : { "top_k":40 , "max_output_tokens" : 1.5E3 , "zz" : 1.0 }',
    added: `"generationConfig":{"maxOutputTokens":${LIMIT}}`,
    answers: answersOf("Gemini"),
  },
}

const ASK = '"stream_options":{"include_usage":true}'
const CASES = Object.entries(SHAPES).flatMap(([name, shape]) =>
  (["whole", "stream"] as const).map((mode) => ({ name, mode, shape })),
)

describe.each(CASES)("$name, $mode", ({ mode, shape }) => {
  const isStream = mode === "stream"
  const path = (isStream ? shape.streamPath : undefined) ?? shape.path
  const fields = (more: string) => {
    const all = [shape.fields, ...(more === "" ? [] : [more])]
    if (isStream && shape.streamPath === undefined) all.push('"stream" :\ttrue')
    return odd(all.join(" , "))
  }
  /** With what a stream of OpenAI's older shapes asks for. */
  const asking = (body: string) =>
    isStream && shape.asks === true ? body.replace("{", `{${ASK},`) : body

  async function send(gateway: Standalone, body: string) {
    const [whole, stream] = shape.answers ?? [null, null]
    const answer = isStream ? stream : whole
    if (answer !== null) {
      const type = isStream ? "text/event-stream" : "application/json"
      const headers = { "content-type": type }
      await upstream.behave(shape.provider, { body: answer, headers }, { times: 1 })
    }
    return (await sendThrough(gateway.origin, upstream, path, body)).body
  }

  test("a limit that the client set, beside fields that nobody knows", async () => {
    const body = fields(shape.said)
    expect(await send(bounded, body)).toBe(asking(served(tight(body))))
  })

  test("a limit that the policy sets is all that is added", async () => {
    const { unsaid, added } = shape
    const body = fields(unsaid ?? "")
    const written =
      unsaid === undefined ? withLast(body, added) : tight(body).replace(unsaid, added)
    expect(await send(bounded, body)).toBe(asking(served(written)))
  })

  test("without the policy the same bytes pass as they came", async () => {
    const body = fields(shape.said)
    expect(await send(plain, body)).toBe(asking(served(body)))
  })
})

test("a server of unknown make is told the older name, at the client's place of the newer", async () => {
  const rest = `"model":"ask-older","messages" : ${CONTENT}`
  const said = odd(`"max_completion_tokens" : 1.5E3 , ${rest}`)
  const sent = await sendThrough(bounded.origin, upstream, "/v1/chat/completions", said)
  expect(sent.body).toBe(served(tight(said)).replace("max_completion_tokens", "max_tokens"))
  const unsaid = odd(rest)
  const given = await sendThrough(bounded.origin, upstream, "/v1/chat/completions", unsaid)
  expect(given.body).toBe(served(withLast(unsaid, `"max_tokens":${LIMIT}`)))
})

test("embeddings of the same namespace pass as they came: no policy looks at them", async () => {
  const vectors = '{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5]}]}'
  await upstream.behave("openai", { body: vectors }, { times: 1 })
  const body = odd('"model":"ask-openai" , "input" : "a" , "max_tokens":999999')
  const { body: sent } = await sendThrough(bounded.origin, upstream, "/v1/embeddings", body)
  expect(sent).toBe(served(body))
})

describe("more than the limit is 400 in the caller's shape, and no upstream hears of it", () => {
  const sentence = (field: string) =>
    `${field} is 4097; ModelPolicy org-baseline allows at most ${LIMIT} output tokens`
  const MESSAGES = [{ role: "user" as const, content: "Hello" }]

  async function caught(call: () => Promise<unknown>): Promise<unknown> {
    const before = await lastNumber(upstream)
    const error = await call().then(
      () => expect.fail("it was answered"),
      (reason: unknown) => reason,
    )
    expect(await lastNumber(upstream)).toBe(before)
    return error
  }

  test("for OpenAI's SDK, which does not repeat it", async () => {
    const client = new OpenAI({ apiKey: "placeholder", baseURL: `${bounded.origin}/v1` })
    const chat = { model: "ask-openai", messages: MESSAGES }
    const calls = [
      ["max_tokens", () => client.chat.completions.create({ ...chat, max_tokens: 4097 })],
      [
        "max_completion_tokens",
        () =>
          client.chat.completions.create({ ...chat, max_completion_tokens: 4097, stream: true }),
      ],
      [
        "max_output_tokens",
        () => client.responses.create({ model: "ask-openai", input: "a", max_output_tokens: 4097 }),
      ],
      [
        "max_tokens",
        () => client.completions.create({ model: "ask-openai", prompt: "a", max_tokens: 4097 }),
      ],
    ] as const
    for (const [param, call] of calls) {
      const error = await caught(async () => call())
      expect(error).toBeInstanceOf(OpenAI.BadRequestError)
      expect(error).toMatchObject({
        status: 400,
        code: "invalid_value",
        type: "invalid_request_error",
        param,
        error: { message: sentence(param) },
      })
    }
  })

  test("for Anthropic's SDK", async () => {
    const client = new Anthropic({ apiKey: "placeholder", baseURL: bounded.origin })
    const asked = { model: "ask-anthropic", max_tokens: 4097, messages: MESSAGES }
    const error = await caught(async () => client.messages.create(asked))
    expect(error).toBeInstanceOf(Anthropic.BadRequestError)
    expect(error).toMatchObject({
      status: 400,
      error: { error: { type: "invalid_request_error", message: sentence("max_tokens") } },
    })
  })

  test("for a client of Gemini's", async () => {
    const body = JSON.stringify({
      contents: [{ parts: [{ text: "Hello" }] }],
      generationConfig: { maxOutputTokens: 4097 },
    })
    const before = await lastNumber(upstream)
    const path = "/v1beta/models/ask-gemini:generateContent"
    const { status, text } = await post(bounded.origin, path, body)
    expect(status).toBe(400)
    expect(JSON.parse(text)).toMatchObject({
      error: {
        code: 400,
        status: "INVALID_ARGUMENT",
        message: sentence("/generationConfig/maxOutputTokens"),
      },
    })
    expect(await lastNumber(upstream)).toBe(before)
  })
})
