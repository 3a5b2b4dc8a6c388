/**
 * The rows of `vendors.ts`: what each vendor and server takes of OpenAI's API, from the page named
 * and from its own client, which is made from its API description.
 */
import type { VendorName } from "#proxy/contract/vendors.ts"
import type { ChatFeature } from "#proxy/exchange/chat-feature.ts"
import type { WireName } from "#proxy/exchange/wire-name.ts"

/** What an answer is as good without. */
export type DroppedByVendors =
  | "user"
  | "image-detail"
  | "verbosity"
  | "parallel-tool-calls-off"
  | "reasoning-effort"
  | "reasoning-budget"

export interface VendorRow {
  /** The page that says so. */
  readonly reference: string
  /** What is served in OpenAI's shape. */
  readonly wires: readonly WireName[]
  /** Below `pathPrefix`, where it is not as at OpenAI. */
  readonly paths?: Readonly<Partial<Record<WireName, string>>>
  /** Name of the field; `max_tokens` when absent. */
  readonly outputLimit?: "max_tokens" | "max_completion_tokens"
  /** Name of the field; `seed` when absent. */
  readonly seed?: "seed" | "random_seed"
  /** What the id of a call may be; `at-most-40` characters, as at OpenAI, when absent. */
  readonly callIds?: "at-most-40" | "nine-letters"
  /**
   * Field of an assistant's message that takes earlier thoughts back; null, as when absent: they
   * are left out.
   */
  readonly reasoningHistory?: "reasoning" | "reasoning_content" | null
  /** Whether a message may be several texts; false when absent: they are joined. */
  readonly takesParts?: boolean
  /** Whether a user's message may follow a tool's; true when absent. */
  readonly takesUserAfterTool?: boolean
  /**
   * `asked`: by `stream_options.include_usage`, in an event of its own, which is hidden from a
   * client that did not ask. `unasked`: `stream_options` is unknown or without effect there, so
   * that nothing is asked for; what comes by itself is counted and passes, as every client of that
   * vendor sees it.
   */
  readonly streamUsage: "asked" | "unasked"
  /** Against the table of a server of unknown make, as the next two. */
  readonly refuses?: readonly ChatFeature[]
  readonly takes?: readonly ChatFeature[]
  readonly drops?: readonly DroppedByVendors[]
}

const TEXT = ["openai.chat", "openai.completions", "openai.responses", "openai.embeddings"] as const
/** Fields of OpenAI's own, which no other vendor has. */
const OWN = ["file-data"] as const
const NO_EFFORT = ["reasoning-effort", "reasoning-budget"] as const

