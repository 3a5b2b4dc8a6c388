/** Embeddings, reranking, completions, moderations and images through the whole pipeline. */
import { describe, expect, test } from "vitest"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { createWorld, startChat, type World } from "./world.test-data.ts"

function ask(
  surface: ModelSurfaceName,
  provider: Partial<ProviderConfig>,
  body: unknown,
  answer: unknown,
): World {
  return askText(surface, provider, body, JSON.stringify(answer))
}

function askText(
  surface: ModelSurfaceName,
  provider: Partial<ProviderConfig>,
  body: unknown,
  answer: string,
): World {
  const world = createWorld({ scripts: [[{ head: 200 }, { data: answer }, { end: true }]] })
  startChat(world, {
    surface: SURFACES[surface],
    runtime: makeRuntime({
      providers: { one: makeProvider("one", { pathPrefix: "", ...provider }) },
      routes: [{ name: "search/chat", rules: [makeRule({ backends: [makeBackend("one")] })] }],
    }),
    body,
  })
  world.advance(10)
  return world
}

function sent(world: World): unknown {
  const [request] = world.requests
  if (request === undefined) return null
  const { path, body } = request
  const text = typeof body === "string" ? body : new TextDecoder().decode(body)
  return { path, body: JSON.parse(text) }
}

const usageOf = (world: World) => [...world.finals.values()][0]?.usage
const OPENAI = { schema: "OpenAI", vendor: "OpenAI", pathPrefix: "/v1" } as const
const COHERE = { schema: "Cohere" } as const
const VECTORS = {
  object: "list",
  data: [{ object: "embedding", index: 0, embedding: [0.5, -1.25] }],
}

