/**
 * `POST /v1/responses` as clients speak it.
 *
 * In: OpenAI's Responses request, or an answer in the intermediate form. Out: the request checked,
 * its intermediate form, and responses, stream events and errors in OpenAI's shape. Nothing is
 * stored here: what refers to an earlier response only its own upstream can serve. It must not know
 * who serves. Source: OpenAI API reference, "Create a response", "Streaming events".
 */
import { openAiOutput } from "../openai/output-fields.ts"
import { openAiErrors } from "../openai/render-error.ts"
import type { Surface } from "../surface.ts"
import { parseResponses } from "./parse-responses.ts"
import { readChat } from "./read-chat.ts"
import { renderAnswer } from "./render-answer.ts"
import { renderStreamError } from "./render-error.ts"
import { openRenderer } from "./render-stream.ts"

export const openAiResponses: Surface = Object.freeze({
  name: "openai-responses",
  wire: "openai.responses",
  operation: "chat",
  errors: Object.freeze({ ...openAiErrors, event: renderStreamError }),
  output: openAiOutput(["max_output_tokens"]),
  parse: (raw, limits) => parseResponses(raw.body, limits),
  chat: Object.freeze({ read: readChat, renderAnswer, openRenderer }),
  embeddings: null,
  rerank: null,
} satisfies Surface)
