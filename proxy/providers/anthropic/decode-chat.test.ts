/** Streams of Anthropic's shape event by event: what each gives, and its counts together. */
import { describe, expect, test } from "vitest"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import { documentOf } from "#test/conformance/translation/wires.ts"
import { WireFault } from "../adapter.ts"
import { decodeAnswer, openDecoder } from "./decode-chat.ts"

type Event = { readonly type: string } & Readonly<Record<string, unknown>>

function push(events: readonly Event[]) {
  const decoder = openDecoder()
  const said = events.flatMap((event) =>
    decoder.push({
      kind: "json",
      name: event.type,
      document: documentOf(JSON.stringify(event)),
    }),
  )
  return { said, soFar: decoder.usageSoFar }
}

const start = (usage?: object): Event => ({
  type: "message_start",
  message: { id: "m", model: "c", usage },
})
const end = (usage?: object): Event => ({
  type: "message_delta",
  delta: { stop_reason: "end_turn" },
  usage,
})

function reportIn(events: readonly ResponseEvent[]) {
  return events.findLast((event) => event.kind === "usage-report")?.usage
}

describe("counts of a stream", () => {
  test("what the start told stands where the end does not tell it", () => {
    const { said, soFar } = push([
      start({ input_tokens: 100, cache_read_input_tokens: 40, output_tokens: 1 }),
      end({ output_tokens: 7 }),
    ])
    expect(reportIn(said)).toEqual({ inputTokens: 140, cachedInputTokens: 40, outputTokens: 7 })
    expect(soFar).toEqual(reportIn(said))
  })

  test("the end's stand in their place, but for zeros, as SGLang's", () => {
    const told = { input_tokens: 100, cache_read_input_tokens: 40, output_tokens: 1 }
    const zeros = { input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 7 }
    const want = { inputTokens: 140, cachedInputTokens: 40, outputTokens: 7 }
    expect(reportIn(push([start(told), end(zeros)]).said)).toEqual(want)
    const cached = { input_tokens: 0, cache_read_input_tokens: 130, output_tokens: 0 }
    expect(reportIn(push([start(told), end(cached)]).said)).toEqual({
      inputTokens: 130,
      cachedInputTokens: 130,
      outputTokens: 0,
    })
  })

  test("the end may tell all of it", () => {
    const { said } = push([
      start(),
      end({ input_tokens: 9, cache_creation_input_tokens: 3, output_tokens: 7 }),
    ])
    expect(reportIn(said)).toEqual({
      inputTokens: 12,
      cachedInputTokens: 0,
      cacheWriteTokens: 3,
      outputTokens: 7,
    })
  })

  test("what the start wrote for an hour is no more than what the end wrote in all", () => {
    const hour = { ephemeral_5m_input_tokens: 0, ephemeral_1h_input_tokens: 50 }
    const told = { input_tokens: 9, cache_creation_input_tokens: 50, cache_creation: hour }
    const { said } = push([
      start({ ...told, output_tokens: 1 }),
      end({ cache_creation_input_tokens: 30, output_tokens: 7 }),
    ])
    expect(reportIn(said)).toEqual({
      ...{ inputTokens: 39, cachedInputTokens: 0, outputTokens: 7 },
      ...{ cacheWriteTokens: 30, cacheWrite1hTokens: 30 },
    })
  })

  test("a count that is none makes the report none", () => {
    const { said } = push([
      start({ input_tokens: "9", output_tokens: 1 }),
      end({ output_tokens: 7 }),
    ])
    expect(reportIn(said)).toBeUndefined()
  })
})

