/**
 * The Gemini schema: generateContent as generativelanguage.googleapis.com speaks it.
 *
 * In: any chat in the intermediate form, or a Gemini client's own bytes, which pass unchanged since
 * the model is in the path. Out: events, usage and errors. It must not know who asked. Source:
 * Gemini API reference, "Generating content", "UsageMetadata".
 */
import type { CallPlace, ChatWire, ProviderAdapter, UpstreamWire } from "../adapter.ts"
import { countWireOf } from "../count-tokens.ts"
import { pathSegment } from "../path-segment.ts"
import { sameWireOf } from "../same-wire.ts"
import { GEMINI_FEATURES } from "./chat-features.ts"
import { decodeAnswer, openDecoder } from "./decode-chat.ts"
import { encodeChat } from "./encode-chat.ts"
import { readError } from "./read-answer.ts"

export const geminiChat: ChatWire = Object.freeze({
  features: () => GEMINI_FEATURES,
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

const generate: UpstreamWire = Object.freeze({
  name: "gemini.generate",
  title: "Gemini generateContent",
  path: (place: CallPlace) => `${place.provider.pathPrefix}/v1beta/${generatePath(place)}`,
  headers: Object.freeze([]),
  passedHeaders: Object.freeze([]),
  authorization: Object.freeze({ header: "x-goog-api-key", prefix: "" }),
  framing: "sse",
  same: sameWireOf(geminiChat),
  chat: geminiChat,
  embeddings: null,
  rerank: null,
  readError,
} satisfies UpstreamWire)

const countTokens: UpstreamWire = Object.freeze({
  ...generate,
  name: "gemini.count-tokens",
  title: "Gemini countTokens",
  path: ({ provider, model }: CallPlace) =>
    `${provider.pathPrefix}/v1beta/models/${pathSegment(model)}:countTokens`,
  same: countWireOf("totalTokens"),
  chat: null,
} satisfies UpstreamWire)

const WIRES = Object.freeze([generate, countTokens])

export const gemini: ProviderAdapter = Object.freeze({
  schema: "Gemini",
  wires: () => WIRES,
} satisfies ProviderAdapter)
