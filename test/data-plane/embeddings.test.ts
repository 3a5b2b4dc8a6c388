/**
 * Embeddings as the official SDKs ask for them, through a real gateway process, at an upstream
 * process that answers as each provider publishes it.
 */
import { GoogleGenAI } from "@google/genai"
import OpenAI from "openai"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { startUpstream, type TestUpstream } from "#test/upstream/client.ts"
import { manifestsOf } from "./manifests.ts"
import { type Standalone, startStandalone } from "./start-standalone.ts"

let upstream: TestUpstream
let gateway: Standalone

/** Numbers that 32-bit floats hold exactly: as base64 they come back the same. */
const VECTORS = [
  [0.5, -1.25],
  [0.125, 3],
]

/** `["one","two"]` at four bytes a token, and the frame of a request. */
const ESTIMATE = 4 + 3

interface Provider {
  readonly name: string
  readonly spec: string
  readonly path: string
  readonly model: string
  /** Inputs of one request. */
  readonly inputs: number
  /** Tokens that the answer reports; null when it tells none. */
  readonly tokens: number | null
  /** Path that it is asked at, below its endpoint, by another client than its own. */
  readonly asked: string
  readonly answer: (vectors: readonly (readonly number[])[], encoding: string) => unknown
  readonly headers?: Readonly<Record<string, string>>
}

const base64 = (vector: readonly number[]) =>
  Buffer.from(Float32Array.from(vector).buffer).toString("base64")

const openAiAnswer: Provider["answer"] = (vectors, encoding) => ({
  object: "list",
  data: vectors.map((vector, index) => ({
    object: "embedding",
    index,
    embedding: encoding === "base64" ? base64(vector) : vector,
  })),
  model: "served",
  usage: { prompt_tokens: 8, total_tokens: 8 },
})

const GOOGLE = "/v1/projects/acme-ai/locations/europe-west4/publishers/google/models"
const VERTEX = "schema: VertexAI\nvertexAI: {project: acme-ai, location: europe-west4}"
const BEDROCK = "schema: Bedrock\nbedrock: {region: eu-central-1}"

const PROVIDERS: readonly Provider[] = [
  {
    name: "openai",
    spec: "schema: OpenAI\nvendor: OpenAI",
    path: "/v1",
    model: "text-embedding-3-small",
    inputs: 2,
    tokens: 8,
    asked: "/embeddings",
    answer: openAiAnswer,
  },
  {
    name: "azure",
    spec: "schema: AzureOpenAI",
    path: "",
    model: "embed-eu",
    inputs: 2,
    tokens: 8,
    asked: "/openai/v1/embeddings",
    answer: openAiAnswer,
  },
  {
    name: "cohere",
    spec: "schema: Cohere",
    path: "",
    model: "embed-v4.0",
    inputs: 2,
    tokens: 8,
    asked: "/v2/embed",
    answer: (float) => ({
      id: "e",
      embeddings: { float },
      meta: { billed_units: { input_tokens: 8 } },
    }),
  },
  {
    name: "gemini",
    spec: "schema: Gemini",
    path: "",
    model: "gemini-embedding-001",
    inputs: 2,
    tokens: null,
    asked: "/v1beta/models/gemini-embedding-001:batchEmbedContents",
    answer: (vectors) => ({ embeddings: vectors.map((values) => ({ values })) }),
  },
  {
    name: "vertex",
    spec: VERTEX,
    path: "",
    model: "text-embedding-005",
    inputs: 2,
    tokens: 8,
    asked: `${GOOGLE}/text-embedding-005:predict`,
    answer: (vectors) => ({
      predictions: vectors.map((values) => ({
        embeddings: { values, statistics: { truncated: false, token_count: 4 } },
      })),
    }),
  },
  {
    name: "titan",
    spec: BEDROCK,
    path: "",
    model: "amazon.titan-embed-text-v2:0",
    inputs: 1,
    tokens: 8,
    asked: "/model/amazon.titan-embed-text-v2%3A0/invoke",
    answer: ([embedding]) => ({ embedding, inputTextTokenCount: 8 }),
  },
  {
    name: "bedrock-cohere",
    spec: BEDROCK,
    path: "",
    model: "eu.cohere.embed-v4:0",
    inputs: 2,
    tokens: 8,
    headers: { "x-amzn-bedrock-input-token-count": "8" },
    asked: "/model/eu.cohere.embed-v4%3A0/invoke",
    answer: (float) => ({ id: "e", embeddings: { float }, response_type: "embeddings_by_type" }),
  },
]

