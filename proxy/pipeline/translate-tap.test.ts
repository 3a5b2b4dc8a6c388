/** What upstreams do that no protocol has: the client still gets one well-formed answer. */
import { expect, test } from "vitest"
import type { StreamDecoder } from "#proxy/providers/adapter.ts"
import { openDecoder as openCohere } from "#proxy/providers/cohere/decode-chat.ts"
import { openDecoder as openGemini } from "#proxy/providers/gemini/decode-chat.ts"
import { openDecoder as openOpenAi } from "#proxy/providers/openai/decode-chat.ts"
import { NO_USAGE } from "#proxy/quota/attempt-cost.ts"
import { SURFACES } from "#proxy/surfaces/registry.ts"
import { createSseReader } from "#proxy/wire/frame-reader.ts"
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

interface Told {
  readonly type?: string
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
  const { requestJson, ...limits } = PIPELINE_SETTINGS
  const surface = SURFACES[name]
  const parsed = surface.parse(makeRaw({ ...CHAT, max_tokens: 9, stream: true }), {
    ...limits,
    requestJson,
  })
  if (!parsed.ok || surface.chat === null) throw new Error("the request is refused")
  const context = { request: parsed.value, id: "1", model: "m", createdSeconds: 0 }
  const tap = new TranslateTap(
    decoder,
    surface.chat.openRenderer(context),
    (onFrame) => createSseReader(1 << 20, onFrame),
    1 << 16,
    NO_USAGE,
  )
  const sent = `${events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("")}${last}`
  const pieces = [tap.push(new TextEncoder().encode(sent)), tap.finish()]
  expect(tap.end).toEqual({ kind: "done" })
  const text = pieces.map((bytes) => new TextDecoder().decode(bytes ?? undefined)).join("")
  return text.split("\n").flatMap((line) => {
    const isJson = line.startsWith("data: {")
    return isJson ? [JSON.parse(line.slice("data: ".length))] : []
  })
}
