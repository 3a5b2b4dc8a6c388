/**
 * `POST /v1/messages` as clients speak it.
 *
 * In: Anthropic's Messages request, or an answer in the intermediate form. Out: the request
 * checked, its intermediate form, and answers, stream events and errors in Anthropic's shape. It
 * must not know who serves. Source: Anthropic API reference, "Create a Message", "Streaming
 * Messages", "Errors".
 */
import type { Surface } from "../surface.ts"
import { anthropicOutput } from "./output-fields.ts"
import { parseMessages } from "./parse-messages.ts"
import { readChat } from "./read-chat.ts"
import { renderAnswer } from "./render-answer.ts"
import { anthropicErrors } from "./render-error.ts"
import { openRenderer } from "./render-stream.ts"

export const anthropicMessages: Surface = Object.freeze({
  name: "anthropic-messages",
  wire: "anthropic.messages",
  operation: "chat",
  errors: anthropicErrors,
  output: anthropicOutput,
  parse: (raw, limits) => parseMessages(raw.body, limits),
  chat: Object.freeze({ read: readChat, renderAnswer, openRenderer }),
  embeddings: null,
  rerank: null,
} satisfies Surface)