beforeAll(async () => {
  upstream = await startUpstream()
  const files = PROVIDERS.map(({ name, spec, path, model: served }) => {
    const endpoint = `${upstream.origin}/${name}${path}`
    const models = [`ask-${name}`]
    return [`${name}.yaml`, manifestsOf({ name, spec, endpoint, models, served, attempts: 1 })]
  })
  gateway = await startStandalone({ files: Object.fromEntries(files) })
})
afterAll(async () => {
  await gateway?.program.stop()
  await upstream?.stop()
})

/** Where the upstream was asked last, below the provider's endpoint. */
async function lastAsked({ name, path }: Provider): Promise<string | undefined> {
  const { path: asked } = (await upstream.bodies()).at(-1) ?? {}
  return asked?.slice(`/${name}${path}`.length)
}

describe.each(PROVIDERS)("at $name", (provider) => {
  const { name, inputs, tokens, headers = {} } = provider
  const model = `ask-${name}`
  const texts = ["one", "two"].slice(0, inputs)
  const vectors = VECTORS.slice(0, inputs)

  test.each(["base64", "float"] as const)("openai gets its vectors, as %s", async (encoding) => {
    const body = JSON.stringify(provider.answer(vectors, encoding))
    await upstream.behave(name, { body, headers })
    const client = new OpenAI({ baseURL: `${gateway.origin}/v1`, apiKey: "none", maxRetries: 0 })
    // Asked for nothing, the SDK asks for base64 and decodes it.
    const wish = encoding === "float" ? { encoding_format: encoding } : {}
    const got = await client.embeddings.create({ model, input: texts, ...wish })
    expect(got.data.map(({ embedding }) => embedding)).toEqual(vectors)
    expect(got.usage.prompt_tokens).toBe(tokens ?? ESTIMATE)
    expect(await lastAsked(provider)).toBe(provider.asked)
  })

  test("@google/genai gets its vectors", async () => {
    const body = JSON.stringify(provider.answer(vectors, "float"))
    await upstream.behave(name, { body, headers })
    const client = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: gateway.origin } })
    const config = { taskType: "RETRIEVAL_QUERY", outputDimensionality: 2 }
    const got = await client.models.embedContent({ model, contents: texts, config })
    expect(got.embeddings?.map(({ values }) => values)).toEqual(vectors)
    expect(got.usageMetadata?.promptTokenCount ?? null).toBe(tokens)
    expect(await lastAsked(provider)).toBe(provider.asked)
  })
})

test("an SDK sees a refusal as an error of its own, with the reason", async () => {
  const google = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: gateway.origin } })
  const openAi = new OpenAI({ baseURL: `${gateway.origin}/v1`, apiKey: "none", maxRetries: 0 })
  const model = "ask-titan"
  const reason = "takes one input at a time, not 2"
  await expect(
    google.models.embedContent({ model, contents: ["one", "two"] }),
  ).rejects.toMatchObject({
    name: "ApiError",
    status: 400,
    message: expect.stringContaining(reason),
  })
  await expect(openAi.embeddings.create({ model, input: ["one", "two"] })).rejects.toMatchObject({
    status: 400,
    code: "unsupported_parameter",
    message: expect.stringContaining(reason),
  })
})
