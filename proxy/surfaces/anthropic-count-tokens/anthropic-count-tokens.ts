/**
 * `POST /v1/messages/count_tokens` as clients speak it. A provider without such a call is not
 * asked: the gateway's own estimate answers, marked `x-sidegate-estimated`. Source: Anthropic API
 * reference, "Count tokens in a Message".
 */
import { parseMessages } from "../anthropic-messages/parse-messages.ts"
import { anthropicErrors } from "../anthropic-messages/render-error.ts"
import type { Surface } from "../surface.ts"

export const anthropicCountTokens: Surface = Object.freeze({
  name: "anthropic-count-tokens",
  wire: "anthropic.count-tokens",
  operation: "count_tokens",
  errors: anthropicErrors,
  parse: (raw, limits) => parseMessages(raw.body, limits, "anthropic-count-tokens"),
  chat: null,
  embeddings: null,
  rerank: null,
  renderCount: (tokens: number) => JSON.stringify({ input_tokens: tokens }),
} satisfies Surface)
