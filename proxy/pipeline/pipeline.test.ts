import { describe, expect, test } from "vitest"
import { refuse } from "#proxy/exchange/refusal.ts"
import {
  makeBackend,
  makeRule,
  makeRuntime,
  makeSnapshot,
} from "#proxy/runtime/samples.test-data.ts"
import { SURFACES } from "#proxy/surfaces/registry.ts"
import { handleModelCall, refuseRequest } from "./pipeline.ts"
import { PIPELINE_SETTINGS } from "./settings.ts"
import {
  type Act,
  CHAT,
  createWorld,
  KEY,
  makeRaw,
  startChat,
  type World,
} from "./world.test-data.ts"

const USAGE = {
  prompt_tokens: 100,
  completion_tokens: 10,
  prompt_tokens_details: { cached_tokens: 40 },
}
const ANSWER = JSON.stringify({
  id: "x",
  choices: [{ index: 0, message: { role: "assistant", content: "Hi!" }, finish_reason: "stop" }],
  usage: USAGE,
})
const STREAM_HEAD: Act = { head: 200, headers: { "content-type": "text/event-stream" } }
const event = (body: unknown): string => `data: ${JSON.stringify(body)}\n\n`
const delta = (fields: unknown): string =>
  event({ choices: [{ index: 0, delta: fields, finish_reason: null }] })
const ROLE = delta({ role: "assistant", content: "" })
const WORD = delta({ content: "Hello" })
const WORD_2 = delta({ content: " world" })
const FINISH = event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })
const REPORT = event({ choices: [], usage: USAGE })
const DONE = "data: [DONE]\n\n"
const RESET = { kind: "reset", wasSent: true, detail: "connection reset" } as const
const CONNECT = { kind: "connect", wasSent: false, detail: "connection refused" } as const
const STREAM = { ...CHAT, stream: true }

const answers = (...parts: string[]): readonly Act[] => [
  { head: 200 },
  ...parts.map((data) => ({ data })),
  { end: true },
]
const streams = (...parts: string[]): readonly Act[] => [
  STREAM_HEAD,
  ...parts.map((data) => ({ data })),
  { end: true },
]
const status = (
  head: number,
  headers: Record<string, string> = {},
  body = "{}",
): readonly Act[] => [{ head, headers }, { data: body }, { end: true }]

/** What must hold on every way out, whatever happened. */
function expectClosed(world: World): void {
  expect(world.records).toHaveLength(1)
  expect(world.client.end_).not.toBe("open")
  expect([...world.finals.keys()].sort()).toEqual(world.intents.map(({ id }) => id).sort())
  expect(world.timers()).toBe(0)
  expect(world.records[0]?.attempts).toHaveLength(world.intents.length)
}

function errorOf(world: World): unknown {
  return JSON.parse(world.client.body).error
}

const SIGNATURE = { "x-amzn-errortype": "InvalidSignatureException:http://x/" }

interface Path {
  readonly name: string
  readonly scripts: readonly (readonly Act[])[]
  readonly body?: unknown
  readonly headers?: Record<string, string>
  readonly advance?: number
  readonly status: number
  readonly code?: string
  readonly attempts: readonly string[]
  readonly bodyHas?: string
  readonly bodyLacks?: string
  readonly end?: "ended" | "destroyed"
  readonly refusal?: string
}

