/**
 * `POST /v1/images/generations` as clients speak it, whole or as a stream that shows images before
 * they are done; only an upstream of this shape serves it. Source: OpenAI API reference, "Create
 * image".
 */
import { countOf, type JsonDocument, memberOf } from "#proxy/contract/json-document.ts"
import { TOKENS_PER_DRAWING } from "#proxy/exchange/prompt-measure.ts"
import { checkCount } from "../checks/field-checks.ts"
import { type PassedRules, parsePassed } from "../checks/parse-passed.ts"
import { openAiErrors } from "../openai/render-error.ts"
import type { Surface } from "../surface.ts"

const IMAGES_MAX = 10
const PARTIAL_IMAGES_MAX = 3
/** Of each image that is shown before it is done ("Image generation", "Partial images cost"). */
const TOKENS_PER_PARTIAL = 100

const RULES: PassedRules = Object.freeze({
  surface: "openai-images",
  prompt: "prompt",
  mayStream: true,
  check: (document: JsonDocument) =>
    checkCount(document, "n", 1, IMAGES_MAX) ??
    checkCount(document, "partial_images", 0, PARTIAL_IMAGES_MAX),
  outputTokens: (document: JsonDocument) => {
    const count = (name: string) => countOf(document, memberOf(document, 0, name))
    const shown = (count("partial_images") ?? 0) * TOKENS_PER_PARTIAL
    return (count("n") ?? 1) * (TOKENS_PER_DRAWING + shown)
  },
})

export const openAiImages: Surface = Object.freeze({
  name: "openai-images",
  wire: "openai.images",
  operation: "image_generation",
  // A drawing takes up to minutes, and another one is paid for.
  isUnpaced: true,
  errors: openAiErrors,
  parse: (raw, limits) => parsePassed(raw.body, limits, RULES),
  chat: null,
  embeddings: null,
  rerank: null,
} satisfies Surface)
