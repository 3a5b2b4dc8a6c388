/**
 * Embeddings through the whole pipeline: every surface at every schema that serves them.
 *
 * Answers are in the shapes of the pages that the wires name as their sources.
 */
import { describe, expect, test } from "vitest"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { SURFACES } from "#proxy/surfaces/registry.ts"
import { createWorld, startChat, type World } from "./world.test-data.ts"

type SurfaceName = "openai-embeddings" | "gemini-embed" | "gemini-batch-embed"

const PATHS: Readonly<Record<SurfaceName, string>> = {
  "openai-embeddings": "/v1/embeddings",
  "gemini-embed": "/v1beta/models/smart:embedContent",
  "gemini-batch-embed": "/v1beta/models/smart:batchEmbedContents",
}

/** `answer` is text: numbers that are parsed and written again would lose their digits. */
function ask(
  surface: SurfaceName,
  { model, ...provider }: Partial<ProviderConfig> & { readonly model: string | null },
  body: unknown,
  answer = "{}",
  headers: Readonly<Record<string, string>> = {},
): World {
  const head = { head: 200, headers: { "content-type": "application/json", ...headers } }
  const world = createWorld({ scripts: [[head, { data: answer }, { end: true }]] })
  const one = makeProvider("one", { pathPrefix: "", ...provider })
  const rule = makeRule({ backends: [makeBackend("one", { model })] })
  startChat(world, {
    surface: SURFACES[surface],
    runtime: makeRuntime({
      providers: { one },
      routes: [{ name: "search/chat", rules: [rule] }],
    }),
    body,
    raw: { path: PATHS[surface] },
  })
  world.advance(10)
  return world
}

function sentText(world: World): string | null {
  const body = world.requests[0]?.body
  if (body === undefined) return null
  return typeof body === "string" ? body : new TextDecoder().decode(body)
}

function sent(world: World): unknown {
  const body = sentText(world)
  return body === null ? null : { path: world.requests[0]?.path, body: JSON.parse(body) }
}

const settled = (world: World) => [...world.finals.values()][0]
const used = (inputTokens: number) => ({ inputTokens, cachedInputTokens: 0, outputTokens: 0 })

const VERTEX = {
  schema: "VertexAI",
  options: { schema: "VertexAI", project: "acme-ai", location: "europe-west4" },
} as const
const BEDROCK = { schema: "Bedrock", options: { schema: "Bedrock", region: "eu-west-1" } } as const
const GOOGLE_PATH = "/v1/projects/acme-ai/locations/europe-west4/publishers/google/models"

/** Digits that a number loses when it is parsed and written again. */
const VECTOR = "[0.10,-1.2500000000000000001,1e-3]"

interface Upstream {
  readonly name: string
  readonly provider: Partial<ProviderConfig> & { readonly model: string | null }
  readonly path: string
  /** What it is sent for the text "a", for searching, in 256 dimensions. */
  readonly body: unknown
  readonly answer: string
  readonly headers?: Readonly<Record<string, string>>
  readonly usage: "reported" | "estimated"
  /** Its vectors have one size: nothing is said of it. */
  readonly hasOneSize?: true
}

const COUNTED = { "x-amzn-bedrock-input-token-count": "7" }

const OPENAI_BODY = { model: "m", input: ["a"], dimensions: 256, encoding_format: "float" }
const OPENAI_ANSWER = `{"object":"list","data":[{"object":"embedding","index":0,"embedding":${VECTOR}}],"model":"m","usage":{"prompt_tokens":7,"total_tokens":7}}`
const COHERE_BODY = {
  texts: ["a"],
  input_type: "search_query",
  embedding_types: ["float"],
  output_dimension: 256,
  truncate: "NONE",
}

function unsized({ output_dimension: _, ...rest }: typeof COHERE_BODY): object {
  return rest
}