const PATHS: readonly Path[] = [
  {
    name: "a whole answer passes byte for byte",
    scripts: [answers(ANSWER.slice(0, 20), ANSWER.slice(20))],
    status: 200,
    attempts: ["ok"],
    bodyHas: ANSWER,
  },
  {
    name: "a stream passes and its usage event is hidden from a client that did not ask",
    scripts: [streams(ROLE + WORD, WORD_2, FINISH, REPORT + DONE)],
    body: STREAM,
    status: 200,
    attempts: ["ok"],
    bodyHas: ROLE + WORD + WORD_2 + FINISH + DONE,
    bodyLacks: "prompt_tokens",
  },
  {
    name: "a stream passes whole to a client that asked for usage",
    scripts: [streams(ROLE + WORD, FINISH + REPORT + DONE)],
    body: { ...STREAM, stream_options: { include_usage: true } },
    status: 200,
    attempts: ["ok"],
    bodyHas: ROLE + WORD + FINISH + REPORT + DONE,
  },
  {
    name: "a connect error fails over to the next priority",
    scripts: [[{ fail: CONNECT }], answers(ANSWER)],
    status: 200,
    attempts: ["upstream-error", "ok"],
    bodyHas: ANSWER,
  },
  {
    name: "a handler that is called within the dispatch is served the same way",
    scripts: [[{ sync: [{ fail: CONNECT }] }], [{ sync: answers(ANSWER) }]],
    status: 200,
    attempts: ["upstream-error", "ok"],
  },
  {
    name: "a 503 fails over at once while its body is drained",
    scripts: [status(503), answers(ANSWER)],
    status: 200,
    attempts: ["upstream-error", "ok"],
  },
  {
    name: "a 429 fails over",
    scripts: [status(429, { "retry-after": "7" }), answers(ANSWER)],
    status: 200,
    attempts: ["upstream-error", "ok"],
  },
  {
    name: "429 from everyone is 429 with the shortest wait",
    scripts: [status(429, { "retry-after": "30" }), status(429, { "retry-after": "7" })],
    status: 429,
    code: "rate_limit_exceeded",
    attempts: ["upstream-error", "upstream-error"],
  },
  {
    name: "a refused credential tries another target without any trigger",
    scripts: [status(401, {}, '{"error":{"message":"bad key sk-123"}}'), answers(ANSWER)],
    status: 200,
    attempts: ["upstream-error", "ok"],
  },
  {
    name: "refused credentials everywhere are 502 and the body is replaced",
    scripts: [status(401, {}, "sk-123"), status(403, {}, "sk-456")],
    status: 502,
    code: "upstream_auth_failed",
    attempts: ["upstream-error", "upstream-error"],
    bodyLacks: "sk-",
  },
  {
    name: "a refused credential with the status of a bad request is one all the same",
    scripts: [
      status(400, {}, '{"code":"x","error":"Incorrect API key provided: xa***f9. Obtain one."}'),
      status(400, {}, '{"error":{"message":"API key not valid. Please pass a valid API key."}}'),
    ],
    status: 502,
    code: "upstream_auth_failed",
    attempts: ["upstream-error", "upstream-error"],
    bodyLacks: "xa***f9",
  },
  {
    name: "an account without credit tries another target",
    scripts: [status(402, {}, '{"error":{"message":"Insufficient Balance"}}'), answers(ANSWER)],
    status: 200,
    attempts: ["upstream-error", "ok"],
  },
  {
    name: "an account without credit says so with a 400 or a 429 too, and waiting is no use",
    scripts: [
      status(400, {}, '{"error":{"message":"Your credit balance is too low to access it"}}'),
      status(429, {}, '{"error":{"message":"You exceeded","code":"insufficient_quota"}}'),
    ],
    status: 502,
    code: "upstream_auth_failed",
    attempts: ["upstream-error", "upstream-error"],
    bodyHas: "provider two wants its account to be paid (insufficient_quota), after 2 attempts",
    bodyLacks: "exceeded",
  },
  {
    name: "why a credential is refused is told by its name, from the head too",
    scripts: [
      status(401, {}, '{"error":{"message":"sk-1","code":"invalid_api_key"}}'),
      status(403, { "x-amzn-errortype": "AccessDeniedException:http://x/" }, '{"message":"sk-1"}'),
    ],
    status: 502,
    code: "upstream_auth_failed",
    attempts: ["upstream-error", "upstream-error"],
    bodyHas: "provider two refused our credentials (status 403, AccessDeniedException), after 2",
    bodyLacks: "sk-",
  },
  {
    name: "a clock that is off is told as that: no other key would help",
    scripts: [
      status(403, SIGNATURE, '{"message":"Signature expired: 20260101T000000Z is now earlier"}'),
      status(400, SIGNATURE, '{"message":"Signature not yet current: 20260101T000000Z is"}'),
    ],
    status: 502,
    code: "upstream_auth_failed",
    attempts: ["upstream-error", "upstream-error"],
    bodyHas:
      "provider two refused our signature, as this node's clock is off " +
      "(status 400, InvalidSignatureException), after 2",
    bodyLacks: "20260101",
  },
  {
    name: "what AWS says of our keys and rate with the status of a bad request is no client's fault",
    scripts: [
      status(400, { "x-amzn-errortype": "ExpiredTokenException" }, '{"message":"expired"}'),
      status(400, { "x-amzn-errortype": "ThrottlingException:http://x/" }, '{"message":"slow"}'),
    ],
    status: 502,
    code: "upstream_failed",
    attempts: ["upstream-error", "upstream-error"],
    bodyLacks: "slow",
  },
  {
    name: "the words of a refused credential are waited for a moment, no longer",
    scripts: [[{ head: 401 }, { at: 900, end: true }], answers(ANSWER)],
    advance: 251,
    status: 200,
    attempts: ["upstream-error", "ok"],
  },
  {
    name: "a model that failed is no mistake of the client",
    scripts: [status(424, {}, '{"message":"model error"}'), status(498), answers(ANSWER)],
    status: 200,
    attempts: ["upstream-error", "upstream-error", "ok"],
  },
  {
    name: "a missing credential everywhere is 503",
    scripts: [
      [{ fail: { kind: "credential-missing", wasSent: false, detail: "no key" } }],
      [{ fail: { kind: "credential-missing", wasSent: false, detail: "no key" } }],
    ],
    status: 503,
    code: "credential_missing",
    attempts: ["upstream-error", "upstream-error"],
  },
  {
    name: "a 400 of the upstream is passed on once, in our shape",
    scripts: [
      status(
        400,
        {},
        '{"error":{"message":"too hot","param":"temperature","code":"bad","extra":1}}',
      ),
    ],
    status: 400,
    code: "bad",
    attempts: ["upstream-error"],
    bodyLacks: "extra",
  },
  {
    name: "a 404 without words gets ours",
    scripts: [status(404, {}, "<html>")],
    status: 404,
    attempts: ["upstream-error"],
    bodyHas: "provider one refused the request with status 404",
  },
  {
    name: "a 4xx whose body is cut is passed on all the same",
    scripts: [[{ head: 422 }, { data: '{"err' }, { fail: RESET }]],
    status: 422,
    attempts: ["upstream-error"],
  },
  {
    name: "500s everywhere go round until the attempts are used up",
    scripts: [status(500), status(500), status(500)],
    status: 502,
    code: "upstream_failed",
    attempts: ["upstream-error", "upstream-error", "upstream-error"],
    bodyHas: "after 3 attempts",
  },
  {
    name: "an answer that is no JSON is 502, and nobody is asked twice",
    scripts: [answers("<html>"), answers("[]")],
    status: 502,
    code: "upstream_invalid_response",
    attempts: ["upstream-error", "upstream-error"],
  },
  {
    name: "an error with status 200 is no answer",
    scripts: [answers('{"error":{"message":"no"}}'), answers(ANSWER)],
    status: 200,
    attempts: ["upstream-error", "ok"],
  },
  {
    name: "an answer in a content coding is no answer",
    scripts: [
      [{ head: 200, headers: { "content-encoding": "gzip" } }, { data: ANSWER }, { end: true }],
      answers(ANSWER),
    ],
    status: 200,
    attempts: ["upstream-error", "ok"],
  },
  {
    name: "an answer that is cut goes to another target",
    scripts: [[{ head: 200 }, { data: ANSWER.slice(0, 9) }, { fail: RESET }], answers(ANSWER)],
    status: 200,
    attempts: ["upstream-error", "ok"],
  },
  {
    name: "a redirect is never followed",
    scripts: [status(302, { location: "http://169.254.169.254/" }), status(204)],
    status: 502,
    code: "upstream_invalid_response",
    attempts: ["upstream-error", "upstream-error"],
  },
  {
    name: "a whole answer where a stream is due is no answer",
    scripts: [answers(ANSWER), streams(WORD, FINISH, DONE)],
    body: STREAM,
    status: 200,
    attempts: ["upstream-error", "ok"],
  },
  {
    name: "a stream cut after its role event fails over and the role is not doubled",
    scripts: [[STREAM_HEAD, { data: ROLE }, { fail: RESET }], streams(ROLE, WORD, FINISH, DONE)],
    body: STREAM,
    status: 200,
    attempts: ["upstream-error", "ok"],
    bodyHas: ROLE + WORD + FINISH + DONE,
  },
  {
    name: "a first event that is an error fails over",
    scripts: [streams(event({ error: { message: "overloaded" } })), streams(WORD, DONE)],
    body: STREAM,
    status: 200,
    attempts: ["upstream-error", "ok"],
    bodyLacks: "overloaded",
  },
  {
    name: "a stream cut after content ends with an error and no [DONE]",
    scripts: [[STREAM_HEAD, { data: ROLE + WORD + WORD_2.slice(0, 30) }, { fail: RESET }]],
    body: STREAM,
    status: 200,
    attempts: ["truncated"],
    bodyHas: `${ROLE + WORD}event: error\ndata: {"error":{`,
    bodyLacks: "[DONE]",
    end: "destroyed",
    refusal: "upstream_truncated",
  },
  {
    name: "a stream that closes without [DONE] after its finish reason is complete",
    scripts: [streams(WORD, FINISH + REPORT)],
    body: STREAM,
    status: 200,
    attempts: ["ok"],
    bodyHas: WORD + FINISH,
    bodyLacks: "error",
  },
  {
    name: "a stream that is cut after its finish reason is not complete",
    scripts: [[STREAM_HEAD, { data: WORD + FINISH }, { fail: RESET }]],
    body: STREAM,
    status: 200,
    attempts: ["truncated"],
    bodyHas: "upstream_truncated",
    end: "destroyed",
    refusal: "upstream_truncated",
  },
  {
    name: "a stream that closes before its finish reason is not complete",
    scripts: [streams(WORD, WORD_2)],
    body: STREAM,
    status: 200,
    attempts: ["truncated"],
    bodyHas: "upstream_truncated",
    end: "destroyed",
    refusal: "upstream_truncated",
  },
  {
    name: "an error event after content is an in-band error of ours",
    scripts: [
      streams(
        WORD,
        event({ error: { message: "key sk-9 exploded", code: "tool_use_failed" } }),
        DONE,
      ),
    ],
    body: STREAM,
    status: 200,
    attempts: ["truncated"],
    bodyHas: "reported an error in its stream (tool_use_failed)",
    bodyLacks: "sk-9",
    end: "destroyed",
    refusal: "upstream_truncated",
  },
  {
    name: "silence before the first token fails over after its deadline",
    scripts: [[], streams(WORD, DONE)],
    body: STREAM,
    advance: 5000,
    status: 200,
    attempts: ["timeout", "ok"],
  },
  {
    name: "keep-alive comments are not a first token",
    scripts: [
      [
        STREAM_HEAD,
        { at: 2000, data: ": ping\n\n" },
        { at: 2000, data: ": ping\n\n" },
        { at: 2000, data: WORD },
      ],
      streams(WORD_2, DONE),
    ],
    body: STREAM,
    advance: 5000,
    status: 200,
    attempts: ["timeout", "ok"],
    bodyHas: WORD_2,
    bodyLacks: "Hello",
  },
  {
    name: "streams without content are given up, in the name of the limit that passed",
    scripts: [[STREAM_HEAD], [STREAM_HEAD], [STREAM_HEAD]],
    body: STREAM,
    advance: 20_000,
    status: 504,
    code: "upstream_timeout",
    attempts: ["timeout", "timeout", "timeout"],
    bodyHas:
      "sent no content within 5000 ms (timeouts.firstToken of AIRoute search/chat, rule default)" +
      ", after 3 attempts",
  },
  {
    name: "a stream that falls silent ends with an in-band timeout",
    scripts: [[STREAM_HEAD, { data: WORD }, { at: 9000, data: WORD_2 }]],
    body: STREAM,
    advance: 19_000,
    status: 200,
    attempts: ["timeout"],
    bodyHas:
      "was silent for 10000 ms within its answer (timeouts.streamIdle of AIRoute search/chat, " +
      "rule default)",
    bodyLacks: "[DONE]",
    end: "destroyed",
    refusal: "upstream_timeout",
  },
  {
    name: "a whole answer is waited for until the request's deadline",
    scripts: [[{ head: 200, at: 59_000 }]],
    advance: 60_000,
    status: 504,
    code: "upstream_timeout",
    attempts: ["timeout"],
    bodyHas:
      "had not finished within 60000 ms (timeouts.request of AIRoute search/chat, rule default)",
  },
  {
    name: "x-sidegate-timeout-ms lowers the deadline",
    scripts: [[]],
    headers: { "x-sidegate-timeout-ms": "250" },
    advance: 250,
    status: 504,
    code: "upstream_timeout",
    attempts: ["timeout"],
    bodyHas: "had not finished within 250 ms (the request's x-sidegate-timeout-ms)",
  },
  {
    name: "an upstream that stays open after [DONE] is cut off",
    scripts: [[STREAM_HEAD, { data: WORD + DONE }]],
    body: STREAM,
    advance: 1000,
    status: 200,
    attempts: ["ok"],
    bodyHas: WORD + DONE,
  },
  {
    name: "an event without end is refused before it fills the memory",
    scripts: [[STREAM_HEAD, { data: WORD }, { data: `data: {"x":"${"y".repeat(1 << 24)}` }]],
    body: STREAM,
    status: 200,
    attempts: ["truncated"],
    bodyHas: "upstream_invalid_response",
    end: "destroyed",
    refusal: "upstream_invalid_response",
  },
]

