/** Surfaces by their name: a new one is a folder, a line here and its endpoint. */
import type { ModelsSurfaceName, SurfaceName } from "#proxy/exchange/parsed-request.ts"
import type { Operation } from "#proxy/exchange/wire-name.ts"
import { anthropicCountTokens } from "./anthropic-count-tokens/anthropic-count-tokens.ts"
import { anthropicMessages } from "./anthropic-messages/anthropic-messages.ts"
import { cohereRerank } from "./cohere-rerank/cohere-rerank.ts"
import { geminiGenerate } from "./gemini/gemini.ts"
import { geminiCountTokens } from "./gemini-count-tokens/gemini-count-tokens.ts"
import { geminiBatchEmbed, geminiEmbed } from "./gemini-embed/gemini-embed.ts"
import { openAiErrors } from "./openai/render-error.ts"
import { openAiChat } from "./openai-chat/openai-chat.ts"
import { openAiCompletions } from "./openai-completions/openai-completions.ts"
import { openAiEmbeddings } from "./openai-embeddings/openai-embeddings.ts"
import { openAiImages } from "./openai-images/openai-images.ts"
import { openAiModerations } from "./openai-moderations/openai-moderations.ts"
import { openAiResponses } from "./openai-responses/openai-responses.ts"
import { openAiSpeech } from "./openai-speech/openai-speech.ts"
import { openAiTranscriptions } from "./openai-transcriptions/openai-transcriptions.ts"
import type { Surface, SurfaceErrors } from "./surface.ts"

export type ModelSurfaceName = Exclude<SurfaceName, ModelsSurfaceName>

export const SURFACES: Readonly<Record<ModelSurfaceName, Surface>> = Object.freeze({
  "openai-chat": openAiChat,
  "openai-responses": openAiResponses,
  "openai-completions": openAiCompletions,
  "openai-embeddings": openAiEmbeddings,
  "openai-moderations": openAiModerations,
  "openai-images": openAiImages,
  "openai-speech": openAiSpeech,
  "openai-transcriptions": openAiTranscriptions,
  "anthropic-messages": anthropicMessages,
  "anthropic-count-tokens": anthropicCountTokens,
  "gemini-generate": geminiGenerate,
  "gemini-count-tokens": geminiCountTokens,
  "gemini-embed": geminiEmbed,
  "gemini-batch-embed": geminiBatchEmbed,
  "cohere-rerank": cohereRerank,
})

/** What a call on this surface asks for. */
export function operationOf(name: SurfaceName): Operation {
  switch (name) {
    case "openai-models":
    case "anthropic-models":
    case "gemini-models":
      return "list_models"
    default:
      return SURFACES[name].operation
  }
}

export function errorsOf(name: SurfaceName): SurfaceErrors {
  switch (name) {
    case "openai-models":
      return openAiErrors
    case "anthropic-models":
      return anthropicMessages.errors
    case "gemini-models":
      return geminiGenerate.errors
    default:
      return SURFACES[name].errors
  }
}

const GEMINI_VERBS = [
  ["generateContent", geminiGenerate],
  ["streamGenerateContent", geminiGenerate],
  ["countTokens", geminiCountTokens],
  ["embedContent", geminiEmbed],
  ["batchEmbedContents", geminiBatchEmbed],
] as const

/**
 * Where each is served; `{model}` stands for one name, everything else is exactly as sent. Gemini's
 * are in two versions of its API, of which SDKs use one or the other. `/messages` is for the Vercel
 * AI SDK, which puts it behind `ANTHROPIC_BASE_URL` where Anthropic's own puts `/v1/messages`.
 */
export const SURFACE_PATHS: readonly (readonly [path: string, surface: Surface])[] = Object.freeze([
  ["/v1/chat/completions", openAiChat],
  ["/v1/responses", openAiResponses],
  ["/v1/completions", openAiCompletions],
  ["/v1/embeddings", openAiEmbeddings],
  ["/v1/moderations", openAiModerations],
  ["/v1/images/generations", openAiImages],
  ["/v1/audio/speech", openAiSpeech],
  ["/v1/audio/transcriptions", openAiTranscriptions],
  ["/v1/messages", anthropicMessages],
  ["/messages", anthropicMessages],
  ["/v1/messages/count_tokens", anthropicCountTokens],
  ["/v2/rerank", cohereRerank],
  ...["v1beta", "v1"].flatMap((version) =>
    GEMINI_VERBS.map(([verb, surface]) => [`/${version}/models/{model}:${verb}`, surface] as const),
  ),
] as const)

/** Where models are listed, and in whose shape errors before the exchange are. */
export const MODELS_PATHS: readonly (readonly [path: string, surface: ModelsSurfaceName])[] =
  Object.freeze([
    ["/v1/models", "openai-models"],
    ["/v1beta/models", "gemini-models"],
  ] as const)

/** Where one model is. Behind the paths of calls, whose verbs a name could end in. */
export const MODEL_PATHS: typeof MODELS_PATHS = Object.freeze(
  MODELS_PATHS.map(([path, surface]) => [`${path}/{model}`, surface] as const),
)