const UPSTREAMS: readonly Upstream[] = [
  {
    name: "OpenAI",
    provider: { schema: "OpenAI", vendor: "OpenAI", pathPrefix: "/v1", model: "m" },
    path: "/v1/embeddings",
    body: OPENAI_BODY,
    answer: OPENAI_ANSWER,
    usage: "reported",
  },
  {
    name: "Azure OpenAI",
    provider: {
      schema: "AzureOpenAI",
      options: { schema: "AzureOpenAI", apiVersion: null },
      model: "m",
    },
    path: "/openai/v1/embeddings",
    body: OPENAI_BODY,
    answer: OPENAI_ANSWER,
    usage: "reported",
  },
  {
    name: "Cohere",
    provider: { schema: "Cohere", model: "embed-v4.0" },
    path: "/v2/embed",
    body: { model: "embed-v4.0", ...COHERE_BODY },
    answer: `{"id":"e","embeddings":{"float":[${VECTOR}]},"meta":{"billed_units":{"input_tokens":7}}}`,
    usage: "reported",
  },
  {
    name: "Gemini",
    provider: { schema: "Gemini", model: "gemini-embedding-001" },
    path: "/v1beta/models/gemini-embedding-001:batchEmbedContents",
    body: {
      requests: [
        {
          model: "models/gemini-embedding-001",
          content: { parts: [{ text: "a" }] },
          taskType: "RETRIEVAL_QUERY",
          outputDimensionality: 256,
        },
      ],
    },
    answer: `{"embeddings":[{"values":${VECTOR}}]}`,
    usage: "estimated",
  },
  {
    name: "Gemini, a model that reports usage",
    provider: { schema: "Gemini", model: "gemini-embedding-2" },
    path: "/v1beta/models/gemini-embedding-2:batchEmbedContents",
    body: {
      requests: [
        {
          model: "models/gemini-embedding-2",
          content: { parts: [{ text: "a" }] },
          taskType: "RETRIEVAL_QUERY",
          outputDimensionality: 256,
        },
      ],
    },
    answer: `{"embeddings":[{"values":${VECTOR}}],"usageMetadata":{"promptTokenCount":7}}`,
    usage: "reported",
  },
  ...["text-embedding-005", "text-multilingual-embedding-002", "gemini-embedding-001"].map(
    (model): Upstream => ({
      name: `Vertex AI, ${model}`,
      provider: { ...VERTEX, model },
      path: `${GOOGLE_PATH}/${model}:predict`,
      body: {
        instances: [{ content: "a", task_type: "RETRIEVAL_QUERY" }],
        parameters: { autoTruncate: false, outputDimensionality: 256 },
      },
      answer: `{"predictions":[{"embeddings":{"values":${VECTOR},"statistics":{"truncated":false,"token_count":7}}}],"metadata":{"billableCharacterCount":1}}`,
      usage: "reported",
    }),
  ),
  {
    name: "Vertex AI, gemini-embedding-2",
    provider: { ...VERTEX, model: "gemini-embedding-2" },
    path: `${GOOGLE_PATH}/gemini-embedding-2:embedContent`,
    body: {
      content: { parts: [{ text: "a" }] },
      embedContentConfig: {
        taskType: "RETRIEVAL_QUERY",
        outputDimensionality: 256,
        autoTruncate: false,
      },
    },
    answer: `{"embedding":{"values":${VECTOR}},"usageMetadata":{"promptTokenCount":7},"truncated":false}`,
    usage: "reported",
  },
  ...["amazon.titan-embed-text-v2:0", "us.amazon.titan-embed-text-v2:0"].map(
    (model): Upstream => ({
      name: `Bedrock, ${model}`,
      provider: { ...BEDROCK, model },
      path: `/model/${encodeURIComponent(model)}/invoke`,
      body: { inputText: "a", dimensions: 256 },
      answer: `{"embedding":${VECTOR},"inputTextTokenCount":7,"embeddingsByType":{"float":${VECTOR}}}`,
      usage: "reported",
    }),
  ),
  ...[
    "amazon.nova-2-multimodal-embeddings-v1:0",
    "us.amazon.nova-2-multimodal-embeddings-v1:0",
  ].map(
    (model): Upstream => ({
      name: `Bedrock, ${model}`,
      provider: { ...BEDROCK, model },
      path: `/model/${encodeURIComponent(model)}/invoke`,
      body: {
        taskType: "SINGLE_EMBEDDING",
        singleEmbeddingParams: {
          embeddingPurpose: "GENERIC_RETRIEVAL",
          embeddingDimension: 256,
          text: { truncationMode: "NONE", value: "a" },
        },
      },
      answer: `{"embeddings":[{"embeddingType":"TEXT","embedding":${VECTOR}}]}`,
      headers: COUNTED,
      usage: "reported",
    }),
  ),
  {
    name: "Bedrock, Titan's model of texts and images",
    provider: { ...BEDROCK, model: "amazon.titan-embed-image-v1" },
    path: "/model/amazon.titan-embed-image-v1/invoke",
    body: { inputText: "a", embeddingConfig: { outputEmbeddingLength: 256 } },
    answer: `{"embedding":${VECTOR},"inputTextTokenCount":7}`,
    usage: "reported",
  },
  ...[
    "cohere.embed-v4:0",
    "eu.cohere.embed-v4:0",
    "global.cohere.embed-v4:0",
    "arn:aws:bedrock:us-east-1:1:inference-profile/us.cohere.embed-v4:0",
  ].map(
    (model): Upstream => ({
      name: `Bedrock, ${model}`,
      provider: { ...BEDROCK, model },
      path: `/model/${encodeURIComponent(model)}/invoke`,
      body: COHERE_BODY,
      answer: `{"id":"e","embeddings":{"float":[${VECTOR}]},"response_type":"embeddings_by_type","texts":["a"]}`,
      headers: COUNTED,
      usage: "reported",
    }),
  ),
  {
    name: "Bedrock, Cohere's model of the older answer",
    provider: { ...BEDROCK, model: "cohere.embed-english-v3" },
    path: "/model/cohere.embed-english-v3/invoke",
    body: unsized(COHERE_BODY),
    hasOneSize: true,
    answer: `{"id":"e","embeddings":[${VECTOR}],"response_type":"embeddings_floats","texts":["a"]}`,
    headers: COUNTED,
    usage: "reported",
  },
  {
    name: "Bedrock, behind what keeps its headers",
    provider: { ...BEDROCK, model: "cohere.embed-v4:0" },
    path: "/model/cohere.embed-v4%3A0/invoke",
    body: COHERE_BODY,
    answer: `{"embeddings":{"float":[${VECTOR}]}}`,
    usage: "estimated",
  },
]

