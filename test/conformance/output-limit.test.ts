/**
 * The policies' limit on output tokens, for each client surface of chat at each upstream schema:
 * whoever asks for more is refused by name, whoever asks for nothing is bounded, in the word that
 * the upstream knows. A new surface of chat fails here until it says where it bounds its output.
 */
import { describe, expect, test } from "vitest"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import { createWorld, startChat } from "#proxy/pipeline/world.test-data.ts"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"

const LIMIT = 2048
const CHATS = Object.values(SURFACES).filter(({ chat }) => chat !== null)

test("every surface whose answers are a model's text says where it is bounded, and no other", () => {
  const bounded = Object.values(SURFACES).filter(({ output }) => output !== undefined)
  expect(bounded.map(({ name }) => name)).toEqual(CHATS.map(({ name }) => name))
})

interface Shape {
  readonly path: string
  /** A body that says `limit`; null: as null; undefined: nothing. */
  readonly body: (limit: unknown) => object
  readonly param: string
  /** What is sent where the client says nothing. */
  readonly unsaid: number
}

const USER = [{ role: "user", content: "Hello" }]
const SHAPES: Readonly<Record<string, Shape>> = {
  "openai-chat": {
    path: "/v1/chat/completions",
    body: (max_tokens) => ({ model: "smart", messages: USER, max_tokens }),
    param: "max_tokens",
    unsaid: LIMIT,
  },
  "openai-responses": {
    path: "/v1/responses",
    body: (max_output_tokens) => ({ model: "smart", input: "Hello", max_output_tokens }),
    param: "max_output_tokens",
    unsaid: LIMIT,
  },
  "openai-completions": {
    path: "/v1/completions",
    body: (max_tokens) => ({ model: "smart", prompt: "Hello", max_tokens }),
    param: "max_tokens",
    unsaid: 16,
  },
  "anthropic-messages": {
    path: "/v1/messages",
    // The shape requires the field.
    body: (limit = null) => ({ model: "smart", messages: USER, max_tokens: limit }),
    param: "max_tokens",
    unsaid: LIMIT,
  },
  "gemini-generate": {
    path: "/v1beta/models/smart:generateContent",
    body: (maxOutputTokens) => ({
      contents: [{ parts: [{ text: "Hello" }] }],
      generationConfig: { maxOutputTokens },
    }),
    param: "/generationConfig/maxOutputTokens",
    unsaid: LIMIT,
  },
}

const UPSTREAMS: readonly (readonly [string, Partial<ProviderConfig>, string])[] = [
  ["OpenAI", { schema: "OpenAI", vendor: "OpenAI" }, "gpt-4o"],
  ["Mistral", { schema: "OpenAI", vendor: "Mistral" }, "mistral-small"],
  ["a server of unknown make", { schema: "OpenAI" }, "m"],
  [
    "Azure OpenAI of old",
    { schema: "AzureOpenAI", options: { schema: "AzureOpenAI", apiVersion: "2024-06-01" } },
    "m",
  ],
  ["Anthropic", { schema: "Anthropic" }, "claude-sonnet-4-5"],
  ["Gemini", { schema: "Gemini" }, "gemini-2.5-flash"],
  [
    "Claude on Vertex AI",
    { schema: "VertexAI", options: { schema: "VertexAI", project: "p", location: "l" } },
    "claude-sonnet-4-5",
  ],
  [
    "Gemini on Vertex AI",
    { schema: "VertexAI", options: { schema: "VertexAI", project: "p", location: "l" } },
    "gemini-2.5-flash",
  ],
  [
    "Bedrock",
    { schema: "Bedrock", options: { schema: "Bedrock", region: "eu-west-1" } },
    "amazon.nova-lite-v1:0",
  ],
  ["Cohere", { schema: "Cohere" }, "command-a"],
]

interface Asked {
  readonly body: unknown
  readonly provider?: Partial<ProviderConfig>
  readonly model?: string
  readonly tokens?: number
}

function ask(name: string, { body, provider = {}, model = "m", tokens = LIMIT }: Asked) {
  const world = createWorld({ scripts: [[{ head: 500 }, { end: true }]] })
  const rule = makeRule({ backends: [makeBackend("one", { model })] })
  startChat(world, {
    surface: SURFACES[name as ModelSurfaceName],
    runtime: makeRuntime({
      parameters: { maxOutputTokens: { tokens, policy: "org-baseline" } },
      providers: { one: makeProvider("one", { pathPrefix: "", ...provider }) },
      routes: [
        { name: "search/chat", rules: [{ ...rule, retry: { ...rule.retry, attempts: 1 } }] },
      ],
    }),
    body,
    raw: { path: SHAPES[name]?.path ?? "" },
  })
  const bytes = world.requests[0]?.body
  const text = typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes)
  return { world, text, sent: bytes === undefined ? null : JSON.parse(text) }
}

