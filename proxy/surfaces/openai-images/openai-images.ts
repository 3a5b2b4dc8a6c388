/**
 * `POST /v1/images/generations` as clients speak it; only an upstream of this shape serves it.
 * Source: OpenAI API reference, "Create image".
 */
import { countOf, type JsonDocument, memberOf } from "#proxy/contract/json-document.ts"
import { TOKENS_PER_DRAWING } from "#proxy/exchange/prompt-measure.ts"
import { checkCount } from "../checks/field-checks.ts"
import { type PassedRules, parsePassed } from "../checks/parse-passed.ts"
import { openAiErrors } from "../openai/render-error.ts"
import type { Surface } from "../surface.ts"

const IMAGES_MAX = 10

const RULES: PassedRules = Object.freeze({
  surface: "openai-images",
  prompt: "prompt",
  mayStream: false,
  check: (document: JsonDocument) => checkCount(document, "n", 1, IMAGES_MAX),
  outputTokens: (document: JsonDocument) =>
    (countOf(document, memberOf(document, 0, "n")) ?? 1) * TOKENS_PER_DRAWING,
})

export const openAiImages: Surface = Object.freeze({
  name: "openai-images",
  wire: "openai.images",
  operation: "image_generation",
  errors: openAiErrors,
  parse: (raw, limits) => parsePassed(raw.body, limits, RULES),
  chat: null,
  embeddings: null,
  rerank: null,
} satisfies Surface)