describe("events of a stream", () => {
  const choice = 0
  const block = (content_block: object): Event => ({
    type: "content_block_start",
    index: 3,
    content_block,
  })
  const delta = (of: object): Event => ({ type: "content_block_delta", index: 3, delta: of })
  const LINK = {
    type: "web_search_result_location",
    url: "https://a.example",
    title: "T",
    cited_text: "c",
    encrypted_index: "x",
  }
  const PLACE = {
    type: "char_location",
    cited_text: "c",
    document_index: 2,
    document_title: "D",
    start_char_index: 4,
    end_char_index: 5,
  }
  const linked = {
    url: "https://a.example",
    title: "T",
    citedText: "c",
    place: null,
    documentIndex: null,
    documentPlace: null,
  }
  const document = { documentIndex: 2, documentPlace: { start: 4, end: 5 } }
  const placed = { url: null, title: "D", citedText: "c", place: null, ...document }
  const stop = { type: "content_block_stop", index: 3 }

  test.each<[string, Event[], ResponseEvent[]]>([
    ["a ping", [{ type: "ping" }], []],
    ["a start", [start()], [{ kind: "response-start", id: "m", model: "c" }]],
    [
      "a start that names nothing",
      [{ type: "message_start", message: {} }],
      [{ kind: "response-start", id: null, model: null }],
    ],
    [
      "a text that begins with some",
      [block({ type: "text", text: "a" })],
      [{ kind: "text-delta", choice, text: "a" }],
    ],
    ["a text that begins with nothing", [block({ type: "text" })], []],
    ["a thought that begins with nothing", [block({ type: "thinking" })], []],
    ["a delta of nothing", [delta({ type: "input_json_delta" })], []],
    ["a text that begins empty", [block({ type: "text", text: "" })], []],
    [
      "a text",
      [delta({ type: "text_delta", text: "a" })],
      [{ kind: "text-delta", choice, text: "a" }],
    ],
    [
      "a thought that begins with some",
      [block({ type: "thinking", thinking: "a", signature: "s" })],
      [
        { kind: "reasoning-delta", choice, text: "a" },
        { kind: "reasoning-signature", choice, signature: "s" },
      ],
    ],
    ["a thought that begins empty", [block({ type: "thinking", thinking: "", signature: "" })], []],
    [
      "a thought",
      [delta({ type: "thinking_delta", thinking: "a" })],
      [{ kind: "reasoning-delta", choice, text: "a" }],
    ],
    [
      "a signature",
      [delta({ type: "signature_delta", signature: "s" })],
      [{ kind: "reasoning-signature", choice, signature: "s" }],
    ],
    ["an empty signature", [delta({ type: "signature_delta", signature: "" })], []],
    [
      "a hidden thought",
      [block({ type: "redacted_thinking", data: "d" })],
      [{ kind: "reasoning-redacted", choice, data: "d" }],
    ],
    [
      "a citation of the web",
      [delta({ type: "citations_delta", citation: LINK }), stop],
      [{ kind: "citation-add", choice, citation: linked }],
    ],
    [
      "a citation of a document",
      [delta({ type: "citations_delta", citation: PLACE }), stop],
      [{ kind: "citation-add", choice, citation: placed }],
    ],
    [
      "citations of a block, whose text is their place",
      [
        delta({ type: "text_delta", text: "aä" }),
        stop,
        delta({ type: "citations_delta", citation: LINK }),
        delta({ type: "text_delta", text: "🌍" }),
        delta({ type: "citations_delta", citation: PLACE }),
        delta({ type: "text_delta", text: "!" }),
        stop,
      ],
      [
        { kind: "text-delta", choice, text: "aä" },
        { kind: "text-end", choice },
        { kind: "text-delta", choice, text: "🌍" },
        { kind: "text-delta", choice, text: "!" },
        { kind: "citation-add", choice, citation: { ...linked, place: { start: 2, end: 4 } } },
        { kind: "citation-add", choice, citation: { ...placed, place: { start: 2, end: 4 } } },
        { kind: "text-end", choice },
      ],
    ],
    [
      "a hosted tool's block",
      [
        block({ type: "server_tool_use", id: "s", name: "web_search", input: {} }),
        delta({ type: "input_json_delta", partial_json: '{"q"' }),
        { type: "content_block_stop", index: 3 },
      ],
      [],
    ],
    [
      "a call without arguments",
      [
        block({ type: "tool_use", id: "t", name: "f", input: {} }),
        delta({ type: "input_json_delta", partial_json: "" }),
        { type: "content_block_stop", index: 3 },
      ],
      [
        { kind: "tool-call-start", choice, call: 0, id: "t", name: "f", signature: null },
        { kind: "tool-call-delta", choice, call: 0, arguments: "{}" },
      ],
    ],
    [
      "a call whose start holds its arguments",
      [
        block({ type: "tool_use", id: "t", name: "f", input: { x: 1 } }),
        { type: "content_block_stop", index: 3 },
      ],
      [
        { kind: "tool-call-start", choice, call: 0, id: "t", name: "f", signature: null },
        { kind: "tool-call-delta", choice, call: 0, arguments: '{"x":1}' },
      ],
    ],
    [
      "a call in a block without an index, which is the first",
      [
        { type: "content_block_start", content_block: { type: "tool_use", id: "t", name: "f" } },
        {
          type: "content_block_delta",
          delta: { type: "input_json_delta", partial_json: "{}" },
        },
        { type: "content_block_stop" },
      ],
      [
        { kind: "tool-call-start", choice, call: 0, id: "t", name: "f", signature: null },
        { kind: "tool-call-delta", choice, call: 0, arguments: "{}" },
      ],
    ],
    [
      "an end at a stop sequence",
      [{ type: "message_delta", delta: { stop_reason: "stop_sequence", stop_sequence: "END" } }],
      [{ kind: "choice-end", choice, reason: "stop-sequence", stopSequence: "END" }],
    ],
    ["the stop", [{ type: "message_stop" }], [{ kind: "response-end" }]],
    [
      "pieces without what they are to hold",
      [
        { type: "content_block_start", index: 3 },
        { type: "content_block_delta", index: 3 },
        delta({ type: "citations_delta" }),
        delta({ type: "input_json_delta", partial_json: "{}" }),
        { type: "content_block_stop", index: 3 },
        { type: "message_delta" },
        { type: "message_delta", delta: { stop_reason: null } },
      ],
      [],
    ],
  ])("%s", (_case, events, want) => {
    expect(push(events).said).toEqual(want)
  })

  test("a start without a message is no event of this wire", () => {
    expect(() => push([{ type: "message_start" }])).toThrow(WireFault)
  })

  test("calls are told apart by their blocks", () => {
    const call = (index: number, id: string): Event => ({
      type: "content_block_start",
      index,
      content_block: { type: "tool_use", id, name: "f", input: {} },
    })
    const grow = (index: number, partial_json: string): Event => ({
      type: "content_block_delta",
      index,
      delta: { type: "input_json_delta", partial_json },
    })
    const { said } = push([call(1, "a"), call(4, "b"), grow(4, "{}"), grow(1, '{"x":1}')])
    expect(said.slice(2)).toEqual([
      { kind: "tool-call-delta", choice, call: 1, arguments: "{}" },
      { kind: "tool-call-delta", choice, call: 0, arguments: '{"x":1}' },
    ])
  })

  test("a close is no end", () => {
    expect(openDecoder().finish()).toEqual([])
  })
})

