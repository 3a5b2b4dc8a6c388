/** Pieces of Gemini's answers one by one: what each gives. */
import { describe, expect, test } from "vitest"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import { tagSignature } from "#proxy/exchange/signatures.ts"
import { documentOf } from "#test/conformance/translation/wires.ts"
import { decodeAnswer, openDecoder } from "./decode-chat.ts"

const choice = 0
const START: ResponseEvent = { kind: "response-start", id: "r", model: "g" }

function push(...pieces: readonly object[]) {
  const decoder = openDecoder()
  const said = pieces.flatMap((piece) => {
    const text = JSON.stringify({ responseId: "r", modelVersion: "g", ...piece })
    return decoder.push({ kind: "json", name: null, document: documentOf(text) })
  })
  return { said, soFar: decoder.usageSoFar, end: decoder.finish() }
}

const parts = (...given: readonly object[]) => ({ candidates: [{ content: { parts: given } }] })
const call = (fields: object, more: object = {}) => ({
  functionCall: { name: "f", ...fields },
  ...more,
})
const begun = (number: number, id: string, signature: string | null = null): ResponseEvent => ({
  kind: "tool-call-start",
  choice,
  call: number,
  id,
  name: "f",
  signature,
})
const grown = (number: number, text: string): ResponseEvent => ({
  kind: "tool-call-delta",
  choice,
  call: number,
  arguments: text,
})

describe("a part", () => {
  test.each<[string, object, ResponseEvent[]]>([
    ["a text", { text: "a" }, [{ kind: "text-delta", choice, text: "a" }]],
    ["an empty text", { text: "" }, []],
    ["a thought", { text: "a", thought: true }, [{ kind: "reasoning-delta", choice, text: "a" }]],
    [
      "a signed thought",
      { text: "a", thought: true, thoughtSignature: "s" },
      [
        { kind: "reasoning-delta", choice, text: "a" },
        { kind: "reasoning-signature", choice, signature: tagSignature("google", "s") },
      ],
    ],
    [
      "a signature behind all texts",
      { text: "", thoughtSignature: "s" },
      [{ kind: "reasoning-signature", choice, signature: tagSignature("google", "s") }],
    ],
    ["an empty signature", { text: "", thoughtSignature: "" }, []],
    [
      "an image",
      { inlineData: { mimeType: "image/png", data: "AAAA" } },
      [{ kind: "media-add", choice, mimeType: "image/png", base64: "AAAA" }],
    ],
    [
      "data of no type",
      { inlineData: { data: "AAAA" } },
      [{ kind: "media-add", choice, mimeType: "application/octet-stream", base64: "AAAA" }],
    ],
    ["code that it runs itself", { executableCode: { language: "PYTHON", code: "1" } }, []],
    [
      "a call with its own id",
      call({ id: "x", args: { y: 1 } }),
      [begun(0, "x"), grown(0, '{"y":1}')],
    ],
    ["a call without an id", call({ args: {} }), [begun(0, "call_r_0_0"), grown(0, "{}")]],
    ["a call without arguments", call({}), [begun(0, "call_r_0_0"), grown(0, "{}")]],
    [
      "a signed call",
      call({ id: "x", args: {} }, { thoughtSignature: "s" }),
      [begun(0, "x", "s"), grown(0, "{}")],
    ],
  ])("%s", (_case, part, want) => {
    expect(push(parts(part)).said).toEqual([START, ...want])
  })
})

test("an answer that names neither itself nor its model is told without", () => {
  const text = JSON.stringify(parts(call({})))
  const said = openDecoder().push({ kind: "json", name: null, document: documentOf(text) })
  expect(said).toStrictEqual([
    { kind: "response-start", id: null, model: null },
    begun(0, "call_0_0"),
    grown(0, "{}"),
  ])
})

