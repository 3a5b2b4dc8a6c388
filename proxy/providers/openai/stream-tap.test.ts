import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { StreamTap } from "../adapter.ts"
import { isSuspect } from "./find-suspect.ts"
import { openTap } from "./stream-tap.ts"

const OPTIONS = { wantsUsage: false, eventBytesMax: 4096, preambleBytesMax: 2048 }
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const event = (body: unknown, end = "\n\n"): string => `data: ${JSON.stringify(body)}${end}`
const delta = (fields: unknown, end = "\n\n"): string =>
  event({ choices: [{ index: 0, delta: fields, finish_reason: null }], usage: null }, end)
/** Of a server that writes the end of a choice that goes on as a text. */
const goesOn = (finish_reason: string, fields: unknown): string =>
  event({ choices: [{ index: 0, delta: fields, finish_reason }] })
const ROLE = delta({ role: "assistant", content: "" })
const FINISH = event({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })
const USAGE = { prompt_tokens: 9, completion_tokens: 4 }
const REPORT = event({ choices: [], usage: USAGE })
const DONE = "data: [DONE]\n\n"
const TRICKY = delta({ content: '"usage": {"prompt_tokens": 1} data: [DONE]\n\n "error" 漢😀' })
const CRLF = delta({ content: "crlf" }, "\r\n\r\n")

function run(chunks: readonly Uint8Array[], options = OPTIONS): { tap: StreamTap; out: string } {
  const tap = openTap(options)
  const parts: number[] = []
  for (const chunk of chunks) {
    const forward = tap.push(chunk)
    if (forward !== null) parts.push(...forward)
  }
  return { tap, out: new TextDecoder().decode(Uint8Array.from(parts)) }
}

const one = (text: string, options = OPTIONS) => run([encode(text)], options)

/** Cuts at the given offsets. */
function cut(bytes: Uint8Array, at: readonly number[]): Uint8Array[] {
  const points = [...new Set(at.map((point) => point % (bytes.length + 1)))].sort((a, b) => a - b)
  const chunks: Uint8Array[] = []
  let from = 0
  for (const point of [...points, bytes.length]) {
    chunks.push(bytes.slice(from, point))
    from = point
  }
  return chunks
}

test("whatever the split, the same bytes go on and the same usage and end are seen", () => {
  const named = 'event: message\ndata: {"choices":[{"delta":{"content":"x"}}]}\n\n'
  const words = `${TRICKY}: ping\n\n${CRLF}${delta({ content: "é漢😀" })}${named}`
  const text = `: hello\n\n${ROLE}${words}${FINISH}${REPORT}${DONE}`
  const bytes = encode(text)
  const visible = text.replace(": hello\n\n", "").replace(REPORT, "")
  fc.assert(
    fc.property(fc.array(fc.nat()), (points) => {
      const { tap, out } = run(cut(bytes, points))
      expect(out).toBe(visible)
      expect(tap.usage).toEqual({ inputTokens: 9, cachedInputTokens: 0, outputTokens: 4 })
      expect(tap.end).toEqual({ kind: "done" })
    }),
    { numRuns: 200 },
  )
  const bytewise = run(cut(bytes, Array.from(bytes.keys())))
  expect(bytewise.out).toBe(visible)
})

test("the end may have spaces behind it, as some servers write it", () => {
  const { tap, out } = one(`${delta({ content: "x" })}data: [DONE] \n\n`)
  expect(tap.end).toEqual({ kind: "done" })
  expect(out).toBe(`${delta({ content: "x" })}data: [DONE] \n\n`)
})

test("an emoji that a server splits over two events passes", () => {
  const text = delta({ content: "\ud83d" }) + delta({ content: "\ude00" }) + REPORT + DONE
  expect(text).toContain("\\ud83d")
  const { tap, out } = one(text)
  expect(tap.end).toEqual({ kind: "done" })
  expect(out).toBe(text.replace(REPORT, ""))
})

test("a stream cut at any byte never looks complete, and only whole events went on", () => {
  const text = ROLE + delta({ content: "a" }) + FINISH + REPORT + DONE
  const bytes = encode(text)
  for (let length = 0; length < bytes.length - 1; length++) {
    const { tap, out } = run([bytes.slice(0, length)])
    expect(tap.end).toBeNull()
    expect(out === "" || out.endsWith("\n\n")).toBe(true)
    expect(text.startsWith(out)).toBe(true)
  }
})

test.each([
  ["after the finish reason", FINISH, "done"],
  ["after a report behind it", FINISH + REPORT, "done"],
  [
    "after a finish reason with the last text",
    `data: ${JSON.stringify({ choices: [{ delta: { content: "z" }, finish_reason: "stop" }] })}\n\n`,
    "done",
  ],
  ["after a text", delta({ content: "b" }), undefined],
  ["after a reason that is none", goesOn("", { content: "b" }), undefined],
  ["after a null in letters", goesOn("null", { content: "b" }), undefined],
  ["in the middle of an event", FINISH + DONE.slice(0, 9), "done"],
  ["in the middle of the finish reason", FINISH.slice(0, -1), undefined],
])("a close without [DONE] %s", (_case, last, kind) => {
  const { tap } = one(ROLE + delta({ content: "a" }) + last)
  tap.finish()
  expect(tap.end?.kind).toBe(kind)
})

