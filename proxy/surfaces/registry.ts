/** Surfaces by their name: a new one is a folder, a line here and its endpoint. */
import type { SurfaceName } from "#proxy/exchange/parsed-request.ts"
import { anthropicMessages } from "./anthropic-messages/anthropic-messages.ts"
import { geminiGenerate } from "./gemini/gemini.ts"
import { openAiChat, openAiErrors } from "./openai-chat/openai-chat.ts"
import type { Surface, SurfaceErrors } from "./surface.ts"

export type ModelSurfaceName = Exclude<SurfaceName, "openai-models">

export const SURFACES: Readonly<Record<ModelSurfaceName, Surface>> = Object.freeze({
  "openai-chat": openAiChat,
  "anthropic-messages": anthropicMessages,
  "gemini-generate": geminiGenerate,
})

export function errorsOf(name: SurfaceName): SurfaceErrors {
  return name === "openai-models" ? openAiErrors : SURFACES[name].errors
}

/** Where each is served; `{model}` stands for one name, everything else is exactly as sent. */
export const SURFACE_PATHS: readonly (readonly [path: string, surface: Surface])[] = Object.freeze([
  ["/v1/chat/completions", openAiChat],
  ["/v1/messages", anthropicMessages],
  ["/v1beta/models/{model}:generateContent", geminiGenerate],
  ["/v1beta/models/{model}:streamGenerateContent", geminiGenerate],
] as const)
