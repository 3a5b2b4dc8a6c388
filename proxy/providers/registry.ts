/** Adapters by the schema of a provider: a new wire schema is one folder and one line here. */
import type { ProviderConfig, ProviderSchema } from "#proxy/contract/snapshot.ts"
import type { ProviderAdapter } from "./adapter.ts"
import { openAi } from "./openai/openai.ts"

const ADAPTERS: Readonly<Record<ProviderSchema, ProviderAdapter>> = Object.freeze({
  OpenAI: openAi,
  /** Its script speaks OpenAI's schema. */
  Simulated: openAi,
})

export function adapterFor(schema: ProviderSchema): ProviderAdapter {
  return ADAPTERS[schema]
}

/** Request target of a chat completion at this provider. */
export function chatPath(provider: ProviderConfig): string {
  switch (provider.schema) {
    case "OpenAI":
    case "Simulated":
      return `${provider.pathPrefix}/chat/completions`
  }
}
