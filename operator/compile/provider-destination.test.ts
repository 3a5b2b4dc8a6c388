import { expect, test } from "vitest"
import type { AIProviderSpec } from "#operator/api/v1alpha1/ai-provider.ts"
import { type Destination, destinationOf } from "./provider-destination.ts"

const at = (origin: string, more: Partial<Destination> = {}): Destination => ({
  origin,
  pathPrefix: "",
  vendor: null,
  options: null,
  ...more,
})
const v1 = { pathPrefix: "/v1" }
const vertex = (location: string) => ({ schema: "VertexAI", project: "p-1", location }) as const

const CASES: readonly (readonly [string, Partial<AIProviderSpec>, Destination])[] = [
  [
    "a vendor without an endpoint is at its own",
    { schema: "OpenAI", vendor: "Groq" },
    at("https://api.groq.com", { pathPrefix: "/openai/v1", vendor: "Groq" }),
  ],
  [
    "a vendor without a path",
    { schema: "OpenAI", vendor: "DeepSeek" },
    at("https://api.deepseek.com", { vendor: "DeepSeek" }),
  ],
  [
    "a vendor is recognised by the endpoint's host",
    { schema: "OpenAI", endpoint: "https://api.mistral.ai/v1" },
    at("https://api.mistral.ai", { ...v1, vendor: "Mistral" }),
  ],
  [
    "and by a host below it",
    { schema: "OpenAI", endpoint: "https://adb-1.2.azuredatabricks.net/serving-endpoints" },
    at("https://adb-1.2.azuredatabricks.net", {
      pathPrefix: "/serving-endpoints",
      vendor: "Databricks",
    }),
  ],
  [
    "but not by one that merely ends alike",
    { schema: "OpenAI", endpoint: "https://evilapi.mistral.ai.example/v1" },
    at("https://evilapi.mistral.ai.example", v1),
  ],
  [
    "nor without the dot",
    { schema: "OpenAI", endpoint: "https://myapi.x.ai:8443/v1" },
    at("https://myapi.x.ai:8443", v1),
  ],
  [
    "what is said holds against the host",
    { schema: "OpenAI", vendor: "VLLM", endpoint: "https://api.openai.com/v1/" },
    at("https://api.openai.com", { ...v1, vendor: "VLLM" }),
  ],
  [
    "Azure OpenAI is no vendor's",
    { schema: "AzureOpenAI", endpoint: "https://acme.openai.azure.com" },
    at("https://acme.openai.azure.com", { options: { schema: "AzureOpenAI", apiVersion: null } }),
  ],
  [
    "Azure OpenAI with a version",
    {
      schema: "AzureOpenAI",
      endpoint: "https://acme.openai.azure.com",
      azureOpenAI: { apiVersion: "2024-10-21" },
    },
    at("https://acme.openai.azure.com", {
      options: { schema: "AzureOpenAI", apiVersion: "2024-10-21" },
    }),
  ],
  ["Anthropic", { schema: "Anthropic" }, at("https://api.anthropic.com")],
  ["Gemini", { schema: "Gemini" }, at("https://generativelanguage.googleapis.com")],
  ["Cohere", { schema: "Cohere" }, at("https://api.cohere.com")],
  [
    "a schema at another endpoint",
    { schema: "Anthropic", endpoint: "https://llm.example.com/anthropic" },
    at("https://llm.example.com", { pathPrefix: "/anthropic" }),
  ],
  [
    "Vertex AI in a region",
    { schema: "VertexAI", vertexAI: { project: "p-1", location: "europe-west4" } },
    at("https://europe-west4-aiplatform.googleapis.com", { options: vertex("europe-west4") }),
  ],
  [
    "Vertex AI in a multi-region",
    { schema: "VertexAI", vertexAI: { project: "p-1", location: "eu" } },
    at("https://aiplatform.eu.rep.googleapis.com", { options: vertex("eu") }),
  ],
  [
    "Vertex AI wherever it is",
    { schema: "VertexAI", vertexAI: { project: "p-1", location: "global" } },
    at("https://aiplatform.googleapis.com", { options: vertex("global") }),
  ],
  [
    "Bedrock",
    { schema: "Bedrock", bedrock: { region: "eu-central-1" } },
    at("https://bedrock-runtime.eu-central-1.amazonaws.com", {
      options: { schema: "Bedrock", region: "eu-central-1" },
    }),
  ],
  ["Simulated is nowhere", { schema: "Simulated" }, at("")],
]

test.each(CASES)("%s", (_name, spec, want) => {
  const allowedNamespaces = { from: "All" as const }
  expect(destinationOf({ schema: "OpenAI", allowedNamespaces, ...spec })).toEqual(want)
})

test("an address with too many groups is no destination", () => {
  const endpoint = "https://[1:2:3:4:5:6:7::8:9]/v1"
  const allowedNamespaces = { from: "All" as const }
  expect(destinationOf({ schema: "OpenAI", endpoint, allowedNamespaces })).toBeUndefined()
})
