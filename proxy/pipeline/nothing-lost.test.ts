/** What a client says within a field is carried, refused by name, or passes: never read past. */
import { describe, expect, test } from "vitest"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { createWorld, startChat } from "./world.test-data.ts"

function ask(surface: ModelSurfaceName, provider: Partial<ProviderConfig>, body: object) {
  const world = createWorld({ scripts: [[{ head: 500 }, { end: true }]] })
  const rule = makeRule({ backends: [makeBackend("one", { model: "claude-sonnet-4-5" })] })
  startChat(world, {
    surface: SURFACES[surface],
    runtime: makeRuntime({
      providers: { one: makeProvider("one", { pathPrefix: "", ...provider }) },
      routes: [
        { name: "search/chat", rules: [{ ...rule, retry: { ...rule.retry, attempts: 1 } }] },
      ],
    }),
    body,
    raw: { path: "/v1beta/models/smart:generateContent" },
  })
  const [request] = world.requests
  const { body: bytes = "" } = request ?? {}
  const text = typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes)
  return { answer: world.client.body, sent: text }
}

const USER = { role: "user", content: "Hello" }
const MESSAGES = { model: "smart", max_tokens: 2000, messages: [USER] }
const OPENAI = { schema: "OpenAI", vendor: "OpenAI" } as const
const ANTHROPIC = { schema: "Anthropic" } as const
const CONTENTS = [{ role: "user", parts: [{ text: "Hello" }] }]

const REFUSED = [
  [
    "openai-responses",
    ANTHROPIC,
    { model: "smart", input: "a", text: { tone: "dry" } },
    "/text/tone",
  ],
  [
    "openai-responses",
    ANTHROPIC,
    { model: "smart", input: "a", reasoning: { effort: "low", mode: "x" } },
    "/reasoning/mode",
  ],
  ["anthropic-messages", OPENAI, { ...MESSAGES, output_config: { x: 1 } }, "/output_config/x"],
  [
    "anthropic-messages",
    OPENAI,
    { ...MESSAGES, thinking: { type: "between_tools" } },
    "/thinking/type",
  ],
  [
    "gemini-generate",
    OPENAI,
    { contents: CONTENTS, generationConfig: { thinkingConfig: { thinkingLevel: "VAST" } } },
    "/generationConfig/thinkingConfig/thinkingLevel",
  ],
  [
    "gemini-generate",
    OPENAI,
    { contents: [{ parts: [{ text: "a", videoMetadata: { fps: 2 } }] }] },
    "/contents/0/parts/0/videoMetadata",
  ],
  [
    "gemini-generate",
    ANTHROPIC,
    { contents: [{ parts: [{ fileData: { mimeType: "image/png", fileUri: "gs://b/a.png" } }] }] },
    "/contents/0/parts/0/fileData",
  ],
  [
    "gemini-generate",
    ANTHROPIC,
    { contents: [{ parts: [{ text: "a", inlineData: { mimeType: "image/png", data: "AAAA" } }] }] },
    "/contents/0/parts/0/inlineData",
  ],
  [
    "gemini-generate",
    ANTHROPIC,
    { contents: CONTENTS, systemInstruction: { parts: [{ text: "a", tone: "dry" }] } },
    "/systemInstruction/parts/0/tone",
  ],
] as const

test.each(REFUSED)("%s to another wire refuses by name: %s %s %s", (surface, to, body, where) => {
  const { answer, sent } = ask(surface, to, body)
  expect(sent).toBe("")
  expect(answer).toContain(where)
})

test("a marker of the whole request stands on its last block", () => {
  const body = { ...MESSAGES, cache_control: { type: "ephemeral", ttl: "1h" } }
  const { sent } = ask(
    "anthropic-messages",
    { schema: "Bedrock", options: { schema: "Bedrock", region: "eu-central-1" } },
    body,
  )
  expect(JSON.parse(sent).messages).toEqual([
    { role: "user", content: [{ text: "Hello" }, { cachePoint: { type: "default", ttl: "1h" } }] },
  ])
})

