/**
 * Where a provider is: its endpoint, or its vendor's or schema's own, and what else its paths need.
 */
import type { AIProviderSpec } from "#operator/api/v1alpha1/ai-provider.ts"
import type { ProviderConfig, ProviderOptions } from "#proxy/contract/snapshot.ts"
import { vendorAt, vendorNamed } from "#proxy/contract/vendors.ts"

export type Destination = Pick<ProviderConfig, "origin" | "pathPrefix" | "vendor" | "options">

/** Undefined when the text is no URL after all, such as an address with too many groups. */
export function destinationOf(spec: AIProviderSpec): Destination | undefined {
  const options = optionsOf(spec)
  const endpoint = endpointOf(spec)
  if (endpoint === null) return { origin: "", pathPrefix: "", vendor: null, options }
  if (!URL.canParse(endpoint)) return undefined
  const url = new URL(endpoint)
  const vendor = spec.schema === "OpenAI" ? (spec.vendor ?? vendorAt(url.hostname)) : null
  return { origin: url.origin, pathPrefix: url.pathname.replace(/\/$/, ""), vendor, options }
}

/** Null for schema Simulated. */
function endpointOf(spec: AIProviderSpec): string | null {
  const { schema, endpoint, vendor } = spec
  if (endpoint !== undefined) return endpoint
  switch (schema) {
    case "OpenAI":
    case "AzureOpenAI":
      return settled(vendor && vendorNamed(vendor).endpoint)
    case "Anthropic":
      return "https://api.anthropic.com"
    case "Gemini":
      return "https://generativelanguage.googleapis.com"
    case "VertexAI":
      return vertexEndpoint(settled(spec.vertexAI).location)
    case "Bedrock":
      return `https://bedrock-runtime.${settled(spec.bedrock).region}.amazonaws.com`
    case "Cohere":
      return "https://api.cohere.com"
    case "Simulated":
      return null
  }
}

/** https://cloud.google.com/vertex-ai/generative-ai/docs/learn/locations */
function vertexEndpoint(location: string): string {
  if (location === "global") return "https://aiplatform.googleapis.com"
  const isRegion = location.includes("-")
  return isRegion
    ? `https://${location}-aiplatform.googleapis.com`
    : `https://aiplatform.${location}.rep.googleapis.com`
}

function optionsOf(spec: AIProviderSpec): ProviderOptions | null {
  const { schema } = spec
  switch (schema) {
    case "AzureOpenAI":
      return { schema, apiVersion: spec.azureOpenAI?.apiVersion ?? null }
    case "VertexAI": {
      const { project, location } = settled(spec.vertexAI)
      return { schema, project, location }
    }
    case "Bedrock":
      return { schema, region: settled(spec.bedrock).region }
    case "OpenAI":
    case "Anthropic":
    case "Gemini":
    case "Cohere":
    case "Simulated":
      return null
  }
}

function settled<T>(value: T | null | undefined): T {
  if (value === undefined || value === null)
    throw new Error("a spec that passed its rules lacks it")
  return value
}
