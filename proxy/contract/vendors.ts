/**
 * Vendors and servers that speak OpenAI's schema: how they are recognised, and where they are.
 *
 * The compiler settles a provider's row by `spec.vendor`, or else by the endpoint's host; how each
 * differs on the wire is `proxy/providers/openai/vendors.ts`. A new vendor is a row here and there.
 */

export interface Vendor {
  /** As in `spec.vendor`. */
  readonly name: string
  /** Each also stands for the hosts below it: `a.example` for `eu.a.example`. */
  readonly hosts: readonly string[]
  /**
   * Base URL of its chat completions, without `/chat/completions`; null where everybody has their
   * own.
   */
  readonly endpoint: string | null
}

export const VENDORS = [
  { name: "OpenAI", hosts: ["api.openai.com"], endpoint: "https://api.openai.com/v1" },
  { name: "Mistral", hosts: ["api.mistral.ai"], endpoint: "https://api.mistral.ai/v1" },
  { name: "Groq", hosts: ["api.groq.com"], endpoint: "https://api.groq.com/openai/v1" },
  {
    name: "Together",
    hosts: ["api.together.ai", "api.together.xyz"],
    endpoint: "https://api.together.ai/v1",
  },
  {
    name: "Fireworks",
    hosts: ["api.fireworks.ai"],
    endpoint: "https://api.fireworks.ai/inference/v1",
  },
  { name: "DeepSeek", hosts: ["api.deepseek.com"], endpoint: "https://api.deepseek.com" },
  { name: "XAI", hosts: ["api.x.ai"], endpoint: "https://api.x.ai/v1" },
  { name: "OpenRouter", hosts: ["openrouter.ai"], endpoint: "https://openrouter.ai/api/v1" },
  { name: "Perplexity", hosts: ["api.perplexity.ai"], endpoint: "https://api.perplexity.ai" },
  { name: "Cerebras", hosts: ["api.cerebras.ai"], endpoint: "https://api.cerebras.ai/v1" },
  {
    name: "NvidiaNIM",
    hosts: ["integrate.api.nvidia.com"],
    endpoint: "https://integrate.api.nvidia.com/v1",
  },
  { name: "VLLM", hosts: [], endpoint: null },
  { name: "Ollama", hosts: ["ollama.com"], endpoint: null },
  { name: "LMStudio", hosts: [], endpoint: null },
  { name: "LlamaCpp", hosts: [], endpoint: null },
  { name: "TGI", hosts: [], endpoint: null },
  { name: "SambaNova", hosts: ["api.sambanova.ai"], endpoint: "https://api.sambanova.ai/v1" },
  {
    name: "HuggingFace",
    hosts: ["router.huggingface.co"],
    endpoint: "https://router.huggingface.co/v1",
  },
  {
    name: "Databricks",
    hosts: ["cloud.databricks.com", "gcp.databricks.com", "azuredatabricks.net"],
    endpoint: null,
  },
  { name: "CloudflareWorkersAI", hosts: ["api.cloudflare.com"], endpoint: null },
  {
    name: "GitHubModels",
    hosts: ["models.github.ai"],
    endpoint: "https://models.github.ai/inference",
  },
] as const satisfies readonly Vendor[]

export type VendorName = (typeof VENDORS)[number]["name"]

export function vendorNamed(name: VendorName): Vendor {
  const found = VENDORS.find((vendor) => vendor.name === name)
  if (found === undefined) throw new Error(`no vendor ${name}`)
  return found
}

/** Null for a server of unknown make. `host` is lower case and without a port. */
export function vendorAt(host: string): VendorName | null {
  const found = VENDORS.find(({ hosts }) =>
    hosts.some((known) => host === known || host.endsWith(`.${known}`)),
  )
  return found?.name ?? null
}