export const VENDOR_ROWS: Readonly<Record<VendorName, VendorRow>> = {
  OpenAI: {
    reference: "https://platform.openai.com/docs/api-reference/chat/create",
    wires: [
      ...TEXT,
      "openai.moderations",
      "openai.images",
      "openai.speech",
      "openai.transcriptions",
    ],
    outputLimit: "max_completion_tokens",
    takesParts: true,
    streamUsage: "asked",
    takes: ["cache-key", "cache-retention", "service-tier-standard"],
  },
  Mistral: {
    reference: "https://docs.mistral.ai/api/#tag/chat",
    // Its moderations have other categories, and no `flagged`.
    wires: ["openai.chat", "openai.embeddings", "openai.moderations", "openai.transcriptions"],
    seed: "random_seed",
    callIds: "nine-letters",
    // "Unexpected role 'user' after role 'tool'".
    takesUserAfterTool: false,
    // The last chunk carries it; a field that is not known is refused.
    streamUsage: "unasked",
    // An assistant turn at the end needs a field of Mistral's own; audio has another shape.
    refuses: ["assistant-prefill", "audio-input", "logit-bias", "logprobs", ...OWN],
    takes: ["cache-key"],
    drops: ["verbosity", "user"],
  },
  Groq: {
    reference: "https://console.groq.com/docs/openai",
    wires: ["openai.chat", "openai.responses", "openai.speech", "openai.transcriptions"],
    outputLimit: "max_completion_tokens",
    reasoningHistory: "reasoning",
    // In `x_groq.usage` of the last chunk.
    streamUsage: "unasked",
    refuses: [
      "logit-bias",
      "logprobs",
      "choices",
      "frequency-penalty",
      "presence-penalty",
      "audio-input",
      ...OWN,
    ],
    drops: ["verbosity"],
  },
  Together: {
    reference: "https://docs.together.ai/reference/chat-completions-1",
    wires: [
      "openai.chat",
      "openai.completions",
      "openai.embeddings",
      "openai.images",
      "openai.speech",
      "openai.transcriptions",
    ],
    reasoningHistory: "reasoning",
    // Many models report unasked, Kimi K3 does not (github.com/vercel/ai/pull/17986).
    streamUsage: "asked",
    // `logprobs` is a number there.
    refuses: ["logprobs", ...OWN],
    takes: ["top-k", "min-p"],
    drops: ["verbosity", "parallel-tool-calls-off", "user"],
  },
  Fireworks: {
    reference: "https://docs.fireworks.ai/tools-sdks/openai-compatibility",
    wires: [...TEXT],
    reasoningHistory: "reasoning_content",
    // So are newer models alone to report (github.com/langchain-ai/langchain/pull/36977).
    streamUsage: "asked",
    refuses: ["audio-input", ...OWN],
    takes: ["top-k", "min-p"],
    drops: ["verbosity"],
  },
  DeepSeek: {
    reference: "https://api-docs.deepseek.com/api/create-chat-completion",
    wires: ["openai.chat"],
    // Refuses a turn that called tools while thinking without its thoughts.
    reasoningHistory: "reasoning_content",
    streamUsage: "asked",
    refuses: [
      "image-url",
      "image-data",
      "audio-input",
      "assistant-prefill",
      "json-schema",
      "seed",
      "choices",
      "logit-bias",
      ...OWN,
    ],
    drops: ["verbosity", "parallel-tool-calls-off", "user"],
  },
  XAI: {
    reference: "https://docs.x.ai/docs/api-reference#chat-completions",
    wires: ["openai.chat", "openai.responses", "openai.images"],
    outputLimit: "max_completion_tokens",
    streamUsage: "asked",
    refuses: ["logit-bias", "audio-input", ...OWN],
    drops: ["verbosity"],
  },
  OpenRouter: {
    reference: "https://openrouter.ai/docs/api-reference/chat-completion",
    wires: [...TEXT, "openai.speech", "openai.transcriptions"],
    outputLimit: "max_completion_tokens",
    reasoningHistory: "reasoning",
    // `stream_options` has no effect there; the report includes `cost`.
    streamUsage: "unasked",
    refuses: ["choices"],
    // "Image Generation": `modalities`, and `images` of an assistant's message.
    takes: ["top-k", "min-p", "output-image", "media-history"],
    drops: ["verbosity"],
  },
  Perplexity: {
    reference: "https://docs.perplexity.ai/docs/sonar/openai-compatibility",
    wires: ["openai.chat", "openai.responses", "openai.embeddings"],
    paths: { "openai.responses": "/v1/responses", "openai.embeddings": "/v1/embeddings" },
    // In every chunk, as far as it has come.
    streamUsage: "unasked",
    refuses: ["seed", "logit-bias", "json-object", "tool-choice-named", "audio-input", ...OWN],
    takes: ["top-k"],
    drops: ["verbosity", "user"],
  },
  Cerebras: {
    reference: "https://inference-docs.cerebras.ai/api-reference/chat-completions",
    wires: ["openai.chat", "openai.completions"],
    outputLimit: "max_completion_tokens",
    reasoningHistory: "reasoning",
    streamUsage: "asked",
    refuses: ["audio-input", ...OWN],
    drops: ["verbosity"],
  },
  NvidiaNIM: {
    reference: "https://docs.api.nvidia.com/nim/reference/llm-apis",
    wires: ["openai.chat", "openai.completions", "openai.embeddings"],
    streamUsage: "asked",
    refuses: [...OWN],
    drops: ["verbosity", "user"],
  },
  VLLM: {
    reference: "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
    wires: [...TEXT, "openai.transcriptions"],
    streamUsage: "asked",
    // Ignored there, as are `user` and the detail of an image.
    refuses: [...OWN],
    takes: ["top-k", "min-p"],
    drops: ["verbosity", "parallel-tool-calls-off", "user", "image-detail"],
  },
  Ollama: {
    reference: "https://docs.ollama.com/api/openai-compatibility",
    wires: [...TEXT, "openai.images"],
    streamUsage: "asked",
    refuses: [
      "image-url",
      "audio-input",
      "logit-bias",
      "logprobs",
      "choices",
      "tool-choice-none",
      "tool-choice-required",
      "tool-choice-named",
      ...OWN,
    ],
    drops: ["verbosity", "parallel-tool-calls-off", "user"],
  },
  LMStudio: {
    reference: "https://lmstudio.ai/docs/developer/openai-compat/chat-completions",
    wires: [...TEXT],
    streamUsage: "asked",
    refuses: ["audio-input", "logprobs", "choices", "json-object", ...OWN],
    takes: ["top-k"],
    drops: [...NO_EFFORT, "verbosity", "parallel-tool-calls-off", "user"],
  },
  LlamaCpp: {
    reference: "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
    wires: [...TEXT],
    streamUsage: "asked",
    // A tool named in `tool_choice` is taken for `auto`.
    refuses: ["tool-choice-named", ...OWN],
    takes: ["top-k", "min-p"],
    drops: [...NO_EFFORT, "verbosity", "user"],
  },
  TGI: {
    reference: "https://huggingface.github.io/text-generation-inference/",
    wires: ["openai.chat", "openai.completions"],
    streamUsage: "asked",
    // `logit_bias` and `n` are marked as unused.
    refuses: ["audio-input", "logit-bias", "choices", ...OWN],
    drops: [...NO_EFFORT, "verbosity", "parallel-tool-calls-off", "user"],
  },
  SambaNova: {
    reference: "https://docs.sambanova.ai/docs/en/features/openai-compatibility",
    wires: [...TEXT, "openai.transcriptions"],
    outputLimit: "max_completion_tokens",
    reasoningHistory: "reasoning",
    streamUsage: "asked",
    // It takes the penalties and ignores them; audio has another shape.
    refuses: ["frequency-penalty", "presence-penalty", "audio-input", ...OWN],
    takes: ["top-k"],
    drops: ["verbosity", "user"],
  },
  HuggingFace: {
    reference: "https://huggingface.co/docs/inference-providers/tasks/chat-completion",
    wires: ["openai.chat", "openai.responses"],
    streamUsage: "asked",
    refuses: ["audio-input", "logit-bias", "choices", ...OWN],
    drops: ["verbosity", "parallel-tool-calls-off", "user"],
  },
  Databricks: {
    reference:
      "https://docs.databricks.com/aws/en/machine-learning/foundation-model-apis/api-reference",
    wires: [...TEXT],
    streamUsage: "asked",
    refuses: ["audio-input", "seed", "logit-bias", "frequency-penalty", "presence-penalty", ...OWN],
    takes: ["top-k"],
    drops: ["verbosity", "parallel-tool-calls-off", "user"],
  },
  CloudflareWorkersAI: {
    reference: "https://developers.cloudflare.com/workers-ai/configuration/open-ai-compatibility",
    wires: ["openai.chat", "openai.responses", "openai.embeddings"],
    streamUsage: "asked",
    refuses: ["audio-input", ...OWN],
    drops: ["verbosity", "user"],
  },
  GitHubModels: {
    reference: "https://docs.github.com/en/rest/models/inference",
    wires: ["openai.chat", "openai.embeddings"],
    streamUsage: "asked",
    refuses: ["choices", "logit-bias", "logprobs", "tool-choice-named", ...OWN],
    drops: [...NO_EFFORT, "verbosity", "parallel-tool-calls-off", "user"],
  },
}