test("calls are counted through the pieces, and by candidates", () => {
  const other = { index: 1, content: { parts: [call({})] } }
  const { said } = push(parts(call({})), parts(call({})), { candidates: [other] })
  const starts = said.flatMap((event) =>
    event.kind === "tool-call-start" ? [[event.choice, event.call, event.id]] : [],
  )
  expect(starts).toEqual([
    [0, 0, "call_r_0_0"],
    [0, 1, "call_r_0_1"],
    [1, 0, "call_r_1_0"],
  ])
})

test("candidates without an index are those of their places", () => {
  const said = (text: string) => ({ content: { parts: [{ text }] } })
  expect(push({ candidates: [said("a"), said("b")] }).said.slice(1)).toEqual([
    { kind: "text-delta", choice: 0, text: "a" },
    { kind: "text-delta", choice: 1, text: "b" },
  ])
})

test("log-probabilities are told as OpenAI's, each with the likeliest at its place", () => {
  const result = {
    chosenCandidates: [{ token: "a", logProbability: -0.5 }, {}],
    topCandidates: [{ candidates: [{ token: "b", logProbability: -1 }] }],
  }
  const [, event] = push({ candidates: [{ logprobsResult: result }] }).said
  expect(event?.kind === "logprobs-add" ? JSON.parse(event.entries.text) : null).toEqual([
    {
      token: "a",
      logprob: -0.5,
      bytes: null,
      top_logprobs: [{ token: "b", logprob: -1, bytes: null }],
    },
    { token: "", logprob: 0, bytes: null, top_logprobs: [] },
  ])
})

describe("an end", () => {
  const USAGE = { promptTokenCount: 9, candidatesTokenCount: 4 }
  const usage = { inputTokens: 9, cachedInputTokens: 0, outputTokens: 4 }
  const END: ResponseEvent = { kind: "response-end" }
  const stopped = { candidates: [{ finishReason: "STOP" }] }
  const ending = (reason: "stop" | "content-filter"): ResponseEvent => ({
    kind: "choice-end",
    choice,
    reason,
    stopSequence: null,
  })

  test("the counts are those of the last piece, and of the answer so far before it", () => {
    const before = push({ ...parts({ text: "a" }), usageMetadata: USAGE })
    expect(before.soFar).toEqual(usage)
    expect(before.said).toHaveLength(2)
    expect(before.end).toEqual([])
    const last = push({ ...stopped, usageMetadata: USAGE })
    expect(last.said).toEqual([START, ending("stop"), { kind: "usage-report", usage }])
    expect(last.end).toEqual([END])
  })

  test("counts may come behind the reason", () => {
    const { said } = push(stopped, { usageMetadata: USAGE })
    expect(said.at(-1)).toEqual({ kind: "usage-report", usage })
  })

  test("a prompt that is blocked is an answer that a filter ended", () => {
    const blocked = { promptFeedback: { blockReason: "SAFETY" }, usageMetadata: USAGE }
    const want = [START, ending("content-filter"), { kind: "usage-report", usage }]
    expect(push(blocked).said).toEqual(want)
    const whole = { responseId: "r", modelVersion: "g", ...blocked }
    const decoded = decodeAnswer(documentOf(JSON.stringify(whole)))
    expect(decoded).toEqual({ ok: true, events: [...want, END] })
  })

  test("a prompt that is only rated is not blocked", () => {
    const { said, end } = push({ promptFeedback: { safetyRatings: [] } })
    expect([said, end]).toEqual([[START], []])
  })

  test("an error within a stream goes by its status", () => {
    const { said } = push({ error: { code: 503, message: "m", status: "UNAVAILABLE" } })
    expect(said).toEqual([{ kind: "response-error", name: "UNAVAILABLE" }])
  })
})

test.each([
  ["no object", [], "it is not a JSON object"],
  ["an error", { error: { code: 500 } }, "it is an error with status 200"],
  ["no candidates", { usageMetadata: {} }, "it has no candidates"],
  ["an empty list of them", { candidates: [] }, "no candidate has finished"],
  ["a candidate that has not finished", { candidates: [{}] }, "no candidate has finished"],
])("%s is no answer", (_case, answer, fault) => {
  expect(decodeAnswer(documentOf(JSON.stringify(answer)))).toEqual({ ok: false, fault })
})
