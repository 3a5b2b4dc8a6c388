/**
 * Every wire that is registered, with the provider and the model that it is asked for: the columns
 * of the golden matrix, and each vendor of OpenAI's shape. Also what a wire's streams are read with.
 */
import type { JsonDocument } from "#proxy/contract/json-document.ts"
import { scanJson } from "#proxy/contract/json-scan.ts"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import { VENDORS } from "#proxy/contract/vendors.ts"
import { type AnswerChoice, type ChatAnswer, collectAnswer } from "#proxy/exchange/chat-answer.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import type {
  ChatWire,
  EncodeContext,
  StreamDecoder,
  UpstreamWire,
} from "#proxy/providers/adapter.ts"
import { wiresOf } from "#proxy/providers/registry.ts"
import { makeProvider } from "#proxy/runtime/samples.test-data.ts"
import { createAwsReader } from "#proxy/wire/aws-event-stream.ts"
import type { Frame, FramingName } from "#proxy/wire/frame.ts"
import { createSseReader } from "#proxy/wire/frame-reader.ts"
import { CHAT_CASES, type Scenario, STATUSES } from "#test/golden/providers/cases.ts"
import { type Column, SCHEMAS } from "#test/golden/providers/run-case.ts"

export interface RegisteredWire {
  /** `Anthropic anthropic.messages`, and the vendor where there is one. */
  readonly name: string
  /** Whose answers in `test/golden/providers/upstream` are of this wire. */
  readonly column: Column
  readonly wire: UpstreamWire
  readonly context: EncodeContext
}

export type RegisteredChat = RegisteredWire & { readonly chat: ChatWire }

/** Models that embed, where these are asked in another way than a column's own model. */
const EMBEDDING_MODELS: Readonly<Partial<Record<Column, readonly string[]>>> = {
  VertexAI: ["text-embedding-005", "gemini-embedding-2"],
  Bedrock: [
    "amazon.titan-embed-text-v2:0",
    "amazon.nova-2-multimodal-embeddings-v1:0",
    "eu.cohere.embed-v4:0",
  ],
}

export const WIRES: readonly RegisteredWire[] = [
  ...(Object.keys(SCHEMAS) as Column[]).flatMap((column) => {
    const { schema, provider, model } = SCHEMAS[column]
    const one = makeProvider("one", { schema, ...provider })
    const models = [model, ...(EMBEDDING_MODELS[column] ?? [])]
    return models.flatMap((name) => wiresAt(column, column, one, name))
  }),
  ...VENDORS.filter(({ name }) => name !== "OpenAI").flatMap(({ name }) =>
    wiresAt(`OpenAI of ${name}`, "OpenAI", makeProvider("one", { vendor: name }), "served"),
  ),
]

export const CHAT_WIRES: readonly RegisteredChat[] = WIRES.flatMap((one) =>
  one.wire.chat === null ? [] : [{ ...one, chat: one.wire.chat }],
)

/** One of each column: vendors of one shape read answers alike. */
export const CHAT_COLUMNS: readonly RegisteredChat[] = CHAT_WIRES.filter(
  ({ name, column }) => name.startsWith(`${column} `) && !name.includes(" of "),
)

function wiresAt(
  label: string,
  column: Column,
  provider: ProviderConfig,
  model: string,
): readonly RegisteredWire[] {
  const context = { provider, model, isStream: false }
  return wiresOf(provider, model).map((wire) => ({
    name: `${label} ${wire.name}`,
    column,
    wire,
    context,
  }))
}

/**
 * Scenarios that are answers, not errors. A custom tool is one only where bytes pass: a translated
 * chat asks for a function in its place, and gets a call as any other.
 */
export const ANSWERS: readonly Scenario[] = [...new Set(Object.values(CHAT_CASES))].filter(
  (scenario) => STATUSES[scenario] === undefined && scenario !== "custom-call",
)

const LIMITS = { bytesMax: 1 << 24, depthMax: 64, tokensMax: 1_000_000 }

export function documentOf(text: string | Uint8Array): JsonDocument {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text
  const scanned = scanJson(bytes, { ...LIMITS, loneSurrogates: "accepted" })
  if (!scanned.ok) throw new Error(scanned.fault.message)
  return scanned.document
}

const READERS = { sse: createSseReader, "aws-event-stream": createAwsReader } as const

/** The frames of a whole stream; throws at a fault. */
export function framesOf(framing: FramingName, bytes: Uint8Array): readonly Frame[] {
  const frames: Frame[] = []
  const reader = READERS[framing](1 << 20, (frame) => {
    if (frame !== null) frames.push(frame)
  })
  const fault = reader.push(bytes)
  if (fault !== null) throw new Error(fault)
  return frames
}

/** Events of a stream that ends after these frames. */
export function decodeFrames(
  decoder: StreamDecoder,
  frames: readonly Frame[],
): readonly ResponseEvent[] {
  return [...frames.flatMap((frame) => decoder.push(frame)), ...decoder.finish()]
}

export function decodeWhole(chat: ChatWire, answer: string | Uint8Array): readonly ResponseEvent[] {
  const decoded = chat.decodeAnswer(documentOf(answer))
  if (!decoded.ok) throw new Error(decoded.fault)
  return decoded.events
}

/**
 * What a client would notice of an answer: texts, thoughts, calls with the meaning of their
 * arguments, reasons, usage. How a text was cut into pieces is not part of it, nor are the terms
 * that it is priced at: only a provider's own clients are told those, in its own bytes.
 */
export function meaningOf(events: Iterable<ResponseEvent>): unknown {
  return meaningOfAnswer(collectAnswer(events))
}

export function meaningOfAnswer({ choices, usage, ...rest }: ChatAnswer): unknown {
  const { terms: _priced, ...counts } = usage ?? {}
  const told = usage === undefined ? undefined : counts
  return { ...rest, usage: told, choices: choices.map(meaningOfChoice) }
}

function meaningOfChoice({ parts, logprobs, ...rest }: AnswerChoice): unknown {
  const said = parts.map((part) =>
    part.kind === "tool-call" ? { ...part, arguments: JSON.parse(part.arguments || "{}") } : part,
  )
  return { ...rest, parts: said, logprobs: logprobs === null ? null : JSON.parse(logprobs.text) }
}