test.each([
  ["no object", [], "it is not a JSON object"],
  [
    "an error",
    { type: "error", error: { type: "api_error", message: "m" } },
    "it is an error with status 200",
  ],
  ["no content", { id: "m" }, "it has no content"],
  ["content that is no list", { id: "m", content: "Hi" }, "it has no content"],
])("%s is no answer", (_case, answer, fault) => {
  expect(decodeAnswer(documentOf(JSON.stringify(answer)))).toEqual({ ok: false, fault })
})

/** "Refusals and fallback", how refusals are billed. */
describe("a refusal", () => {
  const usage = { input_tokens: 106, output_tokens: 1 }
  const counted = { inputTokens: 106, cachedInputTokens: 0, outputTokens: 1 }
  const whole = (content: readonly object[], details: unknown) =>
    decodeAnswer(
      documentOf(JSON.stringify({ content, stop_reason: "refusal", stop_details: details, usage })),
    )
  const streamed = (content: readonly object[], details: unknown) =>
    push([
      start(usage),
      ...content.map((content_block, index) => ({
        ...{ type: "content_block_start", index, content_block },
      })),
      { type: "message_delta", delta: { stop_reason: "refusal", stop_details: details }, usage },
    ]).said
  const text = { type: "text", text: "I" }

  test.each<[string, readonly object[], unknown, object | undefined]>([
    ["of cyber before any output is free", [], { category: "cyber" }, { billing: "none" }],
    ["of no category before any output is free", [], { category: null }, { billing: "none" }],
    ["of which nothing is told is free", [], null, { billing: "none" }],
    ["of bio is billed", [], { category: "bio" }, undefined],
    ["of frontier_llm is billed", [], { category: "frontier_llm" }, undefined],
    ["of reasoning_extraction is billed", [], { category: "reasoning_extraction" }, undefined],
    ["amid the output is billed", [text], { category: "cyber" }, undefined],
  ])("%s", (_name, content, details, terms) => {
    const want = terms === undefined ? counted : { ...counted, terms }
    const answer = whole(content, details)
    expect(answer.ok && reportIn(answer.events)).toEqual(want)
    expect(reportIn(streamed(content, details))).toEqual(want)
  })
})
