/** Adapters by the schema of a provider: a new wire schema is one folder and one line here. */
import type { ProviderConfig, ProviderSchema } from "#proxy/contract/snapshot.ts"
import type { ProviderAdapter, UpstreamWire } from "./adapter.ts"
import { anthropic } from "./anthropic/anthropic.ts"
import { azureOpenAi } from "./azure-openai/azure-openai.ts"
import { bedrock } from "./bedrock/bedrock.ts"
import { cohere } from "./cohere/cohere.ts"
import { gemini } from "./gemini/gemini.ts"
import { openAi, simulated } from "./openai/openai.ts"
import { vertexAi } from "./vertex-ai/vertex-ai.ts"

const ADAPTERS: Readonly<Record<ProviderSchema, ProviderAdapter>> = Object.freeze({
  OpenAI: openAi,
  AzureOpenAI: azureOpenAi,
  Anthropic: anthropic,
  Gemini: gemini,
  VertexAI: vertexAi,
  Bedrock: bedrock,
  Cohere: cohere,
  Simulated: simulated,
})

/** What a provider can be asked in for one of its models, the most native first. */
export function wiresOf(provider: ProviderConfig, model: string): readonly UpstreamWire[] {
  return ADAPTERS[provider.schema].wires(provider, model)
}
