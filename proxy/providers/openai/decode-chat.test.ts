/** How choices end, in the words of OpenAI and of vendors of its shape. */
import { expect, test } from "vitest"
import { tagSignature } from "#proxy/exchange/signatures.ts"
import { documentOf } from "#test/conformance/translation/wires.ts"
import { decodeAnswer, openDecoder } from "./decode-chat.ts"

const CALL = { index: 0, id: "a", type: "function", function: { name: "f", arguments: "{}" } }

function endings(finish_reason: string, content: object) {
  const chunk = { id: "1", choices: [{ index: 0, delta: content, finish_reason }] }
  const answer = { id: "1", choices: [{ index: 0, message: content, finish_reason }] }
  const document = documentOf(JSON.stringify(chunk))
  const streamed = openDecoder().push({ kind: "json", name: null, document })
  const whole = decodeAnswer(documentOf(JSON.stringify(answer)))
  const reasonIn = (events: typeof streamed) =>
    events.flatMap((event) => (event.kind === "choice-end" ? [event.reason] : []))
  return {
    streamed: reasonIn(streamed)[0],
    whole: whole.ok ? reasonIn(whole.events)[0] : "no answer",
  }
}

test.each([
  ["stop", "stop"],
  ["length", "length"],
  ["tool_calls", "stop"],
  ["content_filter", "content-filter"],
  ["eos", "stop"],
  ["eos_token", "stop"],
  ["max_tokens", "length"],
  ["abort", "failed"],
  ["end_turn", "stop"],
  ["stop_sequence", "stop-sequence"],
  ["model_length", "context-length"],
  ["brand_new", "other"],
  ["error", "failed"],
  ["insufficient_system_resource", "failed"],
])("%s", (reason, want) => {
  expect(endings(reason, { content: "Hi" })).toEqual({ streamed: want, whole: want })
})

test("the reason tells of calls only where there are some", () => {
  const content = { tool_calls: [CALL] }
  const want = { streamed: "tool-calls", whole: "tool-calls" }
  expect(endings("tool_calls", content)).toEqual(want)
  expect(endings("function_call", content)).toEqual(want)
})

test("an empty id or model is none, and empty thoughts do not hide those under another name", () => {
  const delta = { reasoning_content: "", reasoning: "Hm" }
  const text = JSON.stringify({ id: "", model: "", choices: [{ index: 0, delta }] })
  const events = openDecoder().push({ kind: "json", name: null, document: documentOf(text) })
  expect(events).toEqual([
    { kind: "response-start", id: null, model: null },
    { kind: "reasoning-delta", choice: 0, text: "Hm" },
  ])
})

test("a call that was named ends with stop at OpenAI, and is a call all the same", () => {
  const content = { tool_calls: [CALL] }
  expect(endings("stop", content)).toEqual({ streamed: "tool-calls", whole: "tool-calls" })
  expect(endings("length", content)).toEqual({ streamed: "length", whole: "length" })
})

test.each([
  ["none", {}],
  ["null", { choices: null }],
  ["an empty list, as some servers' for a filtered prompt", { choices: [] }],
])("choices that are %s are no answer", (_case, answer) => {
  const decoded = decodeAnswer(documentOf(JSON.stringify({ id: "1", ...answer })))
  expect(decoded).toEqual({ ok: false, fault: "it has no choices" })
})

test("arguments that are given as the object itself are kept", () => {
  const call = { ...CALL, function: { name: "f", arguments: { x: 12345678901234567890n } } }
  const text = `{"choices":[{"message":{"tool_calls":[${writeBig(call)}]},"finish_reason":"stop"}]}`
  const whole = decodeAnswer(documentOf(text))
  if (!whole.ok) throw new Error(whole.fault)
  const said = whole.events.flatMap((event) =>
    event.kind === "tool-call-delta" ? [event.arguments] : [],
  )
  expect(said).toEqual(['{"x":12345678901234567890}'])
})

function writeBig(call: object): string {
  const marked = JSON.stringify(call, (_, value) =>
    typeof value === "bigint" ? `#${value}#` : value,
  )
  return marked.replaceAll(/"#|#"/g, "")
}

function streamed(deltas: readonly object[], finish_reason = "stop") {
  const decoder = openDecoder()
  const chunks = [...deltas.map((delta) => ({ delta })), { delta: {}, finish_reason }]
  return chunks.flatMap((choice) => {
    const text = JSON.stringify({ id: "1", choices: [{ index: 0, ...choice }] })
    return decoder.push({ kind: "json", name: null, document: documentOf(text) })
  })
}

test.each([
  ["told after an empty object, as Databricks does", ["{}", '{"x":', "1}"], '{"x":1}'],
  ["an empty object", ["{}"], "{}"],
  ["never told", [""], "{}"],
])("arguments that are %s", (_case, pieces, want) => {
  const deltas = pieces.map((text, at) => {
    const first = at === 0 ? { id: "a", type: "function" } : {}
    const name = at === 0 ? { name: "f" } : {}
    return { tool_calls: [{ index: 0, ...first, function: { ...name, arguments: text } }] }
  })
  const said = streamed(deltas).flatMap((event) =>
    event.kind === "tool-call-delta" ? [event.arguments] : [],
  )
  expect(said.join("")).toBe(want)
})

test("thoughts that Databricks tells as parts of the content, with their signature", () => {
  const part = (summary: object) => ({ content: [{ type: "reasoning", summary: [summary] }] })
  const deltas = [
    part({ type: "summary_text", text: "Hm", signature: "" }),
    part({ type: "summary_text", text: "", signature: "sig" }),
    { content: [{ type: "text", text: "Yes" }] },
  ]
  expect(streamed(deltas).map(({ kind }) => kind)).toEqual([
    "response-start",
    "reasoning-delta",
    "reasoning-signature",
    "text-delta",
    "choice-end",
  ])
})

test("details of thoughts tell what is signed and what is hidden, and nothing where they are empty", () => {
  const details = [
    { type: "reasoning.text", text: "Hm", signature: null },
    { type: "reasoning.text", text: "Hm", signature: "" },
    { type: "reasoning.text", text: "Hm", signature: "sig" },
    { type: "reasoning.encrypted", data: "" },
    { type: "reasoning.encrypted", data: "hidden" },
    { type: "reasoning.summary", summary: "Hm" },
  ]
  expect(streamed([{ reasoning_details: details }]).slice(1, -1)).toEqual([
    { kind: "reasoning-signature", choice: 0, signature: tagSignature("openai", "sig") },
    { kind: "reasoning-redacted", choice: 0, data: tagSignature("openai", "hidden") },
  ])
})

test("an annotation is a citation where it has an address, and nothing where it is of another kind", () => {
  const url_citation = { url: "https://a.example", title: "A", start_index: 1, end_index: 4 }
  const annotations = [
    { type: "url_citation", url_citation },
    { type: "file_citation", file_id: "f", index: 0 },
  ]
  const citation = {
    url: "https://a.example",
    title: "A",
    citedText: null,
    place: { start: 1, end: 4 },
    documentIndex: null,
    documentPlace: null,
  }
  expect(streamed([{ annotations }]).slice(1, -1)).toEqual([
    { kind: "citation-add", choice: 0, citation },
  ])
})
