/**
 * The Gemini schema: generating and embedding as generativelanguage.googleapis.com speaks them.
 *
 * In: any chat or embeddings request in the intermediate form, or a Gemini client's own bytes,
 * which pass unchanged but for names of the model besides the path's. Out: events or answers, usage
 * and errors. It must not know who asked. Source: Gemini API reference, "Generating content",
 * "UsageMetadata", "Embeddings".
 */
import type { CallPlace, ChatWire, ProviderAdapter, UpstreamWire } from "../adapter.ts"
import { countWireOf } from "../count-tokens.ts"
import { pathSegment } from "../path-segment.ts"
import { PLAIN_WIRE } from "../plain-wire.ts"
import { sameWireOf, wholeWireOf } from "../same-wire.ts"
import { GEMINI_FEATURES } from "./chat-features.ts"
import { decodeAnswer, openDecoder } from "./decode-chat.ts"
import { decodeBatch, decodeOne, geminiEmbeddings } from "./embeddings.ts"
import { encodeChat } from "./encode-chat.ts"
import { readError } from "./read-answer.ts"
import { spliceModels, spliceOwn } from "./splice-own.ts"

export const geminiChat: ChatWire = Object.freeze({
  features: () => GEMINI_FEATURES,
  // "FunctionDeclaration".
  toolNames: /^[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}$/,
  encode: encodeChat,
  decodeAnswer,
  openDecoder,
})

/** `models/M:generateContent`, or its streaming sister as server-sent events. */
export function generatePath({ model, isStream }: CallPlace): string {
  const name = pathSegment(model)
  return isStream
    ? `models/${name}:streamGenerateContent?alt=sse`
    : `models/${name}:generateContent`
}

const SHARED = Object.freeze({
  ...PLAIN_WIRE,
  authorization: Object.freeze({ header: "x-goog-api-key", prefix: "" }),
  readError,
} as const)

const modelPath = ({ provider, model }: CallPlace, verb: string) =>
  `${provider.pathPrefix}/v1beta/models/${pathSegment(model)}:${verb}`

const WIRES: readonly UpstreamWire[] = Object.freeze([
  Object.freeze({
    ...SHARED,
    name: "gemini.generate",
    title: "Gemini generateContent",
    path: (place: CallPlace) => `${place.provider.pathPrefix}/v1beta/${generatePath(place)}`,
    same: Object.freeze({ ...sameWireOf(geminiChat), encodeBody: spliceOwn }),
    chat: geminiChat,
  }),
  Object.freeze({
    ...SHARED,
    name: "gemini.batch-embed",
    title: "Gemini batchEmbedContents",
    path: (place: CallPlace) => modelPath(place, "batchEmbedContents"),
    same: wholeWireOf(decodeBatch, spliceModels),
    embeddings: geminiEmbeddings,
  }),
  /** Only for its own clients: the batch does all that it does. */
  Object.freeze({
    ...SHARED,
    name: "gemini.embed",
    title: "Gemini embedContent",
    path: (place: CallPlace) => modelPath(place, "embedContent"),
    same: wholeWireOf(decodeOne, spliceModels),
  }),
  Object.freeze({
    ...SHARED,
    name: "gemini.count-tokens",
    title: "Gemini countTokens",
    path: (place: CallPlace) => modelPath(place, "countTokens"),
    same: Object.freeze({ ...countWireOf("totalTokens"), encodeBody: spliceModels }),
  }),
] as const)

export const gemini: ProviderAdapter = Object.freeze({
  schema: "Gemini",
  wires: () => WIRES,
} satisfies ProviderAdapter)
