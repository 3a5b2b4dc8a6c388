/**
 * Bedrock: Converse and ConverseStream for every model of the region that chats, InvokeModel for
 * those that embed.
 *
 * In: any chat or embeddings request in the intermediate form. Out: events or answers, usage and
 * errors. No client speaks these, so nothing passes untranslated. Requests are signed by the shell,
 * or carry a Bedrock API key as bearer token. It must not know who asked. Source: Amazon Bedrock
 * API reference, "Converse", "ConverseStream", "InvokeModel", "TokenUsage".
 */
import type { CallPlace, ChatWire, ProviderAdapter, UpstreamWire } from "../adapter.ts"
import { JSON_TOOL } from "../json-tool.ts"
import { pathSegment } from "../path-segment.ts"
import { PLAIN_WIRE } from "../plain-wire.ts"
import { PLAIN_NAMES } from "../tool-names.ts"
import { BEDROCK_FEATURES } from "./chat-features.ts"
import { decodeAnswer, openDecoder, readError } from "./decode-chat.ts"
import { cohereInvoke, novaInvoke, titanInvoke, usageOfHeaders } from "./embeddings.ts"
import { encodeChat } from "./encode-chat.ts"

const chat: ChatWire = Object.freeze({
  features: () => BEDROCK_FEATURES,
  toolNames: PLAIN_NAMES,
  jsonTool: JSON_TOOL,
  encode: encodeChat,
  decodeAnswer,
  openDecoder,
})

const SHARED = Object.freeze({
  ...PLAIN_WIRE,
  framing: "aws-event-stream",
  readError,
} as const)

const converse: UpstreamWire = Object.freeze({
  ...SHARED,
  name: "bedrock.converse",
  title: "Bedrock Converse",
  path: (place: CallPlace) => modelPath(place, place.isStream ? "converse-stream" : "converse"),
  chat,
})

const INVOKE = Object.freeze({
  ...SHARED,
  path: (place: CallPlace) => modelPath(place, "invoke"),
  usageOfHeaders,
})

const titanEmbed: UpstreamWire = Object.freeze({
  ...INVOKE,
  name: "bedrock.titan-embed",
  title: "Amazon Titan Embeddings on Bedrock",
  embeddings: titanInvoke,
})

const novaEmbed: UpstreamWire = Object.freeze({
  ...INVOKE,
  name: "bedrock.nova-embed",
  title: "Amazon Nova Embeddings on Bedrock",
  embeddings: novaInvoke,
})

const cohereEmbed: UpstreamWire = Object.freeze({
  ...INVOKE,
  name: "bedrock.cohere-embed",
  title: "Cohere Embed on Bedrock",
  embeddings: cohereInvoke,
})

function modelPath({ provider, model }: CallPlace, verb: string): string {
  return `${provider.pathPrefix}/model/${pathSegment(model)}/${verb}`
}

const CONVERSE = Object.freeze([converse])

/**
 * Models that only InvokeModel serves, by their id: bare, after the region of an inference profile
 * (`eu.`, `us.`, `global.`) or at the end of an ARN.
 */
const INVOKED = Object.freeze([
  { id: /(?:^|[./])amazon\.titan-embed-/, wires: Object.freeze([titanEmbed]) },
  { id: /(?:^|[./])amazon\.nova-[\w-]*embeddings-/, wires: Object.freeze([novaEmbed]) },
  { id: /(?:^|[./])cohere\.embed-/, wires: Object.freeze([cohereEmbed]) },
] as const)

export const bedrock: ProviderAdapter = Object.freeze({
  schema: "Bedrock",
  wires: (_provider, model) => INVOKED.find(({ id }) => id.test(model))?.wires ?? CONVERSE,
} satisfies ProviderAdapter)
