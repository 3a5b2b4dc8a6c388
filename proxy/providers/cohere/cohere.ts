/**
 * The Cohere schema: chat, embed and rerank, version 2, as api.cohere.com speaks them.
 *
 * In: any chat, embeddings or rerank request in its intermediate form; a rerank client's own bytes
 * pass. Out: events or answers, usage and errors. It must not know who asked. Source: Cohere API
 * reference, version 2.
 */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import type {
  CallPlace,
  ChatWire,
  ProviderAdapter,
  SameWire,
  StreamTap,
  UpstreamWire,
} from "../adapter.ts"
import { spliceModel } from "../splice-body.ts"
import { COHERE_FEATURES } from "./chat-features.ts"
import { decodeAnswer, openDecoder } from "./decode-chat.ts"
import { cohereEmbeddings } from "./embeddings.ts"
import { encodeChat } from "./encode-chat.ts"
import { readError } from "./read-answer.ts"
import { cohereRerank } from "./rerank.ts"

const chat: ChatWire = Object.freeze({
  features: () => COHERE_FEATURES,
  encode: encodeChat,
  decodeAnswer,
  openDecoder,
})

const SHARED = Object.freeze({
  headers: Object.freeze([]),
  passedHeaders: Object.freeze([]),
  authorization: Object.freeze({ header: "authorization", prefix: "Bearer " }),
  framing: "sse",
  same: null,
  chat: null,
  embeddings: null,
  rerank: null,
  readError,
} as const)

/** Reranking never streams. */
const rerankSame: SameWire = Object.freeze({
  encodeBody: spliceModel,
  readUsage: (answer: JsonDocument) => {
    const decoded = cohereRerank.decodeAnswer(answer)
    return decoded.ok ? decoded.answer.usage : undefined
  },
  findAnswerFault: (answer: JsonDocument) => {
    const decoded = cohereRerank.decodeAnswer(answer)
    return decoded.ok ? null : decoded.fault
  },
  measureAnswer: () => 0,
  openTap: (): StreamTap => {
    throw new Error("reranking never streams")
  },
})

const WIRES: readonly UpstreamWire[] = Object.freeze([
  Object.freeze({
    ...SHARED,
    name: "cohere.chat",
    title: "Cohere Chat",
    path: ({ provider }: CallPlace) => `${provider.pathPrefix}/v2/chat`,
    chat,
  }),
  Object.freeze({
    ...SHARED,
    name: "cohere.embed",
    title: "Cohere Embed",
    path: ({ provider }: CallPlace) => `${provider.pathPrefix}/v2/embed`,
    embeddings: cohereEmbeddings,
  }),
  Object.freeze({
    ...SHARED,
    name: "cohere.rerank",
    title: "Cohere Rerank",
    path: ({ provider }: CallPlace) => `${provider.pathPrefix}/v2/rerank`,
    same: rerankSame,
    rerank: cohereRerank,
  }),
] as const)

export const cohere: ProviderAdapter = Object.freeze({
  schema: "Cohere",
  wires: () => WIRES,
} satisfies ProviderAdapter)
