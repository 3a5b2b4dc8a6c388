/**
 * At which terms an answer was served, as each provider tells it: in a whole answer and in a
 * stream, passed and translated.
 */
import { expect, test } from "vitest"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { collectAnswer } from "#proxy/exchange/chat-answer.ts"
import type { WireName } from "#proxy/exchange/wire-name.ts"
import type { UpstreamWire } from "#proxy/providers/adapter.ts"
import { decodeFrames, decodeWhole, documentOf, WIRES } from "./wires.ts"

interface Told {
  readonly page: string
  readonly wire: WireName
  readonly whole: object
  /** In the order of the stream. */
  readonly events: readonly object[]
  readonly terms: TokenUsage["terms"]
}

const CHAT_USAGE = { prompt_tokens: 2, completion_tokens: 1, total_tokens: 3 }
const CHOICE = { message: { content: "a" }, finish_reason: "stop" }
const RESPONSE = { output: [], usage: { input_tokens: 2, output_tokens: 1 } }
const CLAUDE = { input_tokens: 2, output_tokens: 1 }
const GEMINI = { promptTokenCount: 2, candidatesTokenCount: 1 }
const DONE = { candidates: [{ content: { parts: [{ text: "a" }] }, finishReason: "STOP" }] }

const claude = (usage: object) => ({ content: [], stop_reason: "end_turn", usage })
const google = (tier: object) => ({ ...DONE, usageMetadata: { ...GEMINI, ...tier } })

const TOLD: readonly Told[] = [
  {
    page: "OpenAI, service_tier of a chat completion",
    wire: "openai.chat",
    whole: { choices: [CHOICE], usage: CHAT_USAGE, service_tier: "priority" },
    events: [
      { id: "1", choices: [{ delta: { content: "a" } }], service_tier: "priority" },
      { id: "1", choices: [], usage: CHAT_USAGE, service_tier: "priority" },
    ],
    terms: { service_tier: "priority" },
  },
  {
    page: "OpenAI, the same where the tier was not to be had",
    wire: "openai.chat",
    whole: { choices: [CHOICE], usage: CHAT_USAGE, service_tier: "default" },
    events: [{ id: "1", choices: [], usage: CHAT_USAGE, service_tier: "default" }],
    terms: { service_tier: "standard" },
  },
  {
    page: "OpenAI, service_tier of a response",
    wire: "openai.responses",
    whole: { ...RESPONSE, service_tier: "flex" },
    events: [
      { type: "response.created", response: { output: [], service_tier: "auto" } },
      { type: "response.completed", response: { ...RESPONSE, service_tier: "flex" } },
    ],
    terms: { service_tier: "flex" },
  },
  {
    page: "Anthropic, usage of a message: only its start has them all",
    wire: "anthropic.messages",
    whole: claude({ ...CLAUDE, service_tier: "standard", speed: "fast", inference_geo: "us" }),
    events: [
      {
        type: "message_start",
        message: {
          usage: { ...CLAUDE, service_tier: "standard", speed: "fast", inference_geo: "us" },
        },
      },
      { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 9 } },
    ],
    terms: { service_tier: "standard", speed: "fast", inference_geo: "us" },
  },
  {
    page: "Gemini, UsageMetadata.serviceTier",
    wire: "gemini.generate",
    whole: google({ serviceTier: "priority" }),
    events: [google({ serviceTier: "priority" })],
    terms: { service_tier: "priority" },
  },
  {
    page: "Vertex AI, UsageMetadata.trafficType",
    wire: "gemini.generate",
    whole: google({ trafficType: "PROVISIONED_THROUGHPUT" }),
    events: [google({ trafficType: "PROVISIONED_THROUGHPUT" })],
    terms: { service_tier: "provisioned" },
  },
]

test.each(TOLD)("$page", ({ wire: name, whole, events, terms }) => {
  const wire = WIRES.find((one) => one.wire.name === name)?.wire
  if (wire === undefined) throw new Error(`${name} is no wire`)
  const usages = [...wholly(wire, whole), ...streamed(wire, events)]
  expect(usages.length).toBeGreaterThan(1)
  for (const usage of usages) expect(usage?.terms).toEqual(terms)
})

function wholly({ same, chat }: UpstreamWire, answer: object): readonly (TokenUsage | undefined)[] {
  const document = documentOf(JSON.stringify(answer))
  return [
    ...(same === null ? [] : [same.readUsage(document)]),
    ...(chat === null ? [] : [collectAnswer(decodeWhole(chat, document.bytes)).usage]),
  ]
}

function streamed(
  { same, chat }: UpstreamWire,
  events: readonly object[],
): readonly (TokenUsage | undefined)[] {
  const texts = events.map((event) => JSON.stringify(event))
  const frames = texts.map(
    (text) => ({ kind: "json", name: null, document: documentOf(text) }) as const,
  )
  const tap = same?.openTap(TAP, STREAM)
  tap?.push(new TextEncoder().encode(texts.map((text) => `data: ${text}\n\n`).join("")))
  return [
    ...(tap === undefined ? [] : [tap.usage]),
    ...(chat === null ? [] : [collectAnswer(decodeFrames(chat.openDecoder(), frames)).usage]),
  ]
}

const TAP = { wantsUsage: true, eventBytesMax: 1 << 20, preambleBytesMax: 1 << 16 }
const STREAM = { contentType: "text/event-stream", bytesMax: 1 << 20, outputTokensExpected: 0 }
