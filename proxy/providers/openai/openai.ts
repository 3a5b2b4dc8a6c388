/**
 * The OpenAI schema: Chat Completions as api.openai.com and the many servers in its shape speak it.
 *
 * In: an OpenAI-shaped request. Out: the same bytes with the model's name and, in a stream, the
 * wish for usage spliced in. Unknown fields pass untouched in both directions. It must not know who
 * asked. Source: OpenAI API reference, "Chat", "Streaming"; error shape as in "Error codes".
 */
import type { ProviderAdapter } from "../adapter.ts"
import { encodeBody } from "./encode-body.ts"
import { findAnswerFault, measureAnswer, readError, readUsage } from "./read-answer.ts"
import { openTap } from "./stream-tap.ts"

export const openAi: ProviderAdapter = Object.freeze({
  authorization: Object.freeze({ header: "authorization", prefix: "Bearer " }),
  encodeBody,
  readUsage,
  findAnswerFault,
  measureAnswer,
  openTap,
  readError,
})
