/**
 * The Anthropic schema: Messages as api.anthropic.com speaks it.
 *
 * In: any chat in the intermediate form, or an Anthropic client's own bytes, which pass with the
 * model's name spliced in. Out: events, usage and errors. It must not know who asked. Source:
 * Anthropic API reference, "Create a Message", "Streaming Messages", "Errors", "Versions".
 */
import type { ChatWire, ProviderAdapter, UpstreamWire } from "../adapter.ts"
import { countWireOf } from "../count-tokens.ts"
import { JSON_TOOL } from "../json-tool.ts"
import { PLAIN_WIRE } from "../plain-wire.ts"
import { sameWireOf } from "../same-wire.ts"
import { ANTHROPIC_FEATURES } from "./chat-features.ts"
import { decodeAnswer, openDecoder } from "./decode-chat.ts"
import { encodeChat } from "./encode-chat.ts"
import { readError } from "./read-answer.ts"
import { spliceOwn } from "./splice-thoughts.ts"

export const anthropicChat: ChatWire = Object.freeze({
  features: () => ANTHROPIC_FEATURES,
  toolNames: /^[a-zA-Z0-9_-]{1,128}$/,
  jsonTool: JSON_TOOL,
  encode: encodeChat,
  decodeAnswer,
  openDecoder,
})

const messages: UpstreamWire = Object.freeze({
  ...PLAIN_WIRE,
  name: "anthropic.messages",
  title: "Anthropic Messages",
  path: ({ provider }) => `${provider.pathPrefix}/v1/messages`,
  headers: Object.freeze(["anthropic-version", "2023-06-01"]),
  passedHeaders: Object.freeze(["anthropic-version", "anthropic-beta"]),
  authorization: Object.freeze({ header: "x-api-key", prefix: "" }),
  same: Object.freeze({ ...sameWireOf(anthropicChat), encodeBody: spliceOwn }),
  chat: anthropicChat,
  readError,
} satisfies UpstreamWire)

const countTokens: UpstreamWire = Object.freeze({
  ...messages,
  name: "anthropic.count-tokens",
  title: "Anthropic count_tokens",
  path: ({ provider }) => `${provider.pathPrefix}/v1/messages/count_tokens`,
  same: Object.freeze({ ...countWireOf("input_tokens"), encodeBody: spliceOwn }),
  chat: null,
} satisfies UpstreamWire)

const WIRES = Object.freeze([messages, countTokens])

export const anthropic: ProviderAdapter = Object.freeze({
  schema: "Anthropic",
  wires: () => WIRES,
} satisfies ProviderAdapter)
