/** Speech and transcriptions through the whole pipeline. */
import { describe, expect, test } from "vitest"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import type { RawRequest } from "#proxy/exchange/ports.ts"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { buildForm, type FormPart, formField, parseForm } from "#proxy/wire/multipart.ts"
import type { PipelineSettings } from "./settings.ts"
import { type Act, createWorld, startChat, type World } from "./world.test-data.ts"

interface Asked {
  readonly surface: ModelSurfaceName
  readonly body?: unknown
  readonly raw?: Partial<RawRequest>
  readonly script: readonly Act[]
  readonly provider?: Partial<ProviderConfig>
  readonly settings?: Partial<PipelineSettings>
}

function ask({ surface, body, raw = {}, script, provider = {}, settings = {} }: Asked): World {
  const world = createWorld({ scripts: [script] })
  const one = makeProvider("one", { vendor: "OpenAI", pathPrefix: "/v1", ...provider })
  startChat(world, {
    surface: SURFACES[surface],
    runtime: makeRuntime({
      providers: { one },
      routes: [{ name: "audio/chat", rules: [makeRule({ backends: [makeBackend("one")] })] }],
    }),
    body,
    raw,
    settings,
  })
  world.advance(10)
  return world
}

const finalOf = (world: World) => [...world.finals.values()][0]
const errorOf = (world: World) => JSON.parse(world.client.body).error
const head = (type: string): Act => ({ head: 200, headers: { "content-type": type } })
const SAY = { model: "smart", input: "Hello there, world.", voice: "alloy", extra: 1 }
/** As `outputTokens` of the surface: 19 characters and two quotes, 20 tokens for each 15. */
const SPOKEN_TOKENS = 28

