/** What upstreams do that no protocol has: the client still gets one well-formed answer. */
import { expect, test } from "vitest"
import type { StreamDecoder } from "#proxy/providers/adapter.ts"
import { openDecoder as openAnthropic } from "#proxy/providers/anthropic/decode-chat.ts"
import { openDecoder as openBedrock } from "#proxy/providers/bedrock/decode-chat.ts"
import { openDecoder as openCohere } from "#proxy/providers/cohere/decode-chat.ts"
import { openDecoder as openGemini } from "#proxy/providers/gemini/decode-chat.ts"
import { openDecoder as openOpenAi } from "#proxy/providers/openai/decode-chat.ts"
import { NO_USAGE } from "#proxy/quota/attempt-cost.ts"
import { SURFACES } from "#proxy/surfaces/registry.ts"
import { createSseReader } from "#proxy/wire/frame-reader.ts"
import { documentOf } from "#test/conformance/translation/wires.ts"
import { PIPELINE_SETTINGS } from "./settings.ts"
import { TranslateTap } from "./translate-tap.ts"
import { CHAT, makeRaw } from "./world.test-data.ts"

test("a choice ends once, with the last reason, whatever comes after it", () => {
  const stream = [
    { candidates: [{ content: { parts: [{ text: "Hel" }] }, finishReason: "STOP" }] },
    {
      candidates: [{ content: { parts: [{ functionCall: { name: "f" } }] }, finishReason: "STOP" }],
    },
    { candidates: [{ citationMetadata: { citationSources: [{ uri: "https://a.example" }] } }] },
  ]
  const told = translate("anthropic-messages", openGemini(), stream)
  expect(told.filter(({ type }) => type === "message_delta")).toMatchObject([
    { delta: { stop_reason: "tool_use" } },
  ])
  const chunks = translate("openai-chat", openGemini(), stream)
  const reasons = chunks.map(({ choices }) => choices?.[0]?.finish_reason)
  expect(reasons.filter((reason) => reason !== null)).toEqual(["tool_calls"])
})

test("a message starts with its input as far as its upstream has counted it", () => {
  const said = { content: { parts: [{ text: "Hi" }] } }
  const usageMetadata = { promptTokenCount: 40, cachedContentTokenCount: 30, thoughtsTokenCount: 7 }
  const told = translate("anthropic-messages", openGemini(), [
    { candidates: [{ ...said, finishReason: "STOP" }], usageMetadata },
  ])
  expect(told[0]?.message?.usage).toEqual({
    input_tokens: 10,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 30,
    output_tokens: 0,
  })
})

test.each([
  ["without an index", [undefined, undefined]],
  ["all of index 0", [0, 0]],
])("calls %s are told apart by their ids", (_case, indexes) => {
  const chunk = (tool_calls: readonly unknown[]) => ({
    choices: [{ index: 0, delta: { tool_calls } }],
  })
  const events = [
    chunk([{ index: indexes[0], id: "a", function: { name: "f", arguments: '{"x":' } }]),
    chunk([{ index: indexes[0], id: "a", function: { arguments: "1}" } }]),
    chunk([{ index: indexes[1], id: "b", function: { name: "g", arguments: '{"y":2}' } }]),
  ]
  const told = translate("openai-chat", openOpenAi(), events, "data: [DONE]\n\n")
  const calls = told.flatMap(({ choices }) => choices?.[0]?.delta.tool_calls ?? [])
  expect(calls.map(({ index, id, function: { arguments: text } }) => [index, id, text])).toEqual([
    [0, "a", ""],
    [0, undefined, '{"x":'],
    [0, undefined, "1}"],
    [1, "b", ""],
    [1, undefined, '{"y":2}'],
  ])
})

test("arguments of a call that never began are passed over", () => {
  const grow = { tool_calls: { function: { arguments: "{}" } } }
  const told = translate("openai-chat", openCohere(), [
    { type: "message-start", id: "1" },
    { type: "tool-call-delta", delta: { message: grow } },
    { type: "message-end", delta: { finish_reason: "COMPLETE" } },
  ])
  expect(told.flatMap(({ choices }) => choices?.[0]?.delta.tool_calls ?? [])).toEqual([])
})

const bareOfAnthropic = (more: object = {}) => [
  { type: "message_start", message: { id: "1" } },
  { type: "content_block_start", index: 1, content_block: { type: "tool_use", id: "a", ...more } },
  { type: "content_block_delta", index: 1, delta: { type: "input_json_delta", partial_json: "" } },
  { type: "content_block_stop", index: 1 },
  { type: "message_delta", delta: { stop_reason: "tool_use" } },
  { type: "message_stop" },
]
const called = { id: "a", type: "function", function: { name: "now", arguments: "" } }

test.each([
  ["Anthropic", openAnthropic(), bareOfAnthropic({ name: "now", input: {} }), "{}"],
  ["a server that tells all at the start", openAnthropic(), bareOfAnthropic({ input: 1 }), "1"],
  [
    "Cohere",
    openCohere(),
    [
      { type: "message-start", id: "1" },
      { type: "tool-call-start", index: 0, delta: { message: { tool_calls: called } } },
      { type: "tool-call-end", index: 0 },
      { type: "message-end", delta: { finish_reason: "TOOL_CALL" } },
    ],
    "{}",
  ],
])("a call without arguments has an empty object: %s", (_name, decoder, events, want) => {
  const told = translate("openai-chat", decoder, events)
  const calls = told.flatMap(({ choices }) => choices?.[0]?.delta.tool_calls ?? [])
  expect(calls.map(({ function: { arguments: text } }) => text).join("")).toBe(want)
})

