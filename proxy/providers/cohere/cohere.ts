/**
 * The Cohere schema: chat, embed and rerank, version 2, as api.cohere.com speaks them.
 *
 * In: any chat, embeddings or rerank request in its intermediate form; a rerank client's own bytes
 * pass. Out: events or answers, usage and errors. It must not know who asked. Source: Cohere API
 * reference, version 2.
 */
import type { CallPlace, ChatWire, ProviderAdapter, UpstreamWire } from "../adapter.ts"
import { PLAIN_WIRE } from "../plain-wire.ts"
import { wholeWireOf } from "../same-wire.ts"
import { PLAIN_NAMES } from "../tool-names.ts"
import { COHERE_FEATURES } from "./chat-features.ts"
import { decodeAnswer, openDecoder } from "./decode-chat.ts"
import { cohereEmbeddings } from "./embeddings.ts"
import { encodeChat } from "./encode-chat.ts"
import { readError } from "./read-answer.ts"
import { cohereRerank } from "./rerank.ts"

const chat: ChatWire = Object.freeze({
  features: () => COHERE_FEATURES,
  toolNames: PLAIN_NAMES,
  encode: encodeChat,
  decodeAnswer,
  openDecoder,
})

const WIRES: readonly UpstreamWire[] = Object.freeze([
  Object.freeze({
    ...PLAIN_WIRE,
    readError,
    name: "cohere.chat",
    title: "Cohere Chat",
    path: ({ provider }: CallPlace) => `${provider.pathPrefix}/v2/chat`,
    chat,
  }),
  Object.freeze({
    ...PLAIN_WIRE,
    readError,
    name: "cohere.embed",
    title: "Cohere Embed",
    path: ({ provider }: CallPlace) => `${provider.pathPrefix}/v2/embed`,
    embeddings: cohereEmbeddings,
  }),
  Object.freeze({
    ...PLAIN_WIRE,
    readError,
    name: "cohere.rerank",
    title: "Cohere Rerank",
    path: ({ provider }: CallPlace) => `${provider.pathPrefix}/v2/rerank`,
    same: wholeWireOf(cohereRerank.decodeAnswer),
    rerank: cohereRerank,
  }),
] as const)

export const cohere: ProviderAdapter = Object.freeze({
  schema: "Cohere",
  wires: () => WIRES,
} satisfies ProviderAdapter)
