import { describe, expect, test } from "vitest"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import { documentOf } from "#test/conformance/translation/wires.ts"
import { decodeAnswer, openDecoder } from "./decode-chat.ts"

test("a citation is told of each of its sources; those of plans and thoughts are not", () => {
  const place = { start: 1, end: 3, text: "bc" }
  const sources = [
    { type: "document", id: "1", document: { title: "A", url: "https://a.example" } },
    { type: "tool", id: "2", tool_output: { title: "B" } },
  ]
  const message = {
    content: [{ type: "text", text: "abc" }],
    citations: [
      { ...place, sources },
      { ...place, sources, type: "PLAN" },
      { ...place, sources: [], type: "TEXT_CONTENT" },
    ],
  }
  const text = JSON.stringify({ id: "1", message, finish_reason: "COMPLETE" })
  const decoded = decodeAnswer(documentOf(text))
  if (!decoded.ok) throw new Error(decoded.fault)
  const cited = decoded.events.flatMap((event) =>
    event.kind === "citation-add" ? [event.citation] : [],
  )
  const said = {
    ...{ citedText: null, place: { start: 1, end: 3 } },
    ...{ documentIndex: null, documentPlace: null },
  }
  expect(cited).toEqual([
    { ...said, url: "https://a.example", title: "A" },
    { ...said, url: null, title: "B" },
    { ...said, url: null, title: null },
  ])
})

test.each([
  ["of a stream", true],
  ["of a whole answer", false],
])(
  "places %s count code points of the block that is named, thoughts being no text",
  (_of, streams) => {
    const blocks = [
      { type: "text", text: "ä🌍" },
      { type: "thinking", thinking: "hm" },
      { type: "text", text: "Paris" },
    ]
    const citations = [
      { start: 1, end: 2, content_index: 0 },
      { start: 0, end: 5, content_index: 2 },
      { start: 1, end: 2 },
    ]
    const events = [
      ...blocks.map((of, index) => ({ ...content("content-start", of), index })),
      ...citations.map((of) => message("citation-start", { citations: of })),
    ]
    const whole = { id: "1", message: { content: blocks, citations }, finish_reason: "COMPLETE" }
    const decoded = decodeAnswer(documentOf(JSON.stringify(whole)))
    if (!decoded.ok) throw new Error(decoded.fault)
    const said = streams ? push(...events).said : decoded.events
    expect(
      said.flatMap((event) => (event.kind === "citation-add" ? [event.citation.place] : [])),
    ).toEqual([
      { start: 1, end: 2 },
      { start: 2, end: 7 },
      { start: 1, end: 2 },
    ])
  },
)

const choice = 0

type Event = { readonly type: string; readonly delta?: object } & Readonly<Record<string, unknown>>

function push(...events: readonly Event[]) {
  const decoder = openDecoder()
  const said = events.flatMap((event) => {
    const document = documentOf(JSON.stringify(event))
    return decoder.push({ kind: "json", name: null, document })
  })
  return { said, end: decoder.finish() }
}

const message = (type: string, said: object): Event => ({ type, delta: { message: said } })
const content = (type: string, of: object) => message(type, { content: of })
const call = (type: string, of: object) => message(type, { tool_calls: of })
const begun = (number: number, id: string): ResponseEvent => ({
  kind: "tool-call-start",
  choice,
  call: number,
  id,
  name: "f",
  signature: null,
})
const grown = (number: number, text: string): ResponseEvent => ({
  kind: "tool-call-delta",
  choice,
  call: number,
  arguments: text,
})

