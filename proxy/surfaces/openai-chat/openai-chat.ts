/**
 * `POST /v1/chat/completions` as clients speak it.
 *
 * In: OpenAI's Chat Completions request, or an answer in the intermediate form. Out: the request
 * checked, its intermediate form, and answers, chunks and errors in OpenAI's shape. It must not
 * know who serves. Source: OpenAI API reference, "Create chat completion", "The chat completion
 * chunk object".
 */
import { openAiOutput } from "../openai/output-fields.ts"
import { openAiErrors } from "../openai/render-error.ts"
import type { Surface } from "../surface.ts"
import { parseChat } from "./parse-chat.ts"
import { readChat } from "./read-chat.ts"
import { renderAnswer } from "./render-answer.ts"
import { openRenderer } from "./render-stream.ts"

export const openAiChat: Surface = Object.freeze({
  name: "openai-chat",
  wire: "openai.chat",
  operation: "chat",
  errors: openAiErrors,
  // The older name comes second: newer models of OpenAI's refuse it.
  output: openAiOutput(["max_completion_tokens", "max_tokens"]),
  parse: (raw, limits) => parseChat(raw.body, limits),
  chat: Object.freeze({ read: readChat, renderAnswer, openRenderer }),
  embeddings: null,
  rerank: null,
} satisfies Surface)
