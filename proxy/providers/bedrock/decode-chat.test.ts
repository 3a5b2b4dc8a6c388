/** Events of ConverseStream and blocks of Converse one by one: what each gives. */
import { describe, expect, test } from "vitest"
import type { Citation, ResponseEvent } from "#proxy/exchange/response-event.ts"
import { documentOf } from "#test/conformance/translation/wires.ts"
import { decodeAnswer, openDecoder, readError } from "./decode-chat.ts"

type Event = readonly [name: string, body: object]

const choice = 0

function push(...events: readonly Event[]) {
  const decoder = openDecoder()
  const said = events.flatMap(([name, body]) =>
    decoder.push({ kind: "json", name, document: documentOf(JSON.stringify(body)) }),
  )
  return { said, end: decoder.finish() }
}

function blocksOf(...content: readonly object[]): readonly ResponseEvent[] {
  const text = JSON.stringify({ output: { message: { content } }, stopReason: "end_turn" })
  const decoded = decodeAnswer(documentOf(text))
  if (!decoded.ok) throw new Error(decoded.fault)
  return decoded.events.slice(1, -2)
}

const delta = (of: object): Event => ["contentBlockDelta", { contentBlockIndex: 3, delta: of }]
const STOP: Event = ["contentBlockStop", { contentBlockIndex: 3 }]
const begin = (toolUse: object): Event => [
  "contentBlockStart",
  { contentBlockIndex: 3, start: { toolUse } },
]
const BEGUN: ResponseEvent = {
  kind: "tool-call-start",
  choice,
  call: 0,
  id: "t",
  name: "f",
  signature: null,
}
const grown = (text: string): ResponseEvent => ({
  kind: "tool-call-delta",
  choice,
  call: 0,
  arguments: text,
})
const WEB = { title: "T", location: { web: { url: "https://a.example", domain: "a.example" } } }
const DOCUMENT = {
  title: "D",
  sourceContent: [{ text: "c" }],
  location: { documentChar: { documentIndex: 2, start: 4, end: 5 } },
}
const NONE: Citation = {
  url: null,
  title: null,
  citedText: null,
  place: null,
  documentIndex: null,
  documentPlace: null,
}
const cited = (citation: Partial<Citation>): ResponseEvent => ({
  kind: "citation-add",
  choice,
  citation: { ...NONE, ...citation },
})
const web = cited({ url: "https://a.example", title: "T" })
const IN_DOCUMENT = { documentIndex: 2, documentPlace: { start: 4, end: 5 } }
const placed = cited({ title: "D", citedText: "c", ...IN_DOCUMENT })
const TEXT_END: ResponseEvent = { kind: "text-end", choice }
const IN_ANSWER = { start: 0, end: 1 }

describe("events of a stream", () => {
  test.each<[string, Event[], ResponseEvent[]]>([
    [
      "the start",
      [["messageStart", { role: "assistant" }]],
      [{ kind: "response-start", id: null, model: null }],
    ],
    ["a text", [delta({ text: "a" })], [{ kind: "text-delta", choice, text: "a" }]],
    ["an empty text", [delta({ text: "" })], []],
    [
      "a thought",
      [delta({ reasoningContent: { text: "a" } })],
      [{ kind: "reasoning-delta", choice, text: "a" }],
    ],
    [
      "a signature",
      [delta({ reasoningContent: { signature: "s" } })],
      [{ kind: "reasoning-signature", choice, signature: "s" }],
    ],
    ["an empty signature", [delta({ reasoningContent: { signature: "" } })], []],
    [
      "a hidden thought",
      [delta({ reasoningContent: { redactedContent: "d" } })],
      [{ kind: "reasoning-redacted", choice, data: "d" }],
    ],
    ["a citation of the web", [delta({ citation: WEB }), STOP], [web]],
    ["a citation of a document", [delta({ citation: DOCUMENT }), STOP], [placed]],
    [
      "a citation of a block, whose text is its place",
      [delta({ text: "a" }), STOP, delta({ citation: WEB }), delta({ text: "ä🌍" }), STOP],
      [
        { kind: "text-delta", choice, text: "a" },
        TEXT_END,
        { kind: "text-delta", choice, text: "ä🌍" },
        cited({ url: "https://a.example", title: "T", place: { start: 1, end: 3 } }),
        TEXT_END,
      ],
    ],
    [
      "a call in pieces",
      [
        begin({ toolUseId: "t", name: "f" }),
        delta({ toolUse: { input: '{"x"' } }),
        delta({ toolUse: { input: ":1}" } }),
        STOP,
      ],
      [BEGUN, grown('{"x"'), grown(":1}")],
    ],
    [
      "a call without arguments",
      [begin({ toolUseId: "t", name: "f" }), delta({ toolUse: { input: "" } }), STOP],
      [BEGUN, grown("{}")],
    ],
    [
      "a call in a block without an index, which is the first",
      [
        ["contentBlockStart", { start: { toolUse: { toolUseId: "t", name: "f" } } }],
        ["contentBlockDelta", { delta: { toolUse: { input: '{"x":1}' } } }],
        ["contentBlockStop", {}],
      ],
      [BEGUN, grown('{"x":1}')],
    ],
    ["arguments of no call", [delta({ toolUse: { input: "{}" } }), STOP], []],
    ["a block that is no call", [["contentBlockStart", { contentBlockIndex: 3, start: {} }]], []],
    ["a delta of nothing", [["contentBlockDelta", { contentBlockIndex: 3 }]], []],
    ["an event that is new", [["zzNew", {}]], []],
    [
      "an exception",
      [["!throttlingException", { message: "m" }]],
      [{ kind: "response-error", name: "throttlingException" }],
    ],
  ])("%s", (_case, events, want) => {
    expect(push(...events).said).toEqual(want)
  })

  test.each([
    ["Claude's", { stop_sequence: "END" }, "END"],
    ["Claude's of a stream", { delta: { stop_sequence: "END" } }, "END"],
    ["none", undefined, null],
  ])("the stop sequence is %s", (_case, additionalModelResponseFields, stopSequence) => {
    const stop = { stopReason: "stop_sequence", additionalModelResponseFields }
    expect(push(["messageStop", stop]).said).toEqual([
      { kind: "choice-end", choice, reason: "stop-sequence", stopSequence },
    ])
  })

  test("the metadata are the end, and a close behind the stop is one without them", () => {
    const stop: Event = ["messageStop", { stopReason: "end_turn" }]
    const usage = { inputTokens: 2, outputTokens: 3, cacheReadInputTokens: 4 }
    const whole = push(stop, ["metadata", { usage }])
    expect(whole.said.slice(1)).toEqual([
      { kind: "usage-report", usage: { inputTokens: 6, cachedInputTokens: 4, outputTokens: 3 } },
      { kind: "response-end" },
    ])
    expect(whole.end).toEqual([])
    expect(push(stop).end).toEqual([{ kind: "response-end" }])
    expect(push().end).toEqual([])
  })
})