/** Every bound that a body says, whatever the shape. */
function boundsIn(sent: Record<string, Record<string, unknown>>) {
  const { max_tokens, max_completion_tokens, max_output_tokens } = sent
  const others = [
    sent["generationConfig"]?.["maxOutputTokens"],
    sent["inferenceConfig"]?.["maxTokens"],
  ]
  return [max_tokens, max_completion_tokens, max_output_tokens, ...others].filter(
    (one) => typeof one === "number",
  )
}

describe.each(CHATS.map(({ name }) => name))("%s", (name) => {
  const { body, param, unsaid } = SHAPES[name] ?? expect.fail(`${name} has no case here`)

  const BOUNDED = [
    ["nothing", undefined, unsaid],
    ["null", null, unsaid],
    ["less", 1500, 1500],
    ["the limit itself", LIMIT, LIMIT],
  ] as const
  const cases = UPSTREAMS.flatMap(([upstream, provider, model]) =>
    BOUNDED.map(([said, value, want]) => ({ upstream, provider, model, said, value, want })),
  )
  test.each(cases)("$said at $upstream", ({ provider, model, value, want }) => {
    const { world, sent } = ask(name, { body: body(value), provider, model })
    expect(boundsIn(sent)).toEqual([want])
    expect(world.intents[0]?.estimate.outputTokens).toBe(want)
  })

  test.each([LIMIT + 1, 99_999_999])("%i is refused before any upstream is asked", (value) => {
    const { world } = ask(name, { body: body(value) })
    expect(world.requests).toEqual([])
    expect(world.client.status).toBe(400)
    const sentence = `${param} is ${value}; ModelPolicy org-baseline allows at most 2048 output tokens`
    expect(world.client.body).toContain(sentence)
    expect(world.records[0]?.refusal).toBe("invalid_value")
  })
})

describe("no other name is a way around it", () => {
  const CASES = ["openai-chat", "openai-responses", "openai-completions"].flatMap((name) =>
    ["max_tokens", "max_completion_tokens", "max_output_tokens", "n_predict"].flatMap((field) =>
      [4096, "4096", 1e300, [1]].map((value) => ({ name, field, value })),
    ),
  )
  test.each(CASES)("$field: $value at $name", ({ name, field, value }) => {
    const body = { ...SHAPES[name]?.body(9), [field]: value }
    const { world } = ask(name, { body })
    expect(world.client.status).toBe(400)
    expect(world.client.body).toContain(`${field} `)
    expect(world.requests).toEqual([])
  })

  // Ollama and others are written in Go, whose JSON does not tell the case of a name.
  const FOLDED = ["MAX_TOKENS", "Max_Tokens", "max_to\u212Aens", "max_token\u017F", "N_Predict"]
  const LETTERS = FOLDED.flatMap((field) => [4097, null].map((value) => ({ field, value })))
  test.each(LETTERS)("$field: $value", ({ field, value }) => {
    const body = { ...SHAPES["openai-chat"]?.body(9), max_tokens: undefined, [field]: value }
    const { world } = ask("openai-chat", { body })
    expect(world.client.status).toBe(400)
    expect(world.client.body).toContain("ModelPolicy org-baseline allows at most 2048")
    expect(world.requests).toEqual([])
  })

  test.each(FOLDED.slice(0, -1))("%s beside the name itself", (field) => {
    const { world } = ask("openai-chat", { body: { max_tokens: 9, [field]: 9 } })
    expect(world.client.status).toBe(400)
    expect(world.client.body).toContain(`${field} is there twice`)
    expect(world.requests).toEqual([])
  })

  test("llama.cpp's -1, which is no bound at all", () => {
    const { world } = ask("openai-chat", {
      body: { ...SHAPES["openai-chat"]?.body(9), n_predict: -1 },
    })
    const sentence = "n_predict is -1; ModelPolicy org-baseline allows at most 2048 output tokens"
    expect(world.client.body).toContain(sentence)
  })

  const CONTENTS = { contents: [{ parts: [{ text: "Hello" }] }] }
  const GOOGLE = [
    [
      { generation_config: { max_output_tokens: 4096 } },
      "/generation_config/max_output_tokens is 4096",
    ],
    [
      { generationConfig: { max_output_tokens: 4096 } },
      "/generationConfig/max_output_tokens is 4096",
    ],
    [{ generation_config: [] }, "generation_config is an array"],
  ] as const
  test.each(GOOGLE)("%j of Gemini's", (more, sentence) => {
    const { world } = ask("gemini-generate", { body: { ...CONTENTS, ...more } })
    expect(world.client.body).toContain(sentence)
    expect(world.requests).toEqual([])
  })

  const WRITTEN = [
    [{ generationConfig: null }, '"generationConfig":{"maxOutputTokens":2048}'],
    [{ generation_config: null }, '"generation_config":{"maxOutputTokens":2048}'],
    [{ generation_config: { topK: 1 } }, '"generation_config":{"topK":1,"maxOutputTokens":2048}'],
    [
      { generationConfig: { max_output_tokens: null, topK: 1 } },
      '"generationConfig":{"max_output_tokens":2048,"topK":1}',
    ],
    [{}, '"generationConfig":{"maxOutputTokens":2048}'],
  ] as const
  test.each(WRITTEN)("%j of Gemini's is bounded as it is spelled", (more, written) => {
    const asked = { body: { ...CONTENTS, ...more }, provider: { schema: "Gemini" } as const }
    expect(ask("gemini-generate", asked).text).toContain(written)
  })
})