const CONTENT = { parts: [{ text: "a" }] }
const ONE = { content: CONTENT, taskType: "RETRIEVAL_QUERY", outputDimensionality: 256 }
const BATCH = { requests: [{ model: "models/smart", ...ONE }] }

function oneFor({ hasOneSize }: Upstream): object {
  return hasOneSize === true ? { content: CONTENT, taskType: "RETRIEVAL_QUERY" } : ONE
}

const isGemini = ({ schema }: Upstream["provider"]) => schema === "Gemini"

function expectSettled(world: World, usage: Upstream["usage"]): void {
  const final = settled(world)
  expect([final?.outcome, final?.source]).toEqual(["ok", usage])
  if (usage === "reported") expect(final?.usage).toEqual(used(7))
  else expect(final?.usage.inputTokens).toBeGreaterThan(0)
  const mark = usage === "estimated" ? "true" : undefined
  expect(world.client.headers["x-sidegate-estimated"]).toBe(mark)
}

const metadataOf = ({ usage }: Upstream) =>
  usage === "reported" ? `,"usageMetadata":{"promptTokenCount":7,"totalTokenCount":7}` : ""

describe.each(UPSTREAMS)("$name", (upstream) => {
  const { provider, path, body, answer, headers, usage, hasOneSize } = upstream
  const size = hasOneSize === true ? {} : { dimensions: 256 }

  test("serves OpenAI's clients, digits kept, and says the usage that is settled", () => {
    const world = ask(
      "openai-embeddings",
      provider,
      { model: "smart", input: ["a"], ...size, encoding_format: "float" },
      answer,
      headers,
    )
    // This client has no way to say what the vectors are for.
    const unsaid = JSON.parse(
      JSON.stringify(body)
        .replace(/,?"(taskType|task_type)":"RETRIEVAL_QUERY"/, "")
        .replace("search_query", "search_document")
        .replace("GENERIC_RETRIEVAL", "GENERIC_INDEX")
        .replace("{,", "{"),
    )
    expect(sent(world)).toEqual({ path, body: unsaid })
    const tokens = settled(world)?.usage.inputTokens
    expect(JSON.parse(world.client.body)).toMatchObject({
      object: "list",
      data: [{ object: "embedding", index: 0 }],
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    })
    expect(world.client.body).toContain(`"embedding":${VECTOR}`)
    expectSettled(world, usage)
  })

  test("serves Gemini's batches, digits and usage as reported", () => {
    const batch = { requests: [{ model: "models/smart", ...oneFor(upstream) }] }
    const world = ask("gemini-batch-embed", provider, batch, answer, headers)
    expect(sent(world)).toEqual({ path, body })
    expect(world.client.body).toBe(
      isGemini(provider) ? answer : `{"embeddings":[{"values":${VECTOR}}]${metadataOf(upstream)}}`,
    )
    expectSettled(world, usage)
  })
})