describe("every way through closes once", () => {
  test.each(PATHS)("$name", (path) => {
    const world = createWorld({ scripts: path.scripts })
    startChat(world, { body: path.body ?? CHAT, raw: { headers: path.headers ?? {} } })
    world.advance(path.advance ?? 0)
    // Backoff pauses and drains end by themselves.
    if (path.advance === undefined) world.advance(2000)
    expect(world.client.status).toBe(path.status)
    expect(world.records[0]?.attempts.map(({ outcome }) => outcome)).toEqual(path.attempts)
    if (path.code !== undefined) expect(errorOf(world)).toMatchObject({ code: path.code })
    if (path.bodyHas !== undefined) expect(world.client.body).toContain(path.bodyHas)
    if (path.bodyLacks !== undefined) expect(world.client.body).not.toContain(path.bodyLacks)
    expect(world.client.end_).toBe(path.end ?? "ended")
    const refusal = path.refusal ?? (path.status >= 429 ? path.code : undefined)
    expect(world.records[0]?.refusal ?? undefined).toBe(refusal)
    expect(world.requests).toHaveLength(path.attempts.length)
    expectClosed(world)
  })

  const CUTS = PATHS.flatMap((path) => [0, 1, 2, 3].map((steps) => ({ path, steps })))
  test.each(CUTS)("$path.name, and the client leaves after $steps acts", ({ path, steps }) => {
    const slow = path.scripts.map((acts) =>
      acts.map((act) => ("sync" in act ? act : { ...act, at: (act.at ?? 0) + 10 })),
    )
    const world = createWorld({ scripts: slow })
    startChat(world, { body: path.body ?? CHAT })
    world.advance(steps * 10 + 5)
    const wasOpen = world.client.end_ === "open"
    world.client.leave()
    if (wasOpen) world.client.end_ = "destroyed"
    world.advance(3000)
    expect(world.records[0]?.isClientGone).toBe(wasOpen)
    expectClosed(world)
  })

  test.each(CUTS)("$path.name, and the gateway ends after $steps acts", ({ path, steps }) => {
    const slow = path.scripts.map((acts) =>
      acts.map((act) => ("sync" in act ? act : { ...act, at: (act.at ?? 0) + 10 })),
    )
    const world = createWorld({ scripts: slow })
    startChat(world, { body: path.body ?? CHAT })
    world.advance(steps * 10 + 5)
    const wasOpen = world.client.end_ === "open"
    const hadBegun = world.client.status !== null
    world.client.cut()
    world.advance(3000)
    if (wasOpen) {
      expect(world.records[0]?.refusal).toBe("draining")
      expect(world.client.body).toContain('"code":"draining"')
      expect(world.client.body).not.toContain("[DONE]")
      expect(world.client.status).toBe(hadBegun ? 200 : 503)
      expect(world.client.end_).toBe(hadBegun ? "destroyed" : "ended")
    }
    expectClosed(world)
  })

  test("while memory is short a new stream is refused, and a whole answer is given", () => {
    const refuseStream = refuse("overloaded", "memory is short", { retryAfterSeconds: 1 })
    const stream = createWorld({ scripts: [], refuseStream })
    startChat(stream, { body: STREAM })
    expect(stream.client.status).toBe(503)
    expect(stream.client.headers["retry-after"]).toBe("1")
    expect(errorOf(stream)).toMatchObject({ code: "overloaded" })
    expectClosed(stream)
    const whole = createWorld({ scripts: [answers(ANSWER)], refuseStream })
    startChat(whole)
    whole.advance(10)
    expect(whole.client.status).toBe(200)
    expectClosed(whole)
  })

  test("the client leaves before the journal has the intent: nothing is dispatched", () => {
    const world = createWorld({ scripts: [], holdJournal: true })
    startChat(world)
    world.client.leave()
    expect(world.finals.size).toBe(0)
    world.releaseJournal()
    world.client.end_ = "destroyed"
    expect(world.requests).toHaveLength(0)
    expect(world.finals.get("boot-1")).toMatchObject({
      outcome: "cancelled",
      usage: { inputTokens: 0, outputTokens: 0 },
      cost: 0,
    })
    expectClosed(world)
  })
})