describe("events of a stream", () => {
  test.each<[string, Event[], ResponseEvent[]]>([
    [
      "the start",
      [{ type: "message-start", id: "m" }],
      [{ kind: "response-start", id: "m", model: null }],
    ],
    [
      "a text that begins with some",
      [content("content-start", { type: "text", text: "a" })],
      [{ kind: "text-delta", choice, text: "a" }],
    ],
    ["a text that begins empty", [content("content-start", { type: "text", text: "" })], []],
    [
      "a text",
      [content("content-delta", { text: "a" })],
      [{ kind: "text-delta", choice, text: "a" }],
    ],
    [
      "a thought",
      [content("content-delta", { thinking: "a" })],
      [{ kind: "reasoning-delta", choice, text: "a" }],
    ],
    [
      "a plan",
      [message("tool-plan-delta", { tool_plan: "a" })],
      [{ kind: "reasoning-delta", choice, text: "a" }],
    ],
    [
      "calls one after the other",
      [
        call("tool-call-start", { id: "a", function: { name: "f", arguments: "" } }),
        call("tool-call-delta", { function: { arguments: '{"x":1}' } }),
        { type: "tool-call-end" },
        call("tool-call-start", { id: "b", function: { name: "f", arguments: "" } }),
        { type: "tool-call-end" },
      ],
      [begun(0, "a"), grown(0, '{"x":1}'), begun(1, "b"), grown(1, "{}")],
    ],
    [
      "a call whose start holds its arguments",
      [call("tool-call-start", { id: "a", function: { name: "f", arguments: "{}" } })],
      [begun(0, "a"), grown(0, "{}")],
    ],
    [
      "a call without arguments, whose pieces hold none",
      [
        call("tool-call-start", { id: "a", function: { name: "f" } }),
        call("tool-call-delta", {}),
        { type: "tool-call-end" },
      ],
      [begun(0, "a"), grown(0, "{}")],
    ],
    ["arguments of no call", [call("tool-call-delta", { function: { arguments: "{}" } })], []],
    [
      "events without what they are to hold",
      [{ type: "content-delta" }, { type: "tool-call-start" }, { type: "citation-start" }],
      [],
    ],
    [
      "an end with an error",
      [{ type: "message-end", delta: { error: "m", finish_reason: "ERROR" } }],
      [{ kind: "response-error", name: null }],
    ],
    [
      "an end without a reason",
      [{ type: "message-end" }],
      [{ kind: "response-error", name: null }],
    ],
    [
      "the end",
      [
        {
          type: "message-end",
          delta: {
            finish_reason: "COMPLETE",
            usage: { billed_units: { input_tokens: 3, output_tokens: 4 }, cached_tokens: 2 },
          },
        },
      ],
      [
        { kind: "choice-end", choice, reason: "stop", stopSequence: null },
        { kind: "usage-report", usage: { inputTokens: 3, cachedInputTokens: 2, outputTokens: 4 } },
        { kind: "response-end" },
      ],
    ],
  ])("%s", (_case, events, want) => {
    const { said, end } = push(...events)
    expect(said).toEqual(want)
    expect(end).toEqual([])
  })
})

test("parts of a whole answer, in the order in which they come", () => {
  const answer = {
    id: "m",
    message: {
      content: [
        { type: "thinking", thinking: "a" },
        { type: "text", text: "b" },
      ],
      tool_plan: "c",
      tool_calls: [{ id: "a", function: { name: "f", arguments: '{"x":1}' } }],
    },
    finish_reason: "TOOL_CALL",
    usage: { tokens: { input_tokens: 9, output_tokens: 8 } },
  }
  expect(decodeAnswer(documentOf(JSON.stringify(answer)))).toEqual({
    ok: true,
    events: [
      { kind: "response-start", id: "m", model: null },
      { kind: "reasoning-delta", choice, text: "a" },
      { kind: "text-delta", choice, text: "b" },
      { kind: "reasoning-delta", choice, text: "c" },
      begun(0, "a"),
      grown(0, '{"x":1}'),
      { kind: "choice-end", choice, reason: "tool-calls", stopSequence: null },
      { kind: "usage-report", usage: { inputTokens: 9, cachedInputTokens: 0, outputTokens: 8 } },
      { kind: "response-end" },
    ],
  })
})

test("an answer without a message is none", () => {
  const want = { ok: false, fault: "it has no message" }
  expect(decodeAnswer(documentOf('{"id":"m"}'))).toEqual(want)
})
