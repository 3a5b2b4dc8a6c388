/**
 * `POST /v1beta/models/{model}:countTokens` as clients speak it. A provider without such a call is
 * not asked: the gateway's own estimate answers, marked `x-sidegate-estimated`. Source: Gemini API
 * reference, "models.countTokens".
 */
import { parseGenerate } from "../gemini/parse-generate.ts"
import { geminiErrors } from "../gemini/render-error.ts"
import type { Surface } from "../surface.ts"

export const geminiCountTokens: Surface = Object.freeze({
  name: "gemini-count-tokens",
  wire: "gemini.count-tokens",
  operation: "count_tokens",
  errors: geminiErrors,
  parse: (raw, limits) => parseGenerate(raw, limits, "gemini-count-tokens"),
  chat: null,
  embeddings: null,
  rerank: null,
  renderCount: (tokens: number) => JSON.stringify({ totalTokens: tokens }),
} satisfies Surface)