describe("what is charged", () => {
  const finalOf = (world: World): unknown => [...world.finals.values()].at(-1)

  test("reported usage settles with cached tokens at their own price", () => {
    const world = createWorld({ scripts: [answers(ANSWER)] })
    startChat(world)
    world.advance(10)
    expect(finalOf(world)).toMatchObject({
      outcome: "ok",
      status: 200,
      source: "reported",
      usage: { inputTokens: 100, cachedInputTokens: 40, outputTokens: 10 },
      cost: 60 * 2500 + 40 * 1250 + 10 * 10_000,
    })
    expect(world.client.headers["x-sidegate-cost-usd"]).toBe("0.0003")
    expect(world.intents[0]).toMatchObject({
      id: "boot-1",
      operation: "req-1",
      attempt: 1,
      route: "search/chat",
      rule: "default",
      provider: "one",
      model: "served",
      requestedModel: "smart",
      stream: false,
    })
  })

  test("every part that is told is settled at its price, and the tier that the prompt reaches", () => {
    const tariff = {
      input: 1000,
      cachedInput: 100,
      cacheWrite: 1250,
      inputAudio: 5000,
      output: 2000,
      outputAudio: 8000,
    }
    const tier = { ...tariff, input: 10_000, output: 20_000, aboveInputTokens: 99 }
    const prices = { "OpenAI-compatible/served": [{ fromMs: 0, ...tariff, tiers: [tier] }] }
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 10,
      total_tokens: 110,
      prompt_tokens_details: { cached_tokens: 40, cache_write_tokens: 20, audio_tokens: 30 },
      completion_tokens_details: { reasoning_tokens: 4, audio_tokens: 5 },
    }
    const body = JSON.stringify({ choices: [{ index: 0 }], usage })
    const world = createWorld({ scripts: [answers(body)] })
    startChat(world, { runtime: makeRuntime({ prices }) })
    world.advance(10)
    expect(finalOf(world)).toMatchObject({
      source: "reported",
      usage: {
        inputTokens: 100,
        cachedInputTokens: 40,
        cacheWriteTokens: 20,
        inputAudioTokens: 30,
        outputTokens: 10,
        reasoningTokens: 4,
        outputAudioTokens: 5,
      },
      cost: Math.ceil(
        (10 * 10_000 + 40 * 100 + 20 * 1250 + 30 * 5000 + 5 * 20_000 + 5 * 8000) / 1000,
      ),
    })
  })

  test("an attempt is written down with the most that it may cost", () => {
    const tariff = { input: 1000, cachedInput: 100, cacheWrite: 1250, output: 2000 }
    const tier = { ...tariff, input: 10_000, output: 20_000, aboveInputTokens: 99 }
    const prices = { "OpenAI-compatible/served": [{ fromMs: 0, ...tariff, tiers: [tier] }] }
    const content = "x".repeat(4 * 93)
    const world = createWorld({ scripts: [[{ fail: RESET }]] })
    startChat(world, {
      body: { ...CHAT, messages: [{ role: "user", content }], max_tokens: 50 },
      runtime: makeRuntime({ prices }),
    })
    world.advance(0)
    const estimate = { inputTokens: 100, cachedInputTokens: 0, outputTokens: 50 }
    expect(world.intents[0]).toMatchObject({ estimate, estimatedCost: 100 * 10 + 50 * 20 })
  })

  const BAD_USAGE = [
    ["missing", undefined],
    ["null", null],
    ["negative", { prompt_tokens: -1, completion_tokens: 1 }],
    ["fractional", { prompt_tokens: 1.5, completion_tokens: 1 }],
    ["text", { prompt_tokens: "1", completion_tokens: 1 }],
    ["half", { prompt_tokens: 1 }],
    ["absurd", { prompt_tokens: Number.MAX_SAFE_INTEGER, completion_tokens: 1 }],
  ] as const
  test.each(BAD_USAGE)(
    "usage that is %s is absent: the estimate stands, marked so",
    (_name, usage) => {
      const body = JSON.stringify({ choices: [{ message: { content: "12345678" } }], usage })
      const world = createWorld({ scripts: [answers(body)] })
      startChat(world)
      world.advance(10)
      expect(finalOf(world)).toMatchObject({ source: "estimated", usage: { outputTokens: 3 } })
    },
  )

  test.each([
    ["no report, of servers that count nothing", {}, { source: "estimated" }],
    [
      "a report where it is told to cost nothing",
      { cost: 0 },
      { source: "reported", usage: { inputTokens: 0 }, cost: 0 },
    ],
  ])("zero is %s", (_name, more, want) => {
    const usage = { prompt_tokens: 0, completion_tokens: 0, ...more }
    const body = JSON.stringify({ choices: [{ index: 0 }], usage })
    const world = createWorld({ scripts: [answers(body)] })
    startChat(world)
    world.advance(10)
    expect(finalOf(world)).toMatchObject(want)
  })

  test("a stream without a report is charged by what was seen", () => {
    const world = createWorld({ scripts: [streams(ROLE + WORD + WORD_2 + FINISH + DONE)] })
    startChat(world, { body: STREAM })
    world.advance(2000)
    expect(finalOf(world)).toMatchObject({ source: "estimated", usage: { outputTokens: 3 } })
  })

  test("a model without a price costs null, never zero", () => {
    const world = createWorld({ scripts: [answers(ANSWER)] })
    startChat(world, { runtime: makeRuntime({ prices: {} }) })
    world.advance(10)
    expect(finalOf(world)).toMatchObject({ source: "reported", cost: null })
    expect(world.client.headers["x-sidegate-cost-usd"]).toBeUndefined()
  })

  test("a request that no byte went out of costs nothing", () => {
    const world = createWorld({ scripts: [[{ fail: CONNECT }], [{ fail: CONNECT }]] })
    startChat(world)
    world.advance(0)
    expect(world.finals.get("boot-1")).toMatchObject({ cost: 0, usage: { inputTokens: 0 } })
  })

  test("a request whose answer was lost is charged its estimate", () => {
    const world = createWorld({ scripts: [[{ fail: RESET }]] })
    startChat(world, { body: { ...CHAT, max_tokens: 50, n: 2 } })
    world.advance(0)
    expect(world.finals.get("boot-1")).toMatchObject({
      source: "estimated",
      usage: { outputTokens: 100 },
    })
  })
})