describe("speech", () => {
  const speak = (script: readonly Act[], more: Partial<Asked> = {}) =>
    ask({ surface: "openai-speech", body: SAY, script, ...more })

  test.each([
    ...["audio/mpeg", "audio/mp3", 'audio/webm; codecs="opus"', "audio/x-m4a"],
    ...["audio/pcm;rate=24000;channels=1", "audio/L16;rate=24000", "audio/vnd.wave"],
    ...["application/octet-stream", "binary/octet-stream"],
  ])("passes as it comes, as %s, and is settled on an estimate", (type) => {
    const world = speak([head(type), { data: "ID3" }, { data: "sound" }, { end: true }])
    const [request] = world.requests
    expect(request?.path).toBe("/v1/audio/speech")
    expect(JSON.parse(new TextDecoder().decode(toBytes(request?.body)))).toEqual({
      ...SAY,
      model: "served",
    })
    expect(request?.headers.slice(0, 4)).toEqual([
      ...["content-type", "application/json", "accept", "*/*"],
    ])
    expect(world.client).toMatchObject({ status: 200, body: "ID3sound", end_: "ended" })
    expect(world.client.headers["content-type"]).toBe(type)
    expect(finalOf(world)).toMatchObject({ outcome: "ok", source: "estimated" })
    expect(finalOf(world)?.usage.outputTokens).toBe(SPOKEN_TOKENS)
  })

  test("goes on with its first byte, before the upstream has ended", () => {
    const world = speak([head("audio/mpeg"), { data: "ID3" }, { at: 1000, data: "sound" }])
    expect(world.client.body).toBe("ID3")
    expect(world.client.end_).toBe("open")
  })

  test("as events: they pass, and their report is settled", () => {
    const usage = { input_tokens: 9, output_tokens: 40, total_tokens: 49 }
    const events = [
      `data: {"type":"speech.audio.delta","audio":"SUQz"}\n\n`,
      `data: ${JSON.stringify({ type: "speech.audio.done", usage })}\n\n`,
    ]
    const world = speak([
      head("text/event-stream"),
      ...events.map((data) => ({ data })),
      { end: true },
    ])
    expect(world.client.body).toBe(events.join(""))
    expect(finalOf(world)).toMatchObject({
      outcome: "ok",
      source: "reported",
      usage: { inputTokens: 9, cachedInputTokens: 0, outputTokens: 40, outputAudioTokens: 40 },
    })
  })

  test("events that break off are told in-band, and settled on the estimate", () => {
    const delta = `data: {"type":"speech.audio.delta","audio":"SUQz"}\n\n`
    const world = speak([head("text/event-stream"), { data: delta }, { end: true }])
    expect(world.client.body).toMatch(/"audio":"SUQz"}\n\nevent: error\ndata: .*upstream_truncated/)
    expect(world.client.end_).toBe("destroyed")
    expect(finalOf(world)).toMatchObject({ outcome: "truncated", source: "estimated" })
    expect(finalOf(world)?.usage.outputTokens).toBe(SPOKEN_TOKENS)
  })

  test("sound that breaks off is cut, and no word of ours is in it", () => {
    const failure = { kind: "reset", wasSent: true, detail: "reset" } as const
    const world = speak([head("audio/mpeg"), { data: "ID3" }, { fail: failure }])
    expect(world.client).toMatchObject({ body: "ID3", end_: "destroyed" })
    expect(finalOf(world)).toMatchObject({ outcome: "truncated", source: "estimated" })
  })

  test("sound that falls silent is cut at the idle deadline, without a word of ours", () => {
    const world = speak([head("audio/mpeg"), { data: "ID3" }])
    world.advance(600_000)
    expect(world.client).toMatchObject({ body: "ID3", end_: "destroyed" })
    expect(world.records[0]).toMatchObject({ status: 200, refusal: "upstream_timeout" })
    expect(finalOf(world)).toMatchObject({ outcome: "timeout", source: "estimated" })
    expect(world.timers()).toBe(0)
  })

  test("sound that never begins is a timeout that the client is told", () => {
    const world = speak([head("audio/mpeg")])
    world.advance(600_000)
    expect(world.client.status).toBe(504)
    expect(errorOf(world).code).toBe("upstream_timeout")
    expect(finalOf(world)?.usage.outputTokens).toBe(0)
  })

  test("a client that leaves ends the upstream's sound, which is settled on the estimate", () => {
    const world = speak([head("audio/mpeg"), { data: "ID3" }, { at: 1000, data: "sound" }])
    world.client.leave()
    expect(world.aborted.size).toBe(1)
    expect(finalOf(world)).toMatchObject({ outcome: "cancelled", source: "estimated" })
    expect(finalOf(world)?.usage.outputTokens).toBe(SPOKEN_TOKENS)
  })

  test("sound over the limit of an answer is cut", () => {
    const settings = { answerBytesMax: 5 }
    const world = speak([head("audio/mpeg"), { data: "ID3" }, { data: "sound" }], { settings })
    expect(world.client).toMatchObject({ body: "ID3", end_: "destroyed" })
    expect(world.aborted.size).toBe(1)
    expect(world.records[0]).toMatchObject({ refusal: "upstream_invalid_response" })
  })

  test.each([
    ["HTML", [head("text/html"), { data: "<p>" }, { end: true }]],
    ["JSON", [head("application/json"), { data: "{}" }, { end: true }]],
    ["a type that would be two headers", [head("audio/mpeg\r\nx: y"), { data: "a" }]],
    ["a type that nobody registered", [head("audio/mpeg; a=<b>"), { data: "a" }]],
    ["no byte", [head("audio/mpeg"), { end: true }]],
  ] as const)("%s instead of sound is 502", (_name, script) => {
    const world = speak(script)
    expect(world.client.status).toBe(502)
    expect(errorOf(world).code).toBe("upstream_invalid_response")
  })

  test.each([
    ["no text", { model: "smart", voice: "alloy" }, "invalid_value", "input"],
    ["no model", { input: "a" }, "invalid_value", "model"],
    ["a key", { ...SAY, api_key: "x" }, "forbidden_field", "api_key"],
  ])("refused: %s", (_name, body, code, param) => {
    const world = speak([], { body })
    expect(errorOf(world)).toMatchObject({ code, param })
    expect(world.requests).toEqual([])
  })

  test.each([{ schema: "Anthropic" }, { vendor: "Mistral" }] as const)(
    "%o has none",
    (provider) => {
      const world = speak([], { provider })
      expect(world.client.status).toBe(400)
      expect(errorOf(world).message).toMatch(/^provider one \(schema \w+\) does not serve speech/)
    },
  )
})

