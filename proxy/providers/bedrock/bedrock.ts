/**
 * Bedrock: Converse and ConverseStream for every model of the region.
 *
 * In: any chat in the intermediate form. Out: events, usage and errors. No client speaks Converse,
 * so nothing passes untranslated. Requests are signed by the shell, or carry a Bedrock API key as
 * bearer token. It must not know who asked. Source: Amazon Bedrock API reference, "Converse",
 * "ConverseStream", "TokenUsage".
 */
import type { CallPlace, ChatWire, ProviderAdapter, UpstreamWire } from "../adapter.ts"
import { pathSegment } from "../path-segment.ts"
import { BEDROCK_FEATURES } from "./chat-features.ts"
import { decodeAnswer, openDecoder, readError } from "./decode-chat.ts"
import { encodeChat } from "./encode-chat.ts"

const chat: ChatWire = Object.freeze({
  features: () => BEDROCK_FEATURES,
  encode: encodeChat,
  decodeAnswer,
  openDecoder,
})

const converse: UpstreamWire = Object.freeze({
  name: "bedrock.converse",
  title: "Bedrock Converse",
  path: ({ provider, model, isStream }: CallPlace) => {
    const verb = isStream ? "converse-stream" : "converse"
    return `${provider.pathPrefix}/model/${pathSegment(model)}/${verb}`
  },
  headers: Object.freeze([]),
  passedHeaders: Object.freeze([]),
  authorization: Object.freeze({ header: "authorization", prefix: "Bearer " }),
  framing: "aws-event-stream",
  same: null,
  chat,
  embeddings: null,
  rerank: null,
  readError,
} satisfies UpstreamWire)

const WIRES = Object.freeze([converse])

export const bedrock: ProviderAdapter = Object.freeze({
  schema: "Bedrock",
  wires: () => WIRES,
} satisfies ProviderAdapter)