describe("what goes out", () => {
  test("headers are a closed list and the model is spliced into the client's own bytes", () => {
    const body =
      '{ "model" : "smart", "messages":[{"role":"user","content":"h\\u0069"}], "x_new": 1.50 }'
    const world = createWorld({ scripts: [answers(ANSWER)] })
    const headers = {
      authorization: "Bearer sk-client",
      cookie: "a=b",
      "x-forwarded-for": "1.2.3.4",
      "x-api-key": "k",
      "accept-encoding": "br",
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      "idempotency-key": "k\r\nx: y",
    }
    startChat(world, { body, raw: { headers } })
    const [request] = world.requests
    expect(request?.headers).toEqual([
      ...["content-type", "application/json", "accept", "application/json"],
      ...["accept-encoding", "identity", "user-agent", "sidegate"],
      ...["traceparent", headers.traceparent],
    ])
    expect(request).toMatchObject({
      path: "/v1/chat/completions",
      authorization: { header: "authorization", prefix: "Bearer " },
      provider: { name: "one" },
    })
    const sent = new TextDecoder().decode(request?.body as Uint8Array)
    expect(sent).toBe(body.replace('"smart"', '"served"'))
  })

  test("answers carry the headers of the contract and none of the upstream's", () => {
    const script: readonly Act[] = [
      {
        head: 200,
        headers: { "content-type": "application/json", "set-cookie": "a", server: "x" },
      },
      { data: ANSWER, at: 40 },
      { end: true },
    ]
    const world = createWorld({ scripts: [script] })
    startChat(world)
    world.advance(40)
    expect(world.client.headers).toEqual({
      "content-type": "application/json",
      "content-length": String(ANSWER.length),
      "x-request-id": "req-1",
      "x-sidegate-provider": "one",
      "x-sidegate-model": "served",
      "x-sidegate-route": "search/chat",
      "x-sidegate-config": "3.17",
      "x-sidegate-attempts": "1",
      "x-sidegate-cost-usd": "0.0003",
      "x-sidegate-overhead-ms": "0",
    })
  })
})

