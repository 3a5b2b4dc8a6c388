/**
 * `POST /v1/moderations` as clients speak it; only an upstream of this shape serves it. Source:
 * OpenAI API reference, "Create moderation".
 */
import { type JsonDocument, memberOf } from "#proxy/contract/json-document.ts"
import { checkEntries, measureEntry } from "../checks/input-entries.ts"
import { type PassedRules, parsePassed } from "../checks/parse-passed.ts"
import { openAiErrors } from "../openai/render-error.ts"
import type { Surface } from "../surface.ts"

const RULES: PassedRules = Object.freeze({
  surface: "openai-moderations",
  prompt: "input",
  mayStream: false,
  // "Defaults to omni-moderation-latest": most clients leave it out.
  modelUnsaid: "omni-moderation-latest",
  measureEntry,
  check: (document: JsonDocument) => checkEntries(document, memberOf(document, 0, "input")),
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