const SOUND = Uint8Array.from({ length: 32_000 }, (_, index) => index % 256)
const TOKENS = {
  type: "tokens",
  input_tokens: 30,
  input_token_details: { audio_tokens: 28, text_tokens: 2 },
  output_tokens: 5,
  total_tokens: 35,
}

describe("transcriptions", () => {
  type Fields = readonly (readonly [string, string])[]
  const parts = (fields: Fields, isComplete = true): readonly FormPart[] => {
    const file: FormPart = {
      name: "file",
      isFile: true,
      disposition: 'form-data; name="file"; filename="a.mp3"',
      contentType: "audio/mpeg",
      content: SOUND,
    }
    return [...(isComplete ? [file] : []), ...fields.map(([name, text]) => formField(name, text))]
  }
  const transcribe = (
    script: readonly Act[],
    fields: Fields = [],
    more: Partial<Asked> & { readonly parts?: readonly FormPart[] } = {},
  ) => {
    const body = buildForm(more.parts ?? parts([["model", "smart"], ...fields]), "theirs")
    const headers = { "content-type": "multipart/form-data; boundary=theirs" }
    return ask({
      surface: "openai-transcriptions",
      raw: { body, headers },
      script,
      ...more,
    })
  }
  const json = (answer: unknown): readonly Act[] => [
    head("application/json"),
    { data: JSON.stringify(answer) },
    { end: true },
  ]

  test("pass as a form of ours: the model replaced, all else as it came", () => {
    const fields = [
      ["response_format", "json"],
      ["timestamp_granularities[]", "word"],
      ["timestamp_granularities[]", "segment"],
      ["unknown", "ü"],
    ] as const
    const world = transcribe(json({ text: "Hello", usage: TOKENS }), fields)
    const [request] = world.requests
    expect(request?.path).toBe("/v1/audio/transcriptions")
    expect(request?.headers.slice(0, 4)).toEqual([
      ...["content-type", "multipart/form-data; boundary=sidegate-req-1", "accept", "*/*"],
    ])
    const want = parts([["model", "served"], ...fields])
    expect(parseForm(toBytes(request?.body), "sidegate-req-1")).toEqual({ ok: true, parts: want })
    expect(JSON.parse(world.client.body)).toEqual({ text: "Hello", usage: TOKENS })
    expect(world.client.headers["content-type"]).toBe("application/json")
    expect(finalOf(world)).toMatchObject({ outcome: "ok", source: "reported" })
    expect(finalOf(world)?.usage).toEqual({
      ...{ inputTokens: 30, cachedInputTokens: 0, inputAudioTokens: 28, outputTokens: 5 },
    })
  })

  test.each([
    ["by the recording's size", { text: "Hello" }, 20],
    ["by the seconds reported", { text: "Hello", usage: { type: "duration", seconds: 60 } }, 600],
    ["by Mistral's seconds", { text: "Hello", usage: { prompt_audio_seconds: 60 } }, 600],
    ["by the duration told", { text: "Hello", duration: 6.5 }, 65],
    ["not by nonsense", { text: "Hello", usage: { type: "duration", seconds: -1 } }, 20],
  ])("without tokens are estimated: %s", (_name, answer, inputAudioTokens) => {
    const world = transcribe(json(answer))
    expect(finalOf(world)).toMatchObject({ outcome: "ok", source: "estimated" })
    expect(finalOf(world)?.usage).toMatchObject({ inputAudioTokens, outputTokens: 2 })
  })

  test.each(["text/plain; charset=utf-8", "text/vtt", "application/x-subrip"])(
    "pass as text of type %s",
    (type) => {
      const world = transcribe([head(type), { data: "WEBVTT\n\nHello" }, { end: true }])
      expect(world.client).toMatchObject({ status: 200, body: "WEBVTT\n\nHello", end_: "ended" })
      expect(world.client.headers["content-type"]).toBe(type)
      expect(finalOf(world)).toMatchObject({ source: "estimated", usage: { outputTokens: 4 } })
    },
  )

  const events = (...all: readonly unknown[]): readonly string[] =>
    all.map((event) => `data: ${event === "[DONE]" ? event : JSON.stringify(event)}\n\n`)
  test.each([
    [
      "OpenAI's",
      events(
        { type: "transcript.text.delta", delta: "Hel" },
        { type: "transcript.text.delta", delta: "lo" },
        { type: "transcript.text.done", text: "Hello", usage: TOKENS },
      ),
    ],
    [
      "Mistral's",
      events(
        { type: "transcription.text.delta", text: "Hello" },
        { type: "transcription.done", text: "Hello", usage: TOKENS },
      ),
    ],
    [
      "vLLM's",
      events(
        { object: "transcription.chunk", choices: [{ delta: { content: "Hello" } }] },
        { object: "transcription.chunk", choices: [], usage: TOKENS },
        "[DONE]",
      ),
    ],
  ])("stream as events: %s", (_name, texts) => {
    const script: readonly Act[] = [
      head("text/event-stream"),
      ...texts.map((data) => ({ data })),
      { end: true },
    ]
    const world = transcribe(script, [["stream", "true"]])
    expect(world.client.body).toBe(texts.join(""))
    expect(world.client.headers["content-type"]).toMatch(/^text\/event-stream/)
    expect(finalOf(world)).toMatchObject({
      outcome: "ok",
      source: "reported",
      usage: { inputTokens: 30, outputTokens: 5 },
    })
  })

  test("come whole where the upstream has no stream of that model", () => {
    const world = transcribe(json({ text: "Hello", usage: TOKENS }), [["stream", "True"]])
    expect(world.client.status).toBe(200)
    expect(world.client.headers["content-type"]).toBe("application/json")
    expect(finalOf(world)).toMatchObject({ outcome: "ok", source: "reported" })
  })

  test.each([
    ["no text", json({ segments: [] })],
    ["an error", json({ error: { message: "x" }, text: "a" })],
    ["HTML", [head("text/html"), { data: "<p>" }, { end: true }]],
  ] as const)("%s instead of a transcript is 502", (_name, script) => {
    const world = transcribe(script)
    expect(errorOf(world).code).toBe("upstream_invalid_response")
  })

  const model = ["model", "smart"] as const
  test.each([
    ["no model", parts([]), "invalid_value", "model"],
    ["two models", parts([model, model]), "duplicate_key", "model"],
    ["two streams", parts([model, ["stream", "false"], ["stream", "true"]]), "duplicate_key"],
    ["no file", parts([model], false), "invalid_value", "file"],
    ["a file that is a field", parts([model, ["file", "x"]], false), "invalid_value", "file"],
    ["a stream of 1", parts([model, ["stream", "1"]]), "invalid_value", "stream"],
    ["a key", parts([model, ["api_key", "x"]]), "forbidden_field", "api_key"],
    ["65 parts", parts(Array.from({ length: 64 }, () => model)), "request_too_large"],
    [
      "a field that is no UTF-8",
      [...parts([model]), { ...formField("prompt", ""), content: SOUND }],
      "invalid_value",
      "prompt",
    ],
    [
      "a field in UTF-16",
      [...parts([model]), { ...formField("user", "a"), contentType: "text/plain; charset=utf-16" }],
      "invalid_value",
      "user",
    ],
    [
      "fields of 5 MiB",
      [...parts([model]), formField("prompt", "a".repeat(5 * 1024 * 1024))],
      "request_too_large",
    ],
  ] as const)("refused: %s", (_name, all, code, param?: string) => {
    const world = transcribe([], [], { parts: all })
    expect(errorOf(world)).toMatchObject({ code, ...(param === undefined ? {} : { param }) })
    expect(world.requests).toEqual([])
  })

  test("refused: a content-type without a boundary, and a body that is no form", () => {
    const headers = { "content-type": "multipart/form-data" }
    const unnamed = transcribe([], [], { raw: { headers } })
    expect(errorOf(unnamed)).toMatchObject({ code: "bad_request", param: "content-type" })
    const broken = transcribe([], [], {
      raw: { headers: { "content-type": "multipart/form-data; boundary=other" } },
    })
    expect(errorOf(broken).code).toBe("bad_request")
  })

  test("a provider without it is refused by name", () => {
    const world = transcribe([], [], { provider: { schema: "Anthropic" } })
    expect(errorOf(world)).toMatchObject({ code: "unsupported_parameter", param: "model" })
  })
})

function toBytes(body: Uint8Array | string | undefined): Uint8Array {
  return body instanceof Uint8Array ? body : new TextEncoder().encode(body ?? "")
}