test("an upstream that quotes the key in its error is quoted without it", () => {
  const error = { message: `you sent Bearer ${KEY}`, type: KEY, param: null, code: `x ${KEY}` }
  const world = createWorld({ scripts: [status(400, {}, JSON.stringify({ error }))] })
  startChat(world)
  world.advance(10)
  expect(world.client.status).toBe(400)
  expect(world.client.body).not.toContain(KEY)
  expect(errorOf(world)).toMatchObject({ message: "you sent Bearer [secret]" })
})

test("a key that stands where an upstream's words are cut is taken out before they are", () => {
  for (const before of [1990, 1999, 2000]) {
    const message = `${"x".repeat(before)}${KEY}`
    const error = { message, type: `${"y".repeat(120)}${KEY}`, param: null, code: null }
    const world = createWorld({ scripts: [status(400, {}, JSON.stringify({ error }))] })
    startChat(world)
    world.advance(10)
    expect(world.client.body).toContain("x".repeat(before))
    expect(world.client.body).not.toContain(KEY.slice(0, 4))
  }
})

describe("the client's pace", () => {
  test("a slow client holds the upstream back, and a drained one lets it go on", () => {
    const world = createWorld({ scripts: [streams(WORD, WORD_2, DONE)] })
    world.client.isBlocked = true
    startChat(world, { body: STREAM })
    world.advance(5)
    expect(world.client.body).toBe(WORD)
    world.client.drain()
    world.advance(1)
    expect(world.client.body).toBe(WORD + WORD_2 + DONE)
    world.advance(2000)
    expectClosed(world)
  })

  test("a client slower than the idle limit is not the upstream's fault", () => {
    const script: readonly Act[] = [STREAM_HEAD, { data: WORD }, { at: 9000, data: WORD_2 + DONE }]
    const slow = createWorld({ scripts: [script] })
    slow.client.isBlocked = true
    startChat(slow, { body: STREAM })
    slow.advance(30_000)
    slow.client.drain()
    slow.advance(9000)
    expect(slow.client.body).toBe(WORD + WORD_2 + DONE)
    slow.advance(2000)
    expectClosed(slow)
  })

  test("a client that takes nothing for a minute is cut and the upstream aborted", () => {
    const rule = makeRule({
      timeouts: { requestMs: 600_000, firstTokenMs: 5000, streamIdleMs: 10_000 },
    })
    const runtime = makeRuntime({ routes: [{ name: "search/chat", rules: [rule] }] })
    const world = createWorld({ scripts: [streams(WORD, WORD_2, DONE)] })
    world.client.isBlocked = true
    startChat(world, { body: STREAM, runtime })
    world.advance(59_000)
    expect(world.client.end_).toBe("open")
    world.advance(1000)
    expect(world.client.end_).toBe("destroyed")
    expect([...world.aborted]).toEqual([0])
    expectClosed(world)
  })
})

describe("deadlines", () => {
  test("a provider that stays silent is left for the next one after the first-token limit", () => {
    // The journal answers in a later turn, as the real one does.
    const world = createWorld({ scripts: [[STREAM_HEAD], streams(WORD, DONE)], holdJournal: true })
    startChat(world, { body: STREAM })
    world.releaseJournal()
    world.advance(makeRule().timeouts.firstTokenMs)
    expect(world.requests.map(({ provider }) => provider.name)).toEqual(["one"])
    world.releaseJournal()
    world.advance(0)
    expect(world.requests.map(({ provider }) => provider.name)).toEqual(["one", "two"])
    expect(world.client.body).toBe(WORD + DONE)
    expectClosed(world)
  })
})