test("the same of Bedrock, whose events have their names outside", () => {
  const frames: readonly (readonly [string, unknown])[] = [
    ["messageStart", { role: "assistant" }],
    [
      "contentBlockStart",
      { contentBlockIndex: 0, start: { toolUse: { toolUseId: "a", name: "now" } } },
    ],
    ["contentBlockStop", { contentBlockIndex: 0 }],
  ]
  const decoder = openBedrock()
  const events = frames.flatMap(([name, body]) =>
    decoder.push({ kind: "json", name, document: documentOf(JSON.stringify(body)) }),
  )
  const delta = { kind: "tool-call-delta", choice: 0, call: 0, arguments: "{}" }
  expect(events.at(-1)).toEqual(delta)
})

test("blocks of calls follow one another, also where their pieces come mixed", () => {
  const piece = (index: number, text: string, more: object = {}) => ({
    choices: [
      { index: 0, delta: { tool_calls: [{ index, function: { arguments: text }, ...more }] } },
    ],
  })
  const begin = (index: number, id: string) => ({
    choices: [
      { index: 0, delta: { tool_calls: [{ index, id, function: { name: "f", arguments: "" } }] } },
    ],
  })
  const events = [
    ...[begin(0, "a"), piece(0, '{"x":"}'), begin(1, "b"), piece(1, '{"y":'), piece(0, '\\""}')],
    ...[piece(1, "2}"), begin(2, "c"), piece(2, "{}"), begin(3, "d"), begin(4, "e")],
    { choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" }] },
  ]
  const told = translate("anthropic-messages", openOpenAi(), events, "data: [DONE]\n\n")
  const blocks = told.filter(({ type }) => type?.startsWith("content_block"))
  const seen = blocks.map(({ type, index, content_block, delta }) => [
    type?.slice("content_block_".length),
    index,
    content_block?.id ?? delta?.partial_json,
  ])
  expect(seen).toEqual([
    ["start", 0, "a"],
    ["delta", 0, '{"x":"}'],
    ["delta", 0, '\\""}'],
    ["stop", 0, undefined],
    ["start", 1, "b"],
    ["delta", 1, '{"y":2}'],
    ["stop", 1, undefined],
    ["start", 2, "c"],
    ["delta", 2, "{}"],
    ["stop", 2, undefined],
    ["start", 3, "d"],
    ["delta", 3, "{}"],
    ["stop", 3, undefined],
    ["start", 4, "e"],
    ["delta", 4, "{}"],
    ["stop", 4, undefined],
  ])
})

test.each([
  ["a marker of another wire", "data: [DONE]\n\n", "a [DONE] is no event of Anthropic's"],
  ["an event that is no object", "data: 7\n\n", "an event is not a JSON object"],
  [
    "an event that is no JSON",
    "data: {\n\n",
    "the text ends where a key in quotes is due (byte 1)",
  ],
  [
    "content before the start",
    'data: {"type":"content_block_delta","delta":{"type":"text_delta","text":"a"}}\n\n',
    "it has events before the start of an answer",
  ],
])("%s is a fault, and what comes behind it is not read", (_case, event, detail) => {
  const tap = openTap("openai-chat", openAnthropic())
  const end = 'data: {"type":"message_stop"}\n\n'
  expect(tap.push(new TextEncoder().encode(`${event}${end}`))).toBeNull()
  expect(tap.end).toEqual({ kind: "invalid", detail })
})

interface Told {
  readonly type?: string
  readonly index?: number
  readonly message?: { readonly usage: unknown }
  readonly content_block?: { readonly id?: string }
  readonly delta?: { readonly partial_json?: string }
  readonly choices?: readonly {
    readonly finish_reason: string | null
    readonly delta: {
      readonly tool_calls?: readonly {
        readonly index: number
        readonly id?: string
        readonly function: { readonly arguments: string }
      }[]
    }
  }[]
}

/** The JSON of the events that a client of `name` gets. */
function translate(
  name: "openai-chat" | "anthropic-messages",
  decoder: StreamDecoder,
  events: readonly unknown[],
  last = "",
): readonly Told[] {
  const tap = openTap(name, decoder)
  const sent = `${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")}${last}`
  const pieces = [tap.push(new TextEncoder().encode(sent)), tap.finish()]
  expect(tap.end).toEqual({ kind: "done" })
  const text = pieces.map((bytes) => new TextDecoder().decode(bytes ?? undefined)).join("")
  return text.split("\n").flatMap((line) => {
    const isJson = line.startsWith("data: {")
    return isJson ? [JSON.parse(line.slice("data: ".length))] : []
  })
}

function openTap(name: "openai-chat" | "anthropic-messages", decoder: StreamDecoder) {
  const { requestJson, ...limits } = PIPELINE_SETTINGS
  const surface = SURFACES[name]
  const parsed = surface.parse(makeRaw({ ...CHAT, max_tokens: 9, stream: true }), {
    ...limits,
    requestJson,
  })
  if (!parsed.ok || surface.chat === null) throw new Error("the request is refused")
  const context = { request: parsed.value, id: "1", model: "m", createdSeconds: 0 }
  return new TranslateTap(
    decoder,
    surface.chat.openRenderer(context),
    (onFrame) => createSseReader(1 << 20, onFrame),
    1 << 16,
    { estimate: NO_USAGE, model: "m" },
  )
}