const PREAMBLES = [
  ["a role", ROLE, false],
  ["a role and an empty text", delta({ role: "assistant", content: "", refusal: null }), false],
  ["filter results without choices", event({ choices: [], prompt_filter_results: [] }), false],
  ["a comment", ": ping\n\n", false],
  ["a reason that is none", goesOn("", { role: "assistant" }), false],
  ["a null in letters", goesOn("null", { role: "assistant" }), false],
  ["text", delta({ content: "a" }), true],
  ["a refusal", delta({ refusal: "no" }), true],
  ["a tool call", delta({ tool_calls: [{ index: 0 }] }), true],
  ["an empty list of tool calls", delta({ tool_calls: [] }), false],
  ["reasoning of a vendor", delta({ reasoning_content: "hm" }), true],
  ["a finish reason", FINISH, true],
  ["the end", DONE, true],
] as const

test.each(PREAMBLES)("%s is told apart from content", (_name, text, isContent) => {
  const { tap, out } = one(text)
  expect(tap.hasContent).toBe(isContent)
  expect(out !== "").toBe(isContent)
})

describe("usage", () => {
  const CONTENT = delta({ content: "a" })
  const read = (...reports: unknown[]) =>
    one(CONTENT + reports.map((usage) => event({ choices: [], usage })).join("")).tap.usage

  test("the last report wins, also when it is smaller", () => {
    expect(read({ prompt_tokens: 9, completion_tokens: 9 }, USAGE)).toMatchObject({
      outputTokens: 4,
    })
  })

  test.each([
    ["negative", { prompt_tokens: -9, completion_tokens: 4 }],
    ["text", { prompt_tokens: "9", completion_tokens: 4 }],
    ["empty", {}],
  ])("a report that is %s does not replace a good one", (_name, bad) => {
    expect(read(USAGE, bad)).toMatchObject({ inputTokens: 9 })
  })

  test("zeros in every event take nothing back of a report", () => {
    const zeros = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
    const empty = event({ choices: [{ index: 0, delta: { content: "z" } }], usage: zeros })
    expect(one(empty).tap.usage).toBeUndefined()
    const told = event({ choices: [{ index: 0, delta: {} }], usage: USAGE })
    expect(one(empty + told + empty + DONE).tap.usage).toMatchObject({ outputTokens: 4 })
  })

  test("a report beside content goes on, since the content must", () => {
    const both = event({ choices: [{ index: 0, delta: { content: "z" } }], usage: USAGE })
    const { tap, out } = one(CONTENT + both + DONE)
    expect(out).toBe(CONTENT + both + DONE)
    expect(tap.usage).toMatchObject({ outputTokens: 4 })
  })

  test("without a report the tokens seen are counted by size", () => {
    const { tap } = one(
      ROLE + delta({ content: "x".repeat(40) }) + delta({ content: "y".repeat(40) }),
    )
    expect([tap.tokensSeen(4), tap.tokensSeen(2.7)]).toEqual([20, 30])
    expect(tap.contentEvents).toBe(2)
  })
})

test.each([
  ['{"usage":{}}', true],
  ['{"usage" : {}}', true],
  ['{"usage":null}', false],
  ['{"usage" : null}', false],
  ['{"usage":null,"error":1}', true],
  ['{"error":1,"usage":null}', true],
  ['{"x":"error"}', true],
  ['{"usages":1,"user":"age"}', false],
  ['""usage"":1', true],
  ['"usage', false],
])("%s is looked into: %s", (text, want) => {
  for (const before of ["", "a", "ab", "abc", '"""', "usage", '{"us']) {
    const bytes = encode(before + text)
    expect(isSuspect(bytes, 0, bytes.length)).toBe(want)
  }
})

const ENDS = [
  ["an error object", event({ error: { message: "over capacity" } }), "error"],
  ["an error event", 'event: error\ndata: {"message":"x"}\n\n', "error"],
  ["an event that is no JSON before content", "data: <html>\n\n", "invalid"],
  ["an event that is a list", "data: [1]\n\n", "invalid"],
  ["a control character before content", 'data: {"a":"\u0000"}\n\n', "invalid"],
] as const

test.each(ENDS)("%s ends the stream", (_name, text, kind) => {
  expect(one(text).tap.end?.kind).toBe(kind)
})

test("an event over the limit ends the stream, in one piece or dripped", () => {
  const big = `data: {"x":"${"y".repeat(5000)}`
  expect(one(big).tap.end?.kind).toBe("invalid")
  expect(
    run(
      cut(
        encode(big),
        Array.from({ length: big.length }, (_, index) => index),
      ),
    ).tap.end?.kind,
  ).toBe("invalid")
})

test("a preamble over the limit goes on: failover ends there, memory does not", () => {
  const { tap, out } = one(ROLE.repeat(60))
  expect(tap.hasContent).toBe(true)
  expect(out).toBe(ROLE.repeat(60))
})

test("data over several lines is one event", () => {
  const { tap, out } = one('data: {"choices":\ndata: [{"delta":{"content":"x"}}]}\n\n')
  expect(tap.hasContent).toBe(true)
  expect(out).toContain("\ndata: [{")
})

test("a byte order mark and bare carriage returns are lawful", () => {
  const { tap, out } = one(`\ufeff${delta({ content: "x" }, "\r\r")}data: [DONE]\r\r`)
  expect(tap.end).toEqual({ kind: "done" })
  expect(out).toContain("[DONE]")
})

test("what comes after the end is ignored", () => {
  const { tap, out } = run([
    encode(delta({ content: "x" }) + DONE),
    encode(delta({ content: "y" })),
  ])
  expect(out).toBe(delta({ content: "x" }) + DONE)
  expect(tap.end).toEqual({ kind: "done" })
})
