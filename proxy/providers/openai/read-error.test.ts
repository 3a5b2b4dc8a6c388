/** Words about a refused request, as vendors of OpenAI's shape put them. */
import { expect, test } from "vitest"
import { scanJson } from "#proxy/contract/json-scan.ts"
import { findAnswerFault, readError } from "./read-answer.ts"
import { openTap } from "./stream-tap.ts"

const LIMITS = { bytesMax: 100_000, depthMax: 16, tokensMax: 10_000 }

function documentOf(body: unknown) {
  const scanned = scanJson(Buffer.from(JSON.stringify(body)), LIMITS)
  if (!scanned.ok) throw new Error(scanned.fault.message)
  return scanned.document
}

const read = (body: unknown) =>
  readError(documentOf(body), (text) => text.replaceAll("sk-1", "[secret]"))

const MISTRAL = { object: "error", type: "invalid_request_error", param: null, code: null }

test.each([
  [
    "OpenAI",
    { error: { message: "too hot", type: "invalid_request_error", param: "t", code: "bad" } },
    { message: "too hot", type: "invalid_request_error", param: "t", code: "bad" },
  ],
  ["a text, as TGI and xAI", { error: "no sk-1" }, { message: "no [secret]" }],
  [
    "a code that is a number",
    { error: { message: "m", code: 400 } },
    { message: "m", code: "400" },
  ],
  [
    "Mistral and vLLM before 0.10, at the top",
    { ...MISTRAL, message: "Invalid model: sk-1", type: "invalid_model", code: "1500" },
    { message: "Invalid model: [secret]", type: "invalid_model", code: "1500" },
  ],
  [
    "Cerebras, at the top",
    { message: "no such model", type: "not_found_error", param: "model", code: "model_not_found" },
    {
      message: "no such model",
      type: "not_found_error",
      param: "model",
      code: "model_not_found",
    },
  ],
  [
    "Mistral, a list in place of the message",
    { ...MISTRAL, message: { detail: [{ loc: ["body", "stop", 0], msg: "Extra", input: "x" }] } },
    { message: "body.stop.0: Extra", type: "invalid_request_error" },
  ],
  [
    "FastAPI's own list",
    { detail: [{ loc: ["body", "store"], msg: "not permitted" }, { msg: "and more" }, 3] },
    { message: "body.store: not permitted; and more" },
  ],
  ["FastAPI's own text", { detail: "Not Found" }, { message: "Not Found" }],
  [
    "Cloudflare",
    { success: false, result: {}, errors: [{ code: 5007, message: "No such model" }] },
    { message: "No such model" },
  ],
])("%s", (_name, body, want) => {
  expect(read(body)).toStrictEqual({ type: null, param: null, code: null, ...want })
})

/** Azure's own, of a prompt that its content filter took. */
const filtered = (more: object = {}) => ({
  error: {
    message: "The response was filtered",
    type: null,
    param: "prompt",
    code: "content_filter",
    status: 400,
    innererror: {
      code: "ResponsibleAIPolicyViolation",
      content_filter_result: { hate: { filtered: true, severity: "high" } },
      ...more,
    },
  },
})
const innerOf = (body: unknown) => read(body)?.innerError?.text

test("what a content filter found is kept, without a key and up to a length", () => {
  const { innererror } = filtered().error
  expect(innerOf(filtered())).toBe(JSON.stringify(innererror))
  expect(innerOf(filtered({ said: "sk-1" }))).toContain('"said":"[secret]"')
  expect(innerOf(filtered({ said: "x".repeat(4096) }))).toBeUndefined()
  expect(innerOf(filtered({ said: 'sk\\u002d1 "' }))).toBeUndefined()
  expect(innerOf({ error: { message: "m", innererror: "sk-1" } })).toBeUndefined()
})

test.each([[{}], [[]], [{ error: null }], [{ error: {} }], [{ detail: [] }], ["text"]])(
  "%j has no words",
  (body) => {
    expect(read(body)).toBeUndefined()
  },
)

test("an object that is an error is no answer, and ends a stream", () => {
  const body = { ...MISTRAL, message: "overloaded" }
  expect(findAnswerFault(documentOf(body))).toContain("error")
  const tap = openTap({ wantsUsage: true, eventBytesMax: 4096, preambleBytesMax: 2048 })
  const text = { choices: [{ index: 0, delta: { content: "a" }, finish_reason: null }] }
  for (const event of [text, text, body]) {
    tap.push(Buffer.from(`data: ${JSON.stringify(event)}\n\n`))
  }
  expect(tap.end).toEqual({ kind: "error", name: "invalid_request_error" })
})
