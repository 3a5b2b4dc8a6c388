/**
 * Vertex AI: Gemini's and Anthropic's models and those that embed, under one project, told apart by
 * the model's name.
 *
 * In: any chat or embeddings request in the intermediate form, or bytes of a client of the model's
 * own shape. Out: as the schemas that the models share. For chats only paths and, for Anthropic's,
 * two fields differ. It must not know who asked. Source: Vertex AI REST reference,
 * "projects.locations.publishers.models"; "Claude on Vertex AI".
 */
import { memberOf, NONE, STRIDE, startOf } from "#proxy/contract/json-document.ts"
import { writeJson } from "#proxy/contract/json-write.ts"
import type { FeatureTable } from "#proxy/exchange/chat-feature.ts"
import type { ChatRequest } from "#proxy/exchange/chat-request.ts"
import type { ParsedRequest } from "#proxy/exchange/parsed-request.ts"
import { readBody } from "#proxy/exchange/read-body.ts"
import type {
  CallPlace,
  ChatWire,
  EncodeContext,
  ProviderAdapter,
  UpstreamWire,
} from "../adapter.ts"
import { anthropicChat } from "../anthropic/anthropic.ts"
import { ANTHROPIC_FEATURES } from "../anthropic/chat-features.ts"
import { encodeFields } from "../anthropic/encode-chat.ts"
import { readError as readAnthropicError } from "../anthropic/read-answer.ts"
import { foreignThoughts } from "../anthropic/splice-thoughts.ts"
import { geminiChat, generatePath } from "../gemini/gemini.ts"
import { readError as readGeminiError } from "../gemini/read-answer.ts"
import { spliceOwn } from "../gemini/splice-own.ts"
import { pathSegment } from "../path-segment.ts"
import { PLAIN_WIRE } from "../plain-wire.ts"
import { sameWireOf } from "../same-wire.ts"
import { DROPPED } from "../shared-reasons.ts"
import { replaceNode, spliceAll, withoutMember } from "../splice-body.ts"
import { takenBetas } from "./betas.ts"
import { cacheScopes } from "./cache-scopes.ts"
import { embedsByContent, isEmbedding, vertexContent, vertexPredict } from "./embeddings.ts"

const ANTHROPIC_VERSION = "vertex-2023-10-16"

/** A tuned model is deployed at an endpoint of the project, and no publisher's. */
const TUNED = /^endpoints[/][0-9]{1,32}$/

const generate: UpstreamWire = Object.freeze({
  ...PLAIN_WIRE,
  name: "gemini.generate",
  title: "Gemini generateContent on Vertex AI",
  path: (place: CallPlace) => {
    if (!TUNED.test(place.model)) return `${publisher(place, "google")}/${generatePath(place)}`
    const verb = place.isStream ? "streamGenerateContent?alt=sse" : "generateContent"
    return `${parentOf(place)}/${place.model}:${verb}`
  },
  same: Object.freeze({ ...sameWireOf(geminiChat), encodeBody: spliceOwn }),
  chat: geminiChat,
  readError: readGeminiError,
} satisfies UpstreamWire)

/** The tiers that a request can name are those of Anthropic's own API. */
const MESSAGES_FEATURES: FeatureTable = Object.freeze({
  ...ANTHROPIC_FEATURES,
  "service-tier-standard": DROPPED.isDefault,
})

const messagesChat: ChatWire = Object.freeze({
  ...anthropicChat,
  features: () => MESSAGES_FEATURES,
  encode: (chat: ChatRequest, context: EncodeContext) =>
    readBody(() => {
      const fields = encodeFields({ ...chat, serviceTier: null }, context)
      return writeJson({ anthropic_version: ANTHROPIC_VERSION, ...fields })
    }),
})

const VERSION_FIELD = new TextEncoder().encode(`"anthropic_version":"${ANTHROPIC_VERSION}"`)

/**
 * The version stands where the model stood: that one is in the path here. A client that names a
 * version of its own has it replaced, and the model's member goes.
 */
function spliceVersion({ document, modelNode }: ParsedRequest): Uint8Array {
  const key = modelNode - STRIDE
  const given = memberOf(document, 0, "anthropic_version")
  const edits = [...foreignThoughts(document), ...cacheScopes(document)]
  if (given === NONE) {
    const value = replaceNode(document, modelNode, VERSION_FIELD)
    return spliceAll(document.bytes, [{ ...value, start: startOf(document, key) }, ...edits])
  }
  const version = replaceNode(document, given, VERSION)
  return spliceAll(document.bytes, [withoutMember(document, key), version, ...edits])
}

const VERSION = new TextEncoder().encode(`"${ANTHROPIC_VERSION}"`)

const messages: UpstreamWire = Object.freeze({
  ...PLAIN_WIRE,
  name: "anthropic.messages",
  title: "Anthropic Messages on Vertex AI",
  path: (place: CallPlace) => {
    const verb = place.isStream ? "streamRawPredict" : "rawPredict"
    return `${publisher(place, "anthropic")}/models/${pathSegment(place.model)}:${verb}`
  },
  passedHeaders: Object.freeze(["anthropic-beta"]),
  passedValue: (_name, value) => takenBetas(value),
  same: Object.freeze({ ...sameWireOf(messagesChat), encodeBody: spliceVersion }),
  chat: messagesChat,
  /** Anthropic's words where the model was reached, else Google's, which of a stream are a list. */
  readError: (answer, conceal) => {
    const own = readAnthropicError(answer, conceal)
    return own === undefined || own.type === null ? readGeminiError(answer, conceal) : own
  },
} satisfies UpstreamWire)

const predict: UpstreamWire = Object.freeze({
  ...PLAIN_WIRE,
  name: "vertex.embed",
  title: "Vertex AI text embeddings",
  path: (place: CallPlace) => googleModel(place, "predict"),
  embeddings: vertexPredict,
  readError: readGeminiError,
})

const embedContent: UpstreamWire = Object.freeze({
  ...PLAIN_WIRE,
  name: "vertex.embed-content",
  title: "Gemini embedContent on Vertex AI",
  path: (place: CallPlace) => googleModel(place, "embedContent"),
  embeddings: vertexContent,
  readError: readGeminiError,
})

function googleModel(place: CallPlace, verb: string): string {
  return `${publisher(place, "google")}/models/${pathSegment(place.model)}:${verb}`
}

function publisher(place: CallPlace, name: string): string {
  return `${parentOf(place)}/publishers/${name}`
}

function parentOf({ provider }: CallPlace): string {
  const { options, pathPrefix } = provider
  if (options?.schema !== "VertexAI") throw new Error("a provider of schema VertexAI has options")
  return `${pathPrefix}/v1/projects/${options.project}/locations/${options.location}`
}

const GOOGLE = Object.freeze([generate])
const ANTHROPIC = Object.freeze([messages])
const PREDICT = Object.freeze([predict])
const EMBED_CONTENT = Object.freeze([embedContent])

export const vertexAi: ProviderAdapter = Object.freeze({
  schema: "VertexAI",
  wires: (_provider, model) => {
    if (model.startsWith("claude")) return ANTHROPIC
    if (!isEmbedding(model)) return GOOGLE
    return embedsByContent(model) ? EMBED_CONTENT : PREDICT
  },
} satisfies ProviderAdapter)
