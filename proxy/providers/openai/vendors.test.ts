import { describe, expect, test } from "vitest"
import { memberOf } from "#proxy/contract/json-document.ts"
import { scanJson } from "#proxy/contract/json-scan.ts"
import { RawJson } from "#proxy/contract/json-write.ts"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import { VENDORS } from "#proxy/contract/vendors.ts"
import { makeChat } from "#proxy/exchange/chat-request.test-data.ts"
import type { ChatRequest } from "#proxy/exchange/chat-request.ts"
import { findUnsupported } from "#proxy/exchange/feature-support.ts"
import type { ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import { EMPTY_PROMPT } from "#proxy/exchange/prompt-measure.ts"
import type { Target } from "#proxy/exchange/target.ts"
import type { ChatWire, SameWire, UpstreamWire } from "../adapter.ts"
import { openAi } from "./openai.ts"
import { vendorTraits } from "./vendors.ts"

const LIMITS = { bytesMax: 1 << 20, depthMax: 64, tokensMax: 100_000 }

const provider = (vendor: string | null): ProviderConfig => ({
  name: "one",
  schema: "OpenAI",
  origin: "https://one.example",
  pathPrefix: "/v1",
  vendor,
  options: null,
  network: "Public",
  credential: "None",
  connectTimeoutMs: 1,
  disabled: false,
  simulated: null,
})

const TAP_OPTIONS = { wantsUsage: false, eventBytesMax: 4096, preambleBytesMax: 4096 }
const STREAM = { contentType: "text/event-stream", bytesMax: 4096, outputTokensExpected: 0 }

function chatWireOf(vendor: string | null): UpstreamWire & { chat: ChatWire; same: SameWire } {
  const wire = openAi.wires(provider(vendor), "m").find(({ name }) => name === "openai.chat")
  if (wire === undefined || wire.chat === null || wire.same === null) throw new Error("no chat")
  return { ...wire, chat: wire.chat, same: wire.same }
}

const CHAT = makeChat({ isStream: true, maxOutputTokens: 9 })

function encode(vendor: string | null, chat: ChatRequest = CHAT): object {
  const place = { provider: provider(vendor), model: "m", isStream: true }
  const encoded = chatWireOf(vendor).chat.encode(chat, place)
  if (!encoded.ok) throw new Error(encoded.refusal.message)
  const { messages: _same, model: _name, ...rest } = JSON.parse(encoded.value)
  return rest
}

const ASKED = { stream: true, stream_options: { include_usage: true } }

test.each([
  [null, { ...ASKED, max_tokens: 9 }],
  ["a name of a later release", { ...ASKED, max_tokens: 9 }],
  ["OpenAI", { ...ASKED, max_completion_tokens: 9 }],
  ["Mistral", { stream: true, max_tokens: 9 }],
  ["Groq", { stream: true, max_completion_tokens: 9 }],
  ["DeepSeek", { ...ASKED, max_tokens: 9 }],
  ["OpenRouter", { stream: true, max_completion_tokens: 9 }],
  ["VLLM", { ...ASKED, max_tokens: 9 }],
])("a translated stream is asked of %s in its own words", (vendor, want) => {
  expect(encode(vendor)).toEqual(want)
})

test("seed, top_k and min_p have the vendor's names", () => {
  const sampled = {
    ...CHAT,
    seed: new RawJson("7"),
    topK: new RawJson("40"),
    minP: new RawJson("0.05"),
  }
  expect(encode("VLLM", sampled)).toMatchObject({ seed: 7, top_k: 40, min_p: 0.05 })
  expect(encode("Mistral", { ...CHAT, seed: new RawJson("7") })).toMatchObject({ random_seed: 7 })
})

test("earlier thoughts go back under the vendor's name, where it takes them", () => {
  const thought = { kind: "reasoning", text: "Hm.", signature: "s", redacted: null } as const
  const call = {
    kind: "tool-call",
    id: "c",
    name: "f",
    arguments: "{}",
    signature: null,
    cache: null,
  } as const
  const messages = [{ role: "assistant", parts: [thought, call] }] as const
  const sent = (vendor: string | null): unknown => {
    const place = { provider: provider(vendor), model: "m", isStream: true }
    const encoded = chatWireOf(vendor).chat.encode({ ...CHAT, messages }, place)
    if (!encoded.ok) throw new Error(encoded.refusal.message)
    const { tool_calls: _same, ...rest } = JSON.parse(encoded.value).messages[0]
    return rest
  }
  const bare = { role: "assistant", content: null }
  expect(sent("OpenAI")).toEqual(bare)
  expect(sent("DeepSeek")).toEqual({ ...bare, reasoning_content: "Hm." })
  expect(sent("Groq")).toEqual({ ...bare, reasoning: "Hm." })
  const table = (vendor: string | null) => chatWireOf(vendor).chat.features(provider(vendor))
  expect(table("DeepSeek")["reasoning-history"]).toBe("yes")
  expect(table("OpenAI")["reasoning-history"]).not.toBe("yes")
})

describe("what a vendor does not take is refused by name", () => {
  const cases = [
    ["OpenAI", "top-k", "top_k cannot be said to provider one: OpenAI Chat Completions"],
    ["VLLM", "top-k", null],
    ["Groq", "logprobs", "logprobs cannot be said to provider one: Groq Chat Completions"],
    ["DeepSeek", "json-schema", "response_format cannot be said to provider one: DeepSeek"],
    ["LMStudio", "json-object", "response_format cannot be said to provider one: LMStudio"],
    ["LlamaCpp", "tool-choice-named", "tool_choice cannot be said to provider one: LlamaCpp"],
    ["Mistral", "user", null],
    [null, "logprobs", null],
  ] as const
  const PARAMS: Readonly<Record<string, string>> = {
    "top-k": "top_k",
    "json-schema": "response_format",
    "json-object": "response_format",
    "tool-choice-named": "tool_choice",
  }
  test.each(cases)("%s: %s", (vendor, feature, want) => {
    const { chat, title } = chatWireOf(vendor)
    const uses = [{ feature, param: PARAMS[feature] ?? feature }]
    const found = findUnsupported(uses, chat.features(provider(vendor)), "one", title)
    expect(found?.message ?? null).toEqual(want === null ? null : expect.stringContaining(want))
  })
})

describe("requests of the same shape", () => {
  const text = '{"model":"a", "stream":true,"seed":7,"x":1.0}'
  const withUsage =
    '{"stream_options":{"include_usage":true},"model":"m", "stream":true,"seed":7,"x":1.0}'
  test.each(VENDORS.map(({ name }) => [name, vendorTraits(name).streamUsage] as const))(
    "%s is asked for usage only if it has to be: %s",
    (vendor, streamUsage) => {
      const sent = chatWireOf(vendor).same.encodeBody(request(text), target(vendor))
      const want = streamUsage === "asked" ? withUsage : text.replace('"a"', '"m"')
      expect(new TextDecoder().decode(sent)).toBe(want)
    },
  )
})

describe("a stream of a client that did not ask for usage", () => {
  const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }
  const event = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`
  const delta = (content: string, more: object = {}, finish: string | null = null): string =>
    event({ choices: [{ index: 0, delta: { content }, finish_reason: finish }], ...more })
  const report = event({ choices: [], usage })
  const done = "data: [DONE]\n\n"

  test.each([
    ["OpenAI", "hides the report that we asked for", [delta("x"), report, done], [0, 2]],
    ["VLLM", "hides it among nulls", [delta("x", { usage: null }), report, done], [0, 2]],
    // https://docs.mistral.ai/api: `usage` is in the last chunk, with the finish reason.
    ["Mistral", "passes its last chunk", [delta("x"), delta("", { usage }, "stop"), done], null],
    ["Fireworks", "passes its last chunk", [delta("x"), delta("", { usage }, "stop"), done], null],
    ["Fireworks", "hides what newer models report", [delta("x"), report, done], [0, 2]],
    ["Together", "hides what Kimi K3 reports", [delta("x"), report, done], [0, 2]],
    ["Groq", "passes x_groq", [delta("x"), delta("", { x_groq: { usage } }, "stop"), done], null],
    ["Perplexity", "passes all", [delta("x", { usage }), delta("y", { usage }), done], null],
    ["OpenRouter", "passes the report", [delta("x"), report, done], null],
  ] as const)("%s: %s", (vendor, _what, events, passing) => {
    const tap = chatWireOf(vendor).same.openTap(TAP_OPTIONS, STREAM)
    const out = events.flatMap((text) => tap.push(new TextEncoder().encode(text)) ?? [])
    const got = out.map((bytes) => new TextDecoder().decode(bytes)).join("")
    expect(got).toBe((passing?.map((at) => events[at]) ?? events).join(""))
    expect(tap.usage).toEqual({ inputTokens: 3, cachedInputTokens: 0, outputTokens: 4 })
    expect(tap.end).toEqual({ kind: "done" })
  })

  test.each(["Together", "Fireworks"] as const)(
    "%s: is asked, else newer models tell none",
    (vendor) => {
      expect(vendorTraits(vendor).streamUsage).toBe("asked")
    },
  )

  test("Groq's error in a stream ends it", () => {
    const tap = chatWireOf("Groq").same.openTap(TAP_OPTIONS, STREAM)
    tap.push(new TextEncoder().encode(delta("x")))
    tap.push(new TextEncoder().encode(delta("", { x_groq: { error: "over_capacity" } })))
    expect(tap.end).toEqual({ kind: "error", name: "over_capacity" })
  })
})

test("Mistral's thinking is reasoning", () => {
  const answer = {
    choices: [
      {
        index: 0,
        message: {
          role: "assistant",
          content: [
            { type: "thinking", thinking: [{ type: "text", text: "Hm." }] },
            { type: "text", text: "Yes." },
          ],
        },
        finish_reason: "stop",
      },
    ],
  }
  const decoded = chatWireOf("Mistral").chat.decodeAnswer(parse(JSON.stringify(answer)))
  expect(decoded.ok ? decoded.events.slice(1, 3) : decoded.fault).toEqual([
    { kind: "reasoning-delta", choice: 0, text: "Hm." },
    { kind: "text-delta", choice: 0, text: "Yes." },
  ])
})

test("a path is the vendor's own where it is not as at OpenAI", () => {
  expect(vendorTraits("Perplexity").paths).toEqual({
    "openai.responses": "/v1/responses",
    "openai.embeddings": "/v1/embeddings",
  })
  const place = { provider: provider("Perplexity"), model: "m", isStream: false }
  expect(chatWireOf("Perplexity").path(place)).toBe("/v1/chat/completions")
})

function parse(text: string) {
  const scanned = scanJson(new TextEncoder().encode(text), LIMITS)
  if (!scanned.ok) throw new Error(scanned.fault.message)
  return scanned.document
}

function request(text: string): ParsedRequest {
  const document = parse(text)
  return {
    surface: "openai-chat",
    document,
    model: "a",
    modelNode: memberOf(document, 0, "model"),
    isStream: true,
    streamType: "text/event-stream",
    wantsUsage: false,
    user: null,
    measure: EMPTY_PROMPT,
  }
}

function target(vendor: string): Target {
  return {
    index: 0,
    provider: provider(vendor),
    model: "m",
    modelJson: new TextEncoder().encode('"m"'),
    weight: 1,
    priority: 0,
    problem: null,
    verdict: null,
    prices: undefined,
    answerHeaders: [],
  }
}
