/** One upstream of each kind that answers differently, as the tables ask them. */
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import type { UpstreamWire } from "#proxy/providers/adapter.ts"
import { wiresOf } from "#proxy/providers/registry.ts"

export interface Upstream {
  readonly title: string
  readonly provider: ProviderConfig
  /** As the vendor names its models; it decides what some providers are asked in. */
  readonly model: string
  /** One that embeds, where models that do are asked in another way. */
  readonly embeddingModel?: string
}

const NAMED = {
  name: "upstream",
  origin: "https://upstream.example",
  pathPrefix: "",
  vendor: null,
  options: null,
  network: "Public",
  credential: "Secret",
  connectTimeoutMs: 1000,
  disabled: false,
  simulated: null,
} as const

const VERTEX = { schema: "VertexAI", project: "p", location: "global" } as const
const DATED = { schema: "AzureOpenAI", apiVersion: null } as const
const REGION = { schema: "Bedrock", region: "eu-central-1" } as const

export const OPENAI: Upstream = {
  title: "OpenAI",
  provider: { ...NAMED, schema: "OpenAI", vendor: "OpenAI" },
  model: "gpt-5",
}

export const UPSTREAMS: readonly Upstream[] = [
  OPENAI,
  {
    title: "AzureOpenAI",
    provider: { ...NAMED, schema: "AzureOpenAI", options: DATED },
    model: "gpt-5",
  },
  {
    title: "Anthropic",
    provider: { ...NAMED, schema: "Anthropic" },
    model: "claude-sonnet-4-5",
  },
  { title: "Gemini", provider: { ...NAMED, schema: "Gemini" }, model: "gemini-2.5-flash" },
  {
    title: "VertexAI, Google's",
    provider: { ...NAMED, schema: "VertexAI", options: VERTEX },
    model: "gemini-2.5-flash",
    embeddingModel: "text-embedding-005",
  },
  {
    title: "VertexAI, Anthropic's",
    provider: { ...NAMED, schema: "VertexAI", options: VERTEX },
    model: "claude-sonnet-4-5",
  },
  {
    title: "Bedrock",
    provider: { ...NAMED, schema: "Bedrock", options: REGION },
    model: "anthropic.claude-sonnet-4-5",
    embeddingModel: "amazon.titan-embed-text-v2:0",
  },
  { title: "Cohere", provider: { ...NAMED, schema: "Cohere" }, model: "command-a-03-2025" },
]

const GEMINI = { ...NAMED, schema: "Gemini" } as const
const ON_VERTEX = { ...NAMED, schema: "VertexAI", options: VERTEX } as const
const ON_BEDROCK = { ...NAMED, schema: "Bedrock", options: REGION } as const
const COHERE = { ...NAMED, schema: "Cohere" } as const

/** One of each kind of model that embeds. */
export const EMBEDDING_UPSTREAMS: readonly Upstream[] = [
  OPENAI,
  {
    title: "AzureOpenAI",
    provider: { ...NAMED, schema: "AzureOpenAI", options: DATED },
    model: "text-embedding-3-small",
  },
  ofVendor("NvidiaNIM"),
  { title: "Gemini", provider: GEMINI, model: "gemini-embedding-001" },
  { title: "VertexAI, `predict`", provider: ON_VERTEX, model: "text-embedding-005" },
  { title: "VertexAI, `embedContent`", provider: ON_VERTEX, model: "gemini-embedding-2" },
  { title: "Bedrock, Titan", provider: ON_BEDROCK, model: "amazon.titan-embed-text-v2:0" },
  { title: "Bedrock, Titan v1", provider: ON_BEDROCK, model: "amazon.titan-embed-text-v1" },
  {
    title: "Bedrock, Nova",
    provider: ON_BEDROCK,
    model: "amazon.nova-2-multimodal-embeddings-v1:0",
  },
  { title: "Bedrock, Cohere v4", provider: ON_BEDROCK, model: "cohere.embed-v4:0" },
  { title: "Bedrock, Cohere v3", provider: ON_BEDROCK, model: "cohere.embed-english-v3" },
  { title: "Cohere v4", provider: COHERE, model: "embed-v4.0" },
  { title: "Cohere v3", provider: COHERE, model: "embed-english-v3.0" },
]

export function wiresAt({ provider, model }: Upstream): readonly UpstreamWire[] {
  return wiresOf(provider, model)
}

/** Of all its models. */
export function allWiresAt(upstream: Upstream): readonly UpstreamWire[] {
  const { provider, embeddingModel } = upstream
  const embedding = embeddingModel === undefined ? [] : wiresOf(provider, embeddingModel)
  return [...wiresAt(upstream), ...embedding]
}

export function ofVendor(vendor: string): Upstream {
  return { ...OPENAI, title: vendor, provider: { ...OPENAI.provider, vendor } }
}