test("vectors keep to their inputs in whatever order they come", () => {
  const data = [
    { index: 1, embedding: [2] },
    { index: 0, embedding: [1] },
  ]
  const upstream = { schema: "OpenAI", vendor: "vLLM", model: "bge" } as const
  const batch = {
    requests: ["a", "b"].map((text) => ({ model: "models/smart", content: { parts: [{ text }] } })),
  }
  const world = ask("gemini-batch-embed", upstream, batch, JSON.stringify({ data }))
  expect(JSON.parse(world.client.body).embeddings).toEqual([{ values: [1] }, { values: [2] }])
})

const OTHERS = UPSTREAMS.filter(({ provider }) => !isGemini(provider))

test.each(OTHERS)("$name serves Gemini's single contents as well", (upstream) => {
  const { provider, path, body, answer, headers, usage } = upstream
  const world = ask("gemini-embed", provider, oneFor(upstream), answer, headers)
  expect(sent(world)).toEqual({ path, body })
  expect(world.client.body).toBe(`{"embedding":{"values":${VECTOR}}${metadataOf(upstream)}}`)
  expectSettled(world, usage)
})

describe("a Gemini client's own bytes pass to Gemini", () => {
  const GEMINI = { schema: "Gemini", model: "gemini-embedding-001" } as const

  test("one content, with all that only Gemini has", () => {
    const body = `{"content": {"parts":[{"text":"a"},{"text":"b"}]}, "title":"t", "x":1.0}`
    const answer = `{"embedding": {"values": ${VECTOR}}, "usageMetadata":{"promptTokenCount":3}}`
    const world = ask("gemini-embed", GEMINI, body, answer)
    expect(world.requests[0]?.path).toBe("/v1beta/models/gemini-embedding-001:embedContent")
    expect(sentText(world)).toBe(body)
    expect(world.client.body).toBe(answer)
    expect(settled(world)?.usage).toEqual(used(3))
  })

  test("a batch, with every name of the model replaced and nothing else", () => {
    const request = (model: string, text: string) =>
      `{"title":"t", "model": "${model}","content":{"parts":[{"text":"${text}"}]}, "x":1.0}`
    const body = (model: string) =>
      `{"requests": [${request(model, "a")}, ${request(model, "b")}], "model":"${model}"}`
    const answer = `{"embeddings":[{"values":${VECTOR}},{"values":[2]}]}`
    const world = ask("gemini-batch-embed", GEMINI, body("models/smart"), answer)
    expect(sentText(world)).toBe(body("models/gemini-embedding-001"))
    expect(world.client.body).toBe(answer)
  })

  test("byte for byte where the route sends on the name that was asked for", () => {
    const body = `{"requests":[{"model":"models/smart","content":{"parts":[{"text":"a"}]}}]}`
    const world = ask("gemini-batch-embed", { ...GEMINI, model: null }, body)
    expect(world.requests[0]?.path).toBe("/v1beta/models/smart:batchEmbedContents")
    expect(sentText(world)).toBe(body)
  })
})

const COHERE = { schema: "Cohere", model: "m" } as const
const TITAN = { ...BEDROCK, model: "amazon.titan-embed-text-v2:0" } as const
const NOVA = { ...BEDROCK, model: "amazon.nova-2-multimodal-embeddings-v1:0" } as const
const TWO = { requests: [{ content: CONTENT }, { content: CONTENT }] }
const texts = (count: number) => Array.from({ length: count }, () => "a")