describe("embeddings", () => {
  test("pass to an upstream of the same shape, byte for byte but the model", () => {
    const body = { model: "smart", input: ["a", "b"], extra: 1.0 }
    const answer = { ...VECTORS, model: "m", usage: { prompt_tokens: 7, total_tokens: 7 } }
    const world = ask("openai-embeddings", OPENAI, body, answer)
    expect(sent(world)).toEqual({ path: "/v1/embeddings", body: { ...body, model: "served" } })
    expect(JSON.parse(world.client.body)).toEqual(answer)
    expect(usageOf(world)).toEqual({ inputTokens: 7, cachedInputTokens: 0, outputTokens: 0 })
  })

  test("reach Cohere, and its numbers keep their digits", () => {
    const answer = {
      id: "e",
      embeddings: { float: [[0.5, -1.25]] },
      meta: { billed_units: { input_tokens: 4 } },
    }
    const world = ask("openai-embeddings", COHERE, { model: "smart", input: "a" }, answer)
    expect(sent(world)).toEqual({
      path: "/v2/embed",
      body: {
        model: "served",
        texts: ["a"],
        input_type: "search_document",
        embedding_types: ["float"],
        truncate: "NONE",
      },
    })
    expect(JSON.parse(world.client.body)).toEqual({
      object: "list",
      data: [{ object: "embedding", index: 0, embedding: [0.5, -1.25] }],
      model: "served",
      usage: { prompt_tokens: 4, total_tokens: 4 },
    })
  })

  test("are given as base64 to a client that wants them so", () => {
    const answer = { embeddings: { float: [[0.5, -1.25]] } }
    const body = { model: "smart", input: "a", encoding_format: "base64" }
    const world = ask("openai-embeddings", COHERE, body, answer)
    const [{ embedding }] = JSON.parse(world.client.body).data
    const bytes = Buffer.from(embedding, "base64")
    expect([bytes.readFloatLE(0), bytes.readFloatLE(4)]).toEqual([0.5, -1.25])
  })

  test.each([
    ["query", "search_query"],
    ["search_query", "search_query"],
    ["passage", "search_document"],
    ["document", "search_document"],
    ["search_document", "search_document"],
    ["classification", "classification"],
    ["clustering", "clustering"],
    ["text", "search_document"],
  ])("for a purpose that is said as vendors of the shape do, %s, are Cohere's %s", (said, told) => {
    const body = { model: "smart", input: "a", input_type: said }
    const world = ask("openai-embeddings", COHERE, body, { embeddings: { float: [[1]] } })
    expect(sent(world)).toMatchObject({ body: { input_type: told } })
    expect(world.client.status).toBe(200)
  })

  describe("of a server that gives numbers whatever it is asked for", () => {
    const data = '[{"embedding":[0.5,-1.25], "index":0},{"index":1,"embedding":"AAAAPwAAoL8="}]'
    const answerOf = (one: string) => `{"data":${one}, "extra":1.0,"usage":{"total_tokens":7}}`
    const embed = (body: object, list: string) => {
      const asked = { model: "smart", input: ["a", "b"], ...body }
      return askText("openai-embeddings", { vendor: "LMStudio" }, asked, answerOf(list))
    }

    test("become base64 for a client that asked for it, all else as it came", () => {
      const world = embed({ encoding_format: "base64" }, data)
      expect(world.client.body).toBe(answerOf(data.replace("[0.5,-1.25]", '"AAAAPwAAoL8="')))
      expect(Number(world.client.headers["content-length"])).toBe(world.client.body.length)
      expect(usageOf(world)).toEqual({ inputTokens: 7, cachedInputTokens: 0, outputTokens: 0 })
    })

    test.each([
      [{}, data],
      [{ encoding_format: "float" }, data],
      [{ encoding_format: "base64" }, '[{"embedding":[[0.5,1],[1,2]]}]'],
      [{ encoding_format: "base64" }, '[{"embedding":{"a":[1]}},{"embedding":null}]'],
    ])("pass as they are: %j, %s", (body, list) => {
      expect(embed(body, list).client.body).toBe(answerOf(list))
    })
  })

  test("that are no numbers are none in base64 either", () => {
    const body = { model: "smart", input: "a", encoding_format: "base64" }
    const answer = { embeddings: { float: [[0.5, null]] } }
    const world = ask("openai-embeddings", COHERE, body, answer)
    const bytes = Buffer.from(JSON.parse(world.client.body).data[0].embedding, "base64")
    expect([bytes.readFloatLE(0), bytes.readFloatLE(4)]).toEqual([0.5, Number.NaN])
  })

  const REFUSED = [
    ["token ids elsewhere than at OpenAI", { input: [1, 2, 3] }, "unsupported_parameter", "input"],
    [
      "an unknown field elsewhere",
      { input: "a", truncate: true },
      "unsupported_parameter",
      "truncate",
    ],
    [
      "an image at an internal address",
      { input: [{ type: "image_url", image_url: { url: "http://10.0.0.1/a.png" } }] },
      "image_url_denied",
      "/input/0/image_url/url",
    ],
    [
      "an image at an address without a scheme",
      { input: ["a", { image_url: "file:///etc/passwd" }] },
      "image_url_denied",
      "/input/1/image_url",
    ],
    ["a purpose of nobody's", { input: "a", input_type: "x" }, "invalid_value", "input_type"],
    ["no input", {}, "invalid_value", "input"],
    ["an empty list", { input: [] }, "invalid_value", "input"],
  ] as const
  test.each(REFUSED)("refused: %s", (_name, fields, code, param) => {
    const world = ask("openai-embeddings", COHERE, { model: "smart", ...fields }, {})
    expect(JSON.parse(world.client.body).error).toMatchObject({ code, param })
    expect(world.client.status).toBe(400)
    expect(sent(world)).toBeNull()
  })

  test("are refused by name where a provider has none", () => {
    const world = ask(
      "openai-embeddings",
      { schema: "Anthropic" },
      { model: "smart", input: "a" },
      {},
    )
    expect(JSON.parse(world.client.body).error.message).toBe(
      "provider one (schema Anthropic) does not serve embeddings requests",
    )
  })
})

test("a ranking passes to Cohere, and its tokens are counted by its report", () => {
  const body = { model: "smart", query: "q", documents: ["a", "b"], top_n: 1 }
  const answer = {
    id: "r",
    results: [{ index: 1, relevance_score: 0.9 }],
    meta: { billed_units: { search_units: 1 }, tokens: { input_tokens: 3, output_tokens: 0 } },
  }
  const world = ask("cohere-rerank", COHERE, body, answer)
  expect(sent(world)).toEqual({ path: "/v2/rerank", body: { ...body, model: "served" } })
  expect(JSON.parse(world.client.body)).toEqual(answer)
  expect([...world.finals.values()][0]?.source).toBe("reported")
  expect(usageOf(world)).toEqual({ inputTokens: 3, cachedInputTokens: 0, outputTokens: 0 })
})

test("a completion reaches a chat provider as one turn", () => {
  const answer = {
    id: "msg_1",
    model: "claude",
    content: [{ type: "text", text: "world" }],
    stop_reason: "max_tokens",
    usage: { input_tokens: 3, output_tokens: 1 },
  }
  const body = { model: "smart", prompt: "Hello", max_tokens: 5, temperature: 0.5 }
  const world = ask("openai-completions", { schema: "Anthropic" }, body, answer)
  expect(sent(world)).toEqual({
    path: "/v1/messages",
    body: {
      model: "served",
      max_tokens: 5,
      messages: [{ role: "user", content: "Hello" }],
      temperature: 0.5,
    },
  })
  expect(JSON.parse(world.client.body)).toMatchObject({
    object: "text_completion",
    choices: [{ text: "world", index: 0, finish_reason: "length" }],
    usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
  })
})