describe("retries", () => {
  const only = (triggers: readonly "Connect"[], attempts = 3) =>
    makeRuntime({
      routes: [
        {
          name: "search/chat",
          rules: [makeRule({ retry: { attempts, budgetPercent: 20, triggers } })],
        },
      ],
    })

  test("a failure that is not among the triggers ends the exchange", () => {
    const world = createWorld({ scripts: [status(503)] })
    startChat(world, { runtime: only(["Connect"]) })
    world.advance(2000)
    expect(errorOf(world)).toMatchObject({ code: "upstream_failed" })
    expectClosed(world)
  })

  test("one attempt never retries", () => {
    const world = createWorld({ scripts: [[{ fail: CONNECT }]] })
    startChat(world, { runtime: only(["Connect"], 1) })
    world.advance(2000)
    expect(world.requests).toHaveLength(1)
    expectClosed(world)
  })

  test("failing retries are bounded by the budget: a storm adds a fifth at most", () => {
    const runtime = makeRuntime()
    let requests = 0
    for (let index = 0; index < 1000; index++) {
      const world = createWorld({ scripts: [status(429), status(429), status(429)] })
      startChat(world, { runtime })
      world.advance(1100)
      requests += world.requests.length
    }
    expect(requests).toBeLessThanOrEqual(1200)
    expect(requests).toBeGreaterThan(1100)
  })

  test("retries that succeed give their unit back: a dead primary never uses the budget up", () => {
    const runtime = makeRuntime()
    for (let index = 0; index < 500; index++) {
      const world = createWorld({ scripts: [status(503), answers(ANSWER)] })
      startChat(world, { runtime })
      world.advance(1100)
      expect(world.client.status).toBe(200)
    }
  })
})