const REFUSED = [
  ["gemini-embed", COHERE, {}, "invalid_value", "content"],
  ["gemini-embed", COHERE, { content: {} }, "invalid_value", "/content/parts"],
  ["gemini-embed", COHERE, { content: { parts: [] } }, "invalid_value", "/content/parts"],
  ["gemini-embed", COHERE, { ...ONE, model: "models/x" }, "invalid_value", "model"],
  ["gemini-embed", COHERE, { ...ONE, taskType: "X" }, "invalid_value", "taskType"],
  ["gemini-embed", COHERE, { ...ONE, title: "t" }, "unsupported_parameter", "title"],
  ["gemini-batch-embed", COHERE, ONE, "invalid_value", "requests"],
  ["gemini-batch-embed", COHERE, { requests: [] }, "invalid_value", "requests"],
  ["gemini-batch-embed", COHERE, { requests: [1] }, "invalid_value", "/requests/0"],
  [
    "gemini-batch-embed",
    COHERE,
    { requests: texts(101).map(() => ONE) },
    "invalid_value",
    "requests",
  ],
  [
    "gemini-batch-embed",
    { schema: "Gemini", model: "m" },
    { requests: [ONE, { ...ONE, model: "models/other" }] },
    "invalid_value",
    "/requests/1/model",
  ],
  [
    "gemini-batch-embed",
    COHERE,
    { requests: [ONE, { ...ONE, taskType: "CLUSTERING" }] },
    "unsupported_parameter",
    "/requests/1/taskType",
  ],
  [
    "gemini-batch-embed",
    COHERE,
    { requests: [ONE, { ...ONE, outputDimensionality: 512 }] },
    "unsupported_parameter",
    "/requests/1/outputDimensionality",
  ],
  [
    "gemini-batch-embed",
    COHERE,
    { requests: [{ ...ONE, title: "t" }] },
    "unsupported_parameter",
    "/requests/0/title",
  ],
  [
    "gemini-embed",
    COHERE,
    { content: { parts: [{ text: "a" }, { text: "b" }] } },
    "unsupported_parameter",
    "/content/parts/1",
  ],
  [
    "gemini-embed",
    COHERE,
    { content: { parts: [{ inlineData: { mimeType: "image/png", data: "AA==" } }] } },
    "unsupported_parameter",
    "/content/parts/0/inlineData",
  ],
  [
    "gemini-embed",
    COHERE,
    { content: { parts: [{ fileData: { fileUri: "http://10.0.0.1/a.png" } }] } },
    "image_url_denied",
    "/content/parts/0/fileData/fileUri",
  ],
  ["gemini-batch-embed", TITAN, TWO, "unsupported_parameter", "requests"],
  [
    "gemini-batch-embed",
    { ...VERTEX, model: "gemini-embedding-001" },
    TWO,
    "unsupported_parameter",
    "requests",
  ],
  [
    "gemini-batch-embed",
    { ...VERTEX, model: "gemini-embedding-2" },
    TWO,
    "unsupported_parameter",
    "requests",
  ],
  ["gemini-embed", { schema: "Anthropic", model: "m" }, ONE, "unsupported_parameter", "model"],
  ["gemini-batch-embed", { ...VERTEX, model: "claude-x" }, BATCH, "unsupported_parameter", "model"],
] as const

test.each(REFUSED)("%s at %o refuses %j as %s, %s", (surface, provider, body, code, param) => {
  const world = ask(surface, provider, body)
  const { error } = JSON.parse(world.client.body)
  expect(world.client.status).toBe(400)
  expect(error.status).toBe("INVALID_ARGUMENT")
  expect(error.details[0].metadata).toEqual({ code, param })
  expect(sent(world)).toBeNull()
})

const MOST = [
  ["Cohere", COHERE, 96],
  ["Cohere on Bedrock", { ...BEDROCK, model: "cohere.embed-v4:0" }, 96],
  ["Titan", TITAN, 1],
  ["Nova", NOVA, 1],
  ["Gemini", { schema: "Gemini", model: "m" }, 100],
  ["Vertex AI", { ...VERTEX, model: "text-embedding-005" }, 250],
  ["Vertex AI, gemini-embedding-001", { ...VERTEX, model: "gemini-embedding-001" }, 1],
] as const
test.each(MOST)("%s is asked for so many vectors at once and no more", (_name, provider, most) => {
  const fits = ask("openai-embeddings", provider, { model: "smart", input: texts(most) })
  expect(fits.requests).toHaveLength(1)
  const over = ask("openai-embeddings", provider, { model: "smart", input: texts(most + 1) })
  expect(over.requests).toHaveLength(0)
  const amount = most === 1 ? "one input" : `${most} inputs`
  expect(JSON.parse(over.client.body).error.message).toBe(
    `input cannot be said to provider one: ${provider.model} takes ${amount} at a time, not ${most + 1}`,
  )
})