const NO_TURN: readonly (readonly [object, string, string?])[] = [
  [
    { prompt: "" },
    "prompt: an empty text cannot be translated for a provider of another shape",
    "unsupported_parameter",
  ],
  [{ prompt: null }, "prompt is missing"],
  [{ prompt: ["a", "b"] }, "prompt must be one text where a chat model serves it, not an array"],
  [{ prompt: [1] }, "/prompt/0 must be a string, not a number"],
]
test.each(NO_TURN)(
  "a completion of %j has no form at a chat provider",
  (fields, message, code = "invalid_value") => {
    const body = Object.assign({ model: "smart" }, fields)
    const world = ask("openai-completions", { schema: "Anthropic" }, body, {})
    const { error } = JSON.parse(world.client.body)
    expect([error.message, error.code]).toEqual([message, code])
    expect(sent(world)).toBeNull()
  },
)

const PROMPTS = [
  ["one text", { prompt: "a", max_tokens: 5 }, 5],
  ["one list of token ids", { prompt: [1, 2, 3], max_tokens: 5 }, 5],
  ["many texts", { prompt: ["a", "b", "c"], max_tokens: 5 }, 15],
  ["many lists of token ids", { prompt: [[1], [2, 3]], max_tokens: 5 }, 10],
  ["many texts, several choices", { prompt: ["a", "b"], max_tokens: 5, n: 3 }, 30],
  ["the best of several", { prompt: "a", max_tokens: 5, n: 2, best_of: 4 }, 20],
  ["texts without a limit", { prompt: ["a", "b"] }, 32],
] as const
test.each(PROMPTS)("a completion of %s may answer each at full length", (_name, fields, most) => {
  const answer = { choices: [{ text: "b" }], usage: { prompt_tokens: 1, completion_tokens: 1 } }
  const world = ask("openai-completions", OPENAI, { model: "smart", ...fields }, answer)
  expect(world.intents[0]?.estimate.outputTokens).toBe(most)
})

const PASSED = [
  ["openai-moderations", "/v1/moderations", { input: "a" }, { id: "m", results: [] }],
  ["openai-images", "/v1/images/generations", { prompt: "a cat", size: "auto" }, { data: [] }],
  ["openai-completions", "/v1/completions", { prompt: "a" }, { choices: [{ text: "b" }] }],
] as const
test.each(PASSED)("%s passes to an upstream of its shape", (surface, path, fields, answer) => {
  const world = ask(surface, OPENAI, { model: "smart", ...fields }, answer)
  expect(sent(world)).toEqual({ path, body: { model: "served", ...fields } })
  expect(JSON.parse(world.client.body)).toEqual(answer)
  expect(world.client.status).toBe(200)
})

test("images of an answer without a report are estimated by their number", () => {
  const answer = { created: 1, data: [{ b64_json: "AA==" }, { b64_json: "AA==" }] }
  const world = ask("openai-images", OPENAI, { model: "smart", prompt: "a cat", n: 3 }, answer)
  expect([...world.finals.values()][0]).toMatchObject({
    source: "estimated",
    usage: { outputTokens: 2 * 6240 },
  })
})

describe("counting tokens", () => {
  const CHAT = { model: "smart", messages: [{ role: "user", content: "Hello there, world" }] }

  test("passes to a provider that counts, and is not billed", () => {
    const answer = { input_tokens: 14 }
    const world = ask("anthropic-count-tokens", { schema: "Anthropic" }, CHAT, answer)
    expect(sent(world)).toEqual({
      path: "/v1/messages/count_tokens",
      body: { ...CHAT, model: "served" },
    })
    expect(JSON.parse(world.client.body)).toEqual(answer)
    expect(usageOf(world)).toEqual({ inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 })
    expect(world.intents[0]?.estimate).toEqual(usageOf(world))
  })

  test("is an estimate that says so where the provider does not count", () => {
    const world = ask("anthropic-count-tokens", OPENAI, CHAT, {})
    expect(sent(world)).toBeNull()
    expect(world.client.status).toBe(200)
    expect(world.client.headers).toMatchObject({
      "x-sidegate-estimated": "true",
      "x-sidegate-provider": "one",
    })
    expect(JSON.parse(world.client.body).input_tokens).toBeGreaterThan(3)
    expect(world.records).toMatchObject([{ operation: "count_tokens" }])
  })

  test("takes what a request for an answer takes, but no limit of the output", () => {
    const body = { model: "smart", messages: [] }
    const world = ask("anthropic-count-tokens", OPENAI, body, {})
    expect(world.client.status).toBe(400)
    expect(JSON.parse(world.client.body).error.message).toContain("messages")
  })
})