describe("blocks of a whole answer", () => {
  test.each<[string, object[], ResponseEvent[]]>([
    ["a text", [{ text: "a" }], [{ kind: "text-delta", choice, text: "a" }, TEXT_END]],
    [
      "a signed thought",
      [{ reasoningContent: { reasoningText: { text: "a", signature: "s" } } }],
      [
        { kind: "reasoning-delta", choice, text: "a" },
        { kind: "reasoning-signature", choice, signature: "s" },
      ],
    ],
    [
      "a call",
      [{ toolUse: { toolUseId: "t", name: "f", input: { x: 1 } } }],
      [BEGUN, grown('{"x":1}')],
    ],
    ["a call without an input", [{ toolUse: { toolUseId: "t", name: "f" } }], [BEGUN, grown("{}")]],
    [
      "a cited text",
      [{ citationsContent: { content: [{ text: "a" }], citations: [WEB, DOCUMENT] } }],
      [
        { kind: "text-delta", choice, text: "a" },
        cited({ url: "https://a.example", title: "T", place: IN_ANSWER }),
        cited({ title: "D", citedText: "c", place: IN_ANSWER, ...IN_DOCUMENT }),
        TEXT_END,
      ],
    ],
    [
      "a text that cites what a search found",
      [
        {
          citationsContent: {
            content: [{ text: "a" }],
            citations: [
              { location: { searchResultLocation: { searchResultIndex: 2, start: 1, end: 3 } } },
              { source: "https://a.example", location: { searchResultLocation: { end: 0 } } },
            ],
          },
        },
      ],
      [
        { kind: "text-delta", choice, text: "a" },
        cited({
          found: { index: 2, source: null, texts: { start: 1, end: 3 } },
          place: IN_ANSWER,
        }),
        cited({
          found: { index: 0, source: "https://a.example", texts: { start: 0, end: 1 } },
          url: "https://a.example",
          place: IN_ANSWER,
        }),
        TEXT_END,
      ],
    ],
  ])("%s", (_case, content, want) => {
    expect(blocksOf(...content)).toEqual(want)
  })

  test("calls are counted", () => {
    const use = (toolUseId: string) => ({ toolUse: { toolUseId, name: "f", input: {} } })
    const calls = blocksOf(use("a"), { text: "x" }, use("b")).flatMap((event) =>
      event.kind === "tool-call-start" || event.kind === "tool-call-delta" ? [event.call] : [],
    )
    expect(calls).toEqual([0, 0, 1, 1])
  })

  test("an answer without a message is none", () => {
    const fault = "it has no output message"
    expect(decodeAnswer(documentOf("{}"))).toEqual({ ok: false, fault })
    const text = '{"output":{"message":{"content":"a"}}}'
    expect(decodeAnswer(documentOf(text))).toEqual({ ok: false, fault })
  })
})

test.each(["message", "Message"])("an error's words are its %s", (name) => {
  const error = readError(documentOf(JSON.stringify({ [name]: "Too long" })), (text) => text)
  expect(error).toEqual({ message: "Too long", type: null, param: null, code: null })
  expect(readError(documentOf("{}"), (text) => text)).toBeUndefined()
})