describe("what is refused before any attempt", () => {
  const rules = (more: object) =>
    ({ kind: "rules", deny: [], allow: [], otherwise: "Allow", decidedBy: [], ...more }) as const
  const UNUSABLE = {
    code: "upstream_failed",
    message: "AIProvider one: SecretNotFound",
  } as const
  const TOO_OLD = {
    code: "feature_unsupported",
    message: "AIProvider one: schema X needs a newer sidecar",
  } as const
  const deny = { policy: "org", name: "no-one", models: ["serv*"], providers: ["one"] }
  const cases = [
    {
      name: "an unknown model, with the names that are allowed",
      body: { ...CHAT, model: "nope" },
      snapshot: {},
      want: { code: "model_not_found", param: "model" },
      message: 'no AIRoute names model "nope"; models here: smart',
      status: 404,
    },
    {
      name: "a rule that matches nothing",
      snapshot: {
        routes: [
          {
            name: "search/chat",
            rules: [
              makeRule({
                matches: [{ headers: [{ name: "x-tier", value: "gold" }], workloadSelector: null }],
              }),
            ],
          },
        ],
      },
      want: { code: "model_not_found" },
      message: "none of its rules matches",
      status: 404,
    },
    {
      name: "a model that every target's policy denies",
      snapshot: { access: rules({ deny: [{ ...deny, providers: [] }] }) },
      want: { code: "model_denied" },
      message: "is denied by ModelPolicy org, rule no-one",
      status: 403,
    },
    {
      name: "a model on no allow list",
      snapshot: { access: rules({ otherwise: "Deny", decidedBy: ["org", "eu"] }) },
      want: { code: "model_denied" },
      message: "is on no allow list of ModelPolicy org, eu",
      status: 403,
    },
    {
      name: "no policy where one is needed",
      snapshot: { access: { kind: "none" } as const },
      want: { code: "no_policy" },
      message: "no ModelPolicy",
      status: 403,
    },
    {
      name: "a broken policy",
      snapshot: {
        access: {
          kind: "invalid",
          policy: "org",
          field: "spec.models",
          message: "is bad",
        } as const,
      },
      want: { code: "policy_invalid" },
      message: "ModelPolicy org is broken and denies what it selects: spec.models is bad",
      status: 403,
    },
    {
      name: "a team that is not known",
      snapshot: {
        team: {
          kind: "refused",
          code: "team_unknown",
          name: "x",
          object: "Namespace search",
          field: "metadata.labels",
          message: "names no TeamQuota",
        } as const,
      },
      want: { code: "team_unknown" },
      message: "Namespace search metadata.labels: names no TeamQuota",
      status: 403,
    },
    {
      name: "a route whose backends cannot serve",
      snapshot: {
        providers: {},
        routes: [
          {
            name: "search/chat",
            rules: [
              makeRule({
                backends: [makeBackend("one", { problem: UNUSABLE })],
              }),
            ],
          },
        ],
      },
      want: { code: "upstream_failed" },
      message: "rule default, can serve: AIProvider one: SecretNotFound",
      status: 502,
    },
    {
      name: "a route whose every backend the sidecar is too old for",
      snapshot: {
        providers: {},
        routes: [
          {
            name: "search/chat",
            rules: [makeRule({ backends: [makeBackend("one", { problem: TOO_OLD })] })],
          },
        ],
      },
      want: { code: "feature_unsupported" },
      message: "can serve: AIProvider one: schema X needs a newer sidecar",
      status: 501,
    },
    {
      name: "a deadline that is no number",
      headers: { "x-sidegate-timeout-ms": "soon" },
      snapshot: {},
      want: { code: "invalid_value", param: "x-sidegate-timeout-ms" },
      message: "must be an integer",
      status: 400,
    },
    {
      name: "a body that is no JSON",
      body: "{",
      snapshot: {},
      want: { code: "invalid_json" },
      message: "(byte 1)",
      status: 400,
    },
  ] as const

  test.each(cases)("$name", (row) => {
    const world = createWorld({ scripts: [] })
    startChat(world, {
      runtime: makeRuntime(row.snapshot),
      body: "body" in row ? row.body : CHAT,
      raw: { headers: "headers" in row ? row.headers : {} },
    })
    expect(world.client.status).toBe(row.status)
    expect(errorOf(world)).toMatchObject(row.want)
    expect(errorOf(world)).toHaveProperty("message", expect.stringContaining(row.message))
    expect(Object.keys(JSON.parse(world.client.body).error)).toEqual([
      "message",
      "type",
      "param",
      "code",
    ])
    expect(world.requests).toHaveLength(0)
    expectClosed(world)
  })

  test("429 from everyone who says not to retry is told with x-should-retry", () => {
    const final = { "retry-after": "7", "x-should-retry": "false" }
    const world = createWorld({ scripts: [status(429, final), status(429, final)] })
    startChat(world)
    world.advance(10_000)
    expect(world.client.status).toBe(429)
    expect(world.client.headers["x-should-retry"]).toBe("false")
    expectClosed(world)
  })

  test("keys that are refused everywhere are told with x-should-retry, one that works may come", () => {
    const world = createWorld({ scripts: [status(401), status(403)] })
    startChat(world)
    world.advance(10_000)
    expect(errorOf(world)).toMatchObject({ code: "upstream_auth_failed" })
    expect(world.client.headers["x-should-retry"]).toBe("false")
    const mixed = createWorld({ scripts: [status(500), status(401), status(500)] })
    startChat(mixed)
    mixed.advance(10_000)
    expect(mixed.client.headers["x-should-retry"]).toBeUndefined()
  })

  test.each([
    [{ "retry-after-ms": "6200" }, "7"],
    [{ "retry-after-ms": "6200", "retry-after": "60" }, "7"],
    [{ "retry-after-ms": "soon", "retry-after": "9" }, "9"],
    [{ "retry-after-ms": "-1", "retry-after": "9" }, "9"],
  ])("the wait that Azure names in milliseconds goes first: %j", (headers, want) => {
    const world = createWorld({ scripts: [1, 2, 3].map(() => status(503, headers)) })
    startChat(world)
    world.advance(10_000)
    expect(world.client.headers["retry-after"]).toBe(want)
  })

  test("a wait that every overloaded upstream asks for is told", () => {
    const wait = (seconds: string) => status(503, { "retry-after": seconds })
    const world = createWorld({ scripts: [wait("9"), wait("4"), wait("5")] })
    startChat(world)
    world.advance(10_000)
    expect(world.client.status).toBe(502)
    expect(world.client.headers["retry-after"]).toBe("4")
  })

  test("one upstream that does not say so leaves it to the client", () => {
    const final = { "x-should-retry": "false" }
    const world = createWorld({ scripts: [status(429, final), status(429, {})] })
    startChat(world)
    world.advance(10_000)
    expect(world.client.headers["x-should-retry"]).toBeUndefined()
  })

  test("a 500 that says not to retry is not asked again of that target", () => {
    const final = status(500, { "x-should-retry": "false" })
    const one = makeRule({ backends: [makeBackend("one")] })
    const world = createWorld({ scripts: [final, final] })
    startChat(world, { runtime: makeRuntime({ routes: [{ name: "search/chat", rules: [one] }] }) })
    world.advance(10_000)
    expect(world.requests).toHaveLength(1)
    expect(world.client.status).toBe(502)
    expect(world.client.headers["x-should-retry"]).toBe("false")
  })

  test("no configuration yet is 503 with retry-after", () => {
    const world = createWorld({ scripts: [] })
    handleModelCall(
      SURFACES["openai-chat"],
      { runtime: null, raw: makeRaw(CHAT), client: world.client },
      { ports: world.ports, settings: PIPELINE_SETTINGS },
    )
    expect(world.client.status).toBe(503)
    expect(world.client.headers["retry-after"]).toBe("1")
    expectClosed(world)
  })

  test("a target that the policy denies is left out and the others serve", () => {
    const world = createWorld({ scripts: [answers(ANSWER)] })
    startChat(world, { runtime: makeRuntime({ access: rules({ deny: [deny] }) }) })
    world.advance(10)
    expect(world.client.headers["x-sidegate-provider"]).toBe("two")
  })

  test("the kill switch keeps a provider out", () => {
    const { providers } = makeSnapshot()
    const one = providers["one"]
    const runtime = makeRuntime({
      providers: {
        ...providers,
        ...(one === undefined ? {} : { one: { ...one, disabled: true } }),
      },
    })
    const world = createWorld({ scripts: [answers(ANSWER)] })
    startChat(world, { runtime })
    world.advance(10)
    expect(world.client.headers["x-sidegate-provider"]).toBe("two")
  })
})

test("the shell's refusals have the caller's shape", () => {
  const { client } = createWorld({ scripts: [] })
  const refusal = {
    code: "draining",
    message: "this sidecar is ending",
    param: null,
    retryAfterSeconds: 2,
  } as const
  refuseRequest("openai-chat", refusal, "req-9", client)
  expect(client.status).toBe(503)
  expect(client.headers).toMatchObject({ "x-request-id": "req-9", "retry-after": "2" })
  expect(JSON.parse(client.body)).toEqual({
    error: {
      message: "this sidecar is ending",
      type: "server_error",
      param: null,
      code: "draining",
    },
  })
})

test("a bug closes the exchange with 500 and still throws", () => {
  const world = createWorld({ scripts: [] })
  const ports = {
    ...world.ports,
    nextAttemptId: () => {
      throw new Error("a bug")
    },
  }
  expect(() =>
    handleModelCall(
      SURFACES["openai-chat"],
      { runtime: makeRuntime(), raw: makeRaw(CHAT), client: world.client },
      { ports, settings: PIPELINE_SETTINGS },
    ),
  ).toThrow("a bug")
  expect(world.client.status).toBe(500)
  expectClosed(world)
})
