/** Surfaces by their name: a new one is a folder, a line here and its endpoint. */
import type { SurfaceName } from "#proxy/exchange/parsed-request.ts"
import { anthropicCountTokens } from "./anthropic-count-tokens/anthropic-count-tokens.ts"
import { anthropicMessages } from "./anthropic-messages/anthropic-messages.ts"
import { openAiErrors } from "./checks/openai-errors.ts"
import { cohereRerank } from "./cohere-rerank/cohere-rerank.ts"
import { geminiGenerate } from "./gemini/gemini.ts"
import { geminiCountTokens } from "./gemini-count-tokens/gemini-count-tokens.ts"
import { geminiBatchEmbed, geminiEmbed } from "./gemini-embed/gemini-embed.ts"
import { openAiChat } from "./openai-chat/openai-chat.ts"
import { openAiCompletions } from "./openai-completions/openai-completions.ts"
import { openAiEmbeddings } from "./openai-embeddings/openai-embeddings.ts"
import { openAiImages } from "./openai-images/openai-images.ts"
import { openAiModerations } from "./openai-moderations/openai-moderations.ts"
import { openAiResponses } from "./openai-responses/openai-responses.ts"
import { openAiSpeech } from "./openai-speech/openai-speech.ts"
import { openAiTranscriptions } from "./openai-transcriptions/openai-transcriptions.ts"
import type { Surface, SurfaceErrors } from "./surface.ts"

export type ModelSurfaceName = Exclude<SurfaceName, "openai-models">

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

export function errorsOf(name: SurfaceName): SurfaceErrors {
  return name === "openai-models" ? openAiErrors : SURFACES[name].errors
}

/** Where each is served; `{model}` stands for one name, everything else is exactly as sent. */
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
  ["/v1/messages/count_tokens", anthropicCountTokens],
  ["/v2/rerank", cohereRerank],
  ["/v1beta/models/{model}:generateContent", geminiGenerate],
  ["/v1beta/models/{model}:streamGenerateContent", geminiGenerate],
  ["/v1beta/models/{model}:countTokens", geminiCountTokens],
  ["/v1beta/models/{model}:embedContent", geminiEmbed],
  ["/v1/models/{model}:embedContent", geminiEmbed],
  ["/v1beta/models/{model}:batchEmbedContents", geminiBatchEmbed],
  ["/v1/models/{model}:batchEmbedContents", geminiBatchEmbed],
] as const)
