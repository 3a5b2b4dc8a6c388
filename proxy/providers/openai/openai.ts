/**
 * The OpenAI schema: Chat Completions as api.openai.com and the many servers in its shape speak it.
 *
 * In: an OpenAI-shaped request, or any chat in the intermediate form. Out: of the former the same
 * bytes with the model's name and, in a stream, the wish for usage spliced in. Unknown fields pass
 * untouched in both directions. It must not know who asked. Source: OpenAI API reference, "Chat",
 * "Streaming"; error shape as in "Error codes".
 */
import type { ProviderAdapter, UpstreamWire } from "../adapter.ts"
import { OPENAI_CHAT_FEATURES } from "./chat-features.ts"
import { decodeAnswer, openDecoder } from "./decode-chat.ts"
import { encodeBody } from "./encode-body.ts"
import { encodeChat } from "./encode-chat.ts"
import { findAnswerFault, measureAnswer, readError, readUsage } from "./read-answer.ts"
import { openTap } from "./stream-tap.ts"

const BEARER = Object.freeze({ header: "authorization", prefix: "Bearer " })

export const openAiChatWire: UpstreamWire = Object.freeze({
  name: "openai.chat",
  title: "OpenAI Chat Completions",
  path: ({ provider }) => `${provider.pathPrefix}/chat/completions`,
  headers: Object.freeze([]),
  passedHeaders: Object.freeze([]),
  authorization: BEARER,
  framing: "sse",
  same: Object.freeze({ encodeBody, readUsage, findAnswerFault, measureAnswer, openTap }),
  chat: Object.freeze({
    features: () => OPENAI_CHAT_FEATURES,
    encode: encodeChat,
    decodeAnswer,
    openDecoder,
  }),
  embeddings: null,
  rerank: null,
  readError,
} satisfies UpstreamWire)

const WIRES = Object.freeze([openAiChatWire])

export const openAi: ProviderAdapter = Object.freeze({
  schema: "OpenAI",
  wires: () => WIRES,
} satisfies ProviderAdapter)
