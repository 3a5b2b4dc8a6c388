/**
 * `POST /v1/moderations` as clients speak it; only an upstream of this shape serves it. Source:
 * OpenAI API reference, "Create moderation".
 */

import { type PassedRules, parsePassed } from "../checks/parse-passed.ts"
import { openAiErrors } from "../openai/render-error.ts"
import type { Surface } from "../surface.ts"

const RULES: PassedRules = Object.freeze({
  surface: "openai-moderations",
  prompt: "input",
  mayStream: false,
  check: () => null,
  outputTokens: () => 0,
})

export const openAiModerations: Surface = Object.freeze({
  name: "openai-moderations",
  wire: "openai.moderations",
  operation: "moderation",
  errors: openAiErrors,
  parse: (raw, limits) => parsePassed(raw.body, limits, RULES),
  chat: null,
  embeddings: null,
  rerank: null,
} satisfies Surface)