test("a total without its prompt is the input: an answer of vectors has no other (Voyage)", () => {
  const provider = { schema: "OpenAI", vendor: null, model: "voyage-4" } as const
  const answer = `{"data":[{"embedding":[1],"index":0}],"usage":{"total_tokens":7}}`
  const world = ask("openai-embeddings", provider, { model: "smart", input: "a" }, answer)
  expect(settled(world)).toMatchObject({ source: "reported", usage: used(7) })
})

test("zeros of a server that counts no vectors are no report (LM Studio)", () => {
  const provider = { schema: "OpenAI", vendor: "LMStudio", model: "nomic" } as const
  const vectors = `{"data":[{"embedding":[1],"index":0}],"usage":{"prompt_tokens":0,"total_tokens":0`
  const send = (answer: string) =>
    settled(ask("openai-embeddings", provider, { model: "smart", input: "a" }, answer))
  expect(send(`${vectors}}}`)).toMatchObject({ source: "estimated" })
  expect(send(`${vectors}}}`)?.usage.inputTokens).toBeGreaterThan(0)
  expect(send(`${vectors},"cost":0}}`)).toMatchObject({ source: "reported", usage: used(0) })
})

test("usage of Vertex AI is the sum of its predictions', and none when one tells none", () => {
  const prediction = (statistics: string) => `{"embeddings":{"values":[1]${statistics}}}`
  const told = prediction(`,"statistics":{"token_count":3}`)
  const provider = { ...VERTEX, model: "text-embedding-005" }
  const body = { model: "smart", input: ["a", "b"] }
  const both = ask("openai-embeddings", provider, body, `{"predictions":[${told},${told}]}`)
  expect(settled(both)?.usage).toEqual(used(6))
  const one = ask(
    "openai-embeddings",
    provider,
    body,
    `{"predictions":[${told},${prediction("")}]}`,
  )
  expect(settled(one)?.source).toBe("estimated")
})

const INVOKED = { body: `{"embeddings":{"float":[[1]]}}` }
const HEADS = [
  [INVOKED, "cohere.embed-v4:0", "0", "reported", 0],
  [INVOKED, "cohere.embed-v4:0", "1000000001", "estimated", null],
  [INVOKED, "cohere.embed-v4:0", "-1", "estimated", null],
  [INVOKED, "cohere.embed-v4:0", "1e3", "estimated", null],
  [INVOKED, "cohere.embed-v4:0", "7, 7", "estimated", null],
  [INVOKED, "cohere.embed-v4:0", "", "estimated", null],
  [{ body: `{"embedding":[1]}` }, TITAN.model, "9", "reported", 9],
  [{ body: `{"embedding":[1],"inputTextTokenCount":8}` }, TITAN.model, "9", "reported", 8],
] as const
test.each(HEADS)("%j, %s: a head that counts '%s' is %s", (answer, model, told, source, tokens) => {
  const headers = { "x-amzn-bedrock-input-token-count": told }
  const body = { model: "smart", input: "a" }
  const world = ask("openai-embeddings", { ...BEDROCK, model }, body, answer.body, headers)
  expect(settled(world)?.source).toBe(source)
  if (tokens !== null) expect(settled(world)?.usage).toEqual(used(tokens))
})

const BROKEN = [
  ["Gemini", { schema: "Gemini", model: "m" }, `{"embeddings":[{"values":"x"}]}`],
  ["Gemini", { schema: "Gemini", model: "m" }, `{"error":{"message":"m"}}`],
  ["Vertex AI", { ...VERTEX, model: "text-embedding-005" }, `{"predictions":[{}]}`],
  ["Vertex AI", { ...VERTEX, model: "gemini-embedding-2" }, `{"embedding":{}}`],
  ["Titan", TITAN, `{"embedding":"x"}`],
  ["Nova", NOVA, `{"embeddings":[{"embeddingType":"TEXT"}]}`],
  ["Cohere on Bedrock", { ...BEDROCK, model: "cohere.embed-v4:0" }, `{"embeddings":{}}`],
  ["fewer vectors than inputs", COHERE, `{"embeddings":{"float":[]}}`],
  ["more vectors than inputs", COHERE, `{"embeddings":{"float":[[1],[2]]}}`],
] as const
test.each(BROKEN)("no answer is made of what is none: %s, %j", (_name, provider, answer) => {
  const world = ask("openai-embeddings", provider, { model: "smart", input: "a" }, answer)
  expect(world.client.status).toBe(502)
  expect(settled(world)?.outcome).toBe("upstream-error")
})
