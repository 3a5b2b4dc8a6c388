/** Calls as vendors of OpenAI's shape stream them. Each case is the pieces of a reported stream. */
import { describe, expect, test } from "vitest"
import { collectAnswer } from "#proxy/exchange/chat-answer.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import { documentOf } from "#test/conformance/translation/wires.ts"
import { openDecoder } from "./decode-chat.ts"

type Piece = readonly [index: number | null, id: string | null, name: string | null, text?: string]

function pieceOf([index, id, name, text]: Piece): object {
  return {
    ...(index === null ? {} : { index }),
    ...(id === null ? {} : { id }),
    function: {
      ...(name === null ? {} : { name }),
      ...(text === undefined ? {} : { arguments: text }),
    },
  }
}

/** One chunk for each list of pieces. */
function stream(chunks: readonly (readonly Piece[])[], finish_reason: string | null = null) {
  const decoder = openDecoder()
  const choices = [
    ...chunks.map((pieces) => ({ delta: { tool_calls: pieces.map(pieceOf) }, finish_reason })),
    { delta: {}, finish_reason: "tool_calls" },
  ]
  return choices.flatMap((choice): readonly ResponseEvent[] => {
    const text = JSON.stringify({ id: "chatcmpl-9", choices: [{ index: 0, ...choice }] })
    return decoder.push({ kind: "json", name: null, document: documentOf(text) })
  })
}

function callsOf(events: readonly ResponseEvent[]) {
  const parts = collectAnswer(events).choices[0]?.parts ?? []
  return parts.flatMap((part) =>
    part.kind === "tool-call" ? [[part.id, part.name, part.arguments]] : [],
  )
}

const BOTH = [
  ["a", "read", '{"p":1}'],
  ["b", "read", '{"p":2}'],
]
const MADE = [
  ["call_chatcmpl-9_0_0", "read", '{"p":1}'],
  ["call_chatcmpl-9_0_1", "read", '{"p":2}'],
]

describe("two calls", () => {
  test.each<[string, Piece[][], string[][]]>([
    [
      "as OpenAI numbers them, their pieces mixed",
      [
        [[0, "a", "read", ""]],
        [[1, "b", "read", ""]],
        [
          [1, null, null, '{"p":'],
          [0, null, null, '{"p":'],
        ],
        [[0, null, null, "1}"]],
        [[1, null, null, "2}"]],
      ],
      BOTH,
    ],
    [
      "of one index, as Ollama's",
      [[[0, "a", "read", '{"p":1}']], [[0, "b", "read", '{"p":2}']]],
      BOTH,
    ],
    [
      "of one index and empty ids, as Gemini's endpoint of this shape",
      [[[0, "", "read", '{"p":1}']], [[0, "", "read", '{"p":2}']]],
      MADE,
    ],
    [
      "numbered, and without ids",
      [[[0, null, "read", '{"p":1}']], [[1, null, "read", '{"p":2}']]],
      MADE,
    ],
    [
      "of one index, the second alone with an id",
      [[[0, "", "read", '{"p":1}']], [[0, "b", "read", '{"p":2}']]],
      [
        ["call_chatcmpl-9_0_0", "read", '{"p":1}'],
        ["b", "read", '{"p":2}'],
      ],
    ],
    [
      "of neither index nor id",
      [[[null, null, "read", '{"p":1}']], [[null, null, "read", '{"p":2}']]],
      MADE,
    ],
    [
      "without an index, the arguments in pieces",
      [
        [[null, "a", "read", ""]],
        [[null, null, null, '{"p":1}']],
        [[null, "b", "read", ""]],
        [[null, null, null, '{"p":2}']],
      ],
      BOTH,
    ],
    [
      "the second begun under the first's index, and gone on with under its own",
      [[[0, "a", "read", '{"p":1}']], [[0, "b", "read", '{"p"']], [[1, null, null, ":2}"]]],
      BOTH,
    ],
    [
      "numbered from 1, as a translated item's place",
      [[[1, "a", "read", '{"p":1}']], [[2, "b", "read", '{"p":2}']]],
      BOTH,
    ],
  ])("%s", (_case, chunks, want) => {
    expect(callsOf(stream(chunks))).toEqual(want)
  })
})

describe("one call", () => {
  const ONE = [["a", "read", '{"p":1}']]
  test.each<[string, Piece[][]]>([
    [
      "with the last piece under another index, as Nebius's gpt-oss",
      [[[0, "a", "read", ""]], [[0, null, null, '{"p"']], [[1, null, null, ":1}"]]],
    ],
    [
      "named behind its first arguments, as SGLang's",
      [[[0, "a", null, '{"p"']], [[0, null, "read", ":1}"]]],
    ],
    [
      "named empty at first, as vLLM's Command A",
      [[[0, "a", "", ""]], [[0, "a", "read", '{"p":1}']]],
    ],
    ["named empty behind", [[[0, "a", "read", ""]], [[0, "", "", '{"p":1}']]]],
    [
      "named with every piece, as vLLM's Qwen",
      [
        [[0, "a", "read", '{"p":']],
        [[0, null, "read", "1"]],
        [[0, null, "read", "}"]],
        [[0, null, "read", ""]],
      ],
    ],
    [
      "told its id and name with every piece",
      [[[0, "a", "read", '{"p":']], [[0, "a", "read", "1}"]]],
    ],
  ])("%s", (_case, chunks) => {
    expect(callsOf(stream(chunks))).toEqual(ONE)
  })

  test("its start is told once, when it has a name", () => {
    const events = stream([[[0, "a", null, '{"p"']], [[0, null, "read", ":1}"]]])
    expect(events.map(({ kind }) => kind)).toEqual([
      "response-start",
      "tool-call-start",
      "tool-call-delta",
      "tool-call-delta",
      "choice-end",
    ])
  })

  test("one whose id comes behind its name keeps the one that it was made", () => {
    const chunks: Piece[][] = [[[0, null, "read", ""]], [[0, "a", "read", '{"p":1}']]]
    expect(callsOf(stream(chunks))).toEqual([["call_chatcmpl-9_0_0", "read", '{"p":1}']])
  })

  test("an empty object is told once, however often the choice ends", () => {
    const events = stream([[[0, "a", "read", ""]], []], "tool_calls")
    expect(callsOf(events)).toEqual([["a", "read", "{}"]])
  })

  test("one that never gets a name is told all the same", () => {
    expect(callsOf(stream([[[0, "a", null, '{"p":1}']]]))).toEqual([["a", "", '{"p":1}']])
  })

  test.each(["", "null"])("a reason of %j ends nothing, as SGLang's and KoboldCpp's", (reason) => {
    const chunks: Piece[][] = [[[0, "a", "read", ""]], [[0, null, null, '{"p"']]]
    const events = stream([...chunks, [[0, null, null, ":1}"]]], reason)
    expect(callsOf(events)).toEqual(ONE)
    expect(events.filter(({ kind }) => kind === "choice-end")).toHaveLength(1)
  })
})