describe("of the two names of Chat Completions", () => {
  const CASES = [
    ["OpenAI", { max_tokens: 9 }, '"max_tokens":9'],
    ["OpenAI", { max_completion_tokens: 9 }, '"max_completion_tokens":9'],
    ["OpenAI", { max_tokens: null }, '"max_tokens":null,"max_completion_tokens":2048'],
    ["OpenAI", {}, '"max_completion_tokens":2048'],
    [null, { max_tokens: 9 }, '"max_tokens":9'],
    [null, { max_completion_tokens: 9 }, '"max_tokens":9'],
    [null, { max_tokens: null, max_completion_tokens: 9 }, '"max_tokens":9'],
    [null, { max_completion_tokens: 9, max_tokens: null }, '"max_tokens":9'],
    [null, { max_tokens: null }, '"max_tokens":2048'],
    [null, { max_tokens: 8, max_completion_tokens: 9 }, '"max_tokens":8,"max_completion_tokens":9'],
    [null, {}, '"max_tokens":2048'],
    ["Mistral", { max_completion_tokens: 9 }, '"max_tokens":9'],
    ["Mistral", {}, '"max_tokens":2048'],
  ] as const
  test.each(CASES)("%s is sent %j as %s", (vendor, said, written) => {
    for (const stream of [false, true]) {
      const body = { model: "smart", messages: USER, stream, ...said }
      const { text } = ask("openai-chat", { body, provider: { schema: "OpenAI", vendor } })
      const [, limits] = /"stream":(?:true|false),(.*)\}$/.exec(text) ?? []
      expect(limits).toBe(written)
      expect(text.includes("stream_options")).toBe(stream && vendor !== "Mistral")
    }
  })
})

test("a bound that is the client's own keeps its digits, and unknown fields theirs", () => {
  const body =
    '{ "model" : "smart", "messages":[{"role":"user","content":"a","zz":[1.0, 1E2]}],\n' +
    '"max_tokens" : 1.5E3 , "zz":123456789012345678901234567890 , "a\\u002fb":{ "n" :-0.10 } }'
  expect(ask("openai-chat", { body, provider: { vendor: "OpenAI" } }).text).toBe(
    '{"model":"m","messages":[{"role":"user","content":"a","zz":[1.0,1E2]}],' +
      '"max_tokens":1.5E3,"zz":123456789012345678901234567890,"a\\u002fb":{"n":-0.10}}',
  )
})

test("several answers are estimated at the limit each", () => {
  const { world } = ask("openai-chat", { body: { model: "smart", messages: USER, n: 3 } })
  expect(world.intents[0]?.estimate.outputTokens).toBe(3 * LIMIT)
})

test("a body as large as one may be is not refused for what is added", () => {
  const bytesMax = 400
  const fill = (length: number) => ({ model: "smart", messages: USER, zz: "z".repeat(length) })
  const room = bytesMax - JSON.stringify(fill(0)).length
  const world = createWorld({ scripts: [[{ head: 500 }, { end: true }]] })
  startChat(world, {
    runtime: makeRuntime({ parameters: { maxOutputTokens: { tokens: 9, policy: "p" } } }),
    body: fill(room),
    settings: { requestJson: { bytesMax, depthMax: 8, tokensMax: 15 } },
  })
  expect(world.requests).toHaveLength(1)
})

test("surfaces that ask for no text pass as they came", () => {
  const body = ' { "model":"smart" , "input":"a", "max_tokens":99999 } '
  const world = createWorld({ scripts: [[{ head: 500 }, { end: true }]] })
  startChat(world, {
    surface: SURFACES["openai-embeddings"],
    runtime: makeRuntime({
      parameters: { maxOutputTokens: { tokens: 9, policy: "p" } },
      providers: { one: makeProvider("one", { vendor: "OpenAI" }), two: makeProvider("two") },
    }),
    body,
  })
  const sent = new TextDecoder().decode(world.requests[0]?.body as Uint8Array)
  expect(sent).toBe(body.replace("smart", "served"))
})