test("what a function of Gemini's gave back beside its words goes on", () => {
  const inlineData = { mimeType: "image/png", data: "iVBORw0KGgo=" }
  const functionResponse = { name: "f", response: { output: "done" }, parts: [{ inlineData }] }
  const contents = [
    ...CONTENTS,
    { role: "model", parts: [{ functionCall: { name: "f", args: {} } }] },
    { role: "user", parts: [{ functionResponse }] },
  ]
  const { sent } = ask("gemini-generate", ANTHROPIC, { contents })
  const [, , { content }] = JSON.parse(sent).messages
  const source = { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" }
  expect(content[0].content).toEqual([
    { type: "text", text: "done" },
    { type: "image", source },
  ])
})

describe("what an SDK sends back of an earlier answer is taken", () => {
  test("a message of OpenAI's parsed by its SDK, by Anthropic", () => {
    const call = {
      id: "c",
      type: "function",
      index: 0,
      function: { name: "f", arguments: "{}", parsed_arguments: {} },
    }
    const said = { role: "assistant", content: "Hi", refusal: null, annotations: [], parsed: null }
    const result = { role: "tool", tool_call_id: "c", content: "done" }
    const messages = [USER, { ...said, tool_calls: [call] }, result]
    const { sent } = ask("openai-chat", ANTHROPIC, { model: "smart", messages })
    expect(JSON.parse(sent).messages).toHaveLength(3)
  })

  test("items of a response, by Anthropic", () => {
    const part = { type: "output_text", text: "Hi", annotations: [], logprobs: [] }
    const said = { type: "message", id: "m", status: "completed", role: "assistant" }
    const input = [
      USER,
      { type: "reasoning", id: "r", status: "completed", summary: [] },
      { ...said, phase: "commentary", content: [part] },
      { type: "function_call", id: "f", status: "completed", call_id: "c", name: "f" },
      { type: "function_call_output", id: "o", call_id: "c", output: "done" },
    ]
    const { sent } = ask("openai-responses", ANTHROPIC, { model: "smart", input })
    expect(JSON.parse(sent).messages).toHaveLength(3)
  })

  test("blocks of a message, by OpenAI", () => {
    const content = [
      { type: "text", text: "Hi", citations: [] },
      { type: "tool_use", id: "c", name: "f", input: {}, caller: { type: "direct" } },
    ]
    const result = { type: "tool_result", tool_use_id: "c", content: "done" }
    const messages = [USER, { role: "assistant", content }, { role: "user", content: [result] }]
    const { sent } = ask("anthropic-messages", OPENAI, { ...MESSAGES, messages })
    expect(JSON.parse(sent).messages).toHaveLength(3)
  })
})

describe("hints for a cache of prompts", () => {
  const hints = { prompt_cache_key: "k-1", prompt_cache_retention: "24h" }
  const body = { model: "smart", input: "a", ...hints }

  test("go on to a vendor that has the field, alone", () => {
    const { sent } = ask("openai-responses", { schema: "OpenAI", vendor: "Mistral" }, body)
    expect(JSON.parse(sent)).toMatchObject({ prompt_cache_key: "k-1" })
    expect(sent).not.toContain("24h")
  })

  test("are left out where only marks are cached, and a mark within the prompt is one", () => {
    const prompt_cache_breakpoint = { mode: "explicit" }
    const content = [{ type: "text", text: "Hello", prompt_cache_breakpoint }]
    const marked = { model: "smart", messages: [{ role: "user", content }], ...hints }
    const { sent } = ask("openai-chat", ANTHROPIC, marked)
    expect(sent).not.toMatch(/k-1|24h/)
    expect(JSON.parse(sent).messages[0].content).toEqual([
      { type: "text", text: "Hello", cache_control: { type: "ephemeral", ttl: "1h" } },
    ])
  })
})

describe("a tier of service", () => {
  const chat = (service_tier: string) => ({ model: "smart", messages: [USER], service_tier })

  test("that is the standard one is said where a better one may stand instead", () => {
    expect(JSON.parse(ask("openai-chat", ANTHROPIC, chat("default")).sent).service_tier).toBe(
      "standard_only",
    )
    const back = ask("anthropic-messages", OPENAI, { ...MESSAGES, service_tier: "standard_only" })
    expect(JSON.parse(back.sent).service_tier).toBe("default")
  })

  test("that leaves it to the provider is not said", () => {
    expect(ask("openai-chat", ANTHROPIC, chat("auto")).sent).not.toContain("service_tier")
    const auto = ask("anthropic-messages", OPENAI, { ...MESSAGES, service_tier: "auto" })
    expect(JSON.parse(auto.sent)).not.toHaveProperty("service_tier")
  })

  test("of another price is refused by name", () => {
    for (const tier of ["flex", "priority", "scale", "fast"]) {
      const { answer, sent } = ask("openai-chat", ANTHROPIC, chat(tier))
      expect(sent).toBe("")
      expect(answer).toContain("service_tier cannot be said to provider one")
    }
  })
})

describe("Vertex AI gets one version, whatever the client wrote", () => {
  const options = { schema: "VertexAI", project: "p-1", location: "global" } as const
  const version = "vertex-2023-10-16"
  const bodies = [
    ["none of its own", MESSAGES],
    ["one before the model", { anthropic_version: "x", ...MESSAGES }],
    ["one behind it", { ...MESSAGES, anthropic_version: "x" }],
    ["the model last", { max_tokens: 5, anthropic_version: "x", messages: [USER], model: "smart" }],
  ] as const
  test.each(bodies)("%s", (_name, body) => {
    const { sent } = ask("anthropic-messages", { schema: "VertexAI", options }, body)
    const { model: _model, ...rest } = body
    expect(JSON.parse(sent)).toEqual({ ...rest, anthropic_version: version })
    expect(sent.match(/anthropic_version/g)).toHaveLength(1)
  })
})
