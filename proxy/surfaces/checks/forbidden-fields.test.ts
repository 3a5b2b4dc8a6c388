/** No request names a second model: policies, prices and budgets judge the first. */
import { expect, test } from "vitest"
import { scanJson } from "#proxy/contract/json-scan.ts"
import { findForbidden } from "./forbidden-fields.ts"

const LIMITS = { bytesMax: 10_000, depthMax: 16, tokensMax: 1000 }

function find(body: string) {
  const scanned = scanJson(Buffer.from(body), LIMITS)
  if (!scanned.ok) throw new Error(scanned.fault.message)
  const refusal = findForbidden(scanned.document)
  return refusal === null ? null : [refusal.code, refusal.param]
}

const ADVISOR = { type: "advisor_20260301", name: "advisor", model: "claude-opus-5-5" }
const DRAWING = { type: "image_generation", model: "gpt-image-2" }
const OWN = {
  type: "function",
  name: "rent",
  parameters: { type: "object", properties: { model: { type: "string" } } },
}

test.each([
  ["OpenRouter's list", { models: ["a", "b"] }, "models"],
  ["Anthropic's chain", { fallbacks: [{ model: "b" }] }, "fallbacks"],
  ["a tool that is a model", { tools: [OWN, ADVISOR] }, "/tools/1/model"],
  ["a tool that draws with one", { tools: [DRAWING] }, "/tools/0/model"],
])("%s is refused", (_name, fields, param) => {
  expect(find(JSON.stringify({ model: "a", ...fields }))).toEqual(["forbidden_field", param])
})

test("however its name is written", () => {
  expect(find('{"model":"a","mod\\u0065ls":["b"]}')).toEqual(["forbidden_field", "models"])
})

test.each([
  ["an application's own tool", { tools: [OWN] }],
  ["a tool that names none", { tools: [{ type: "image_generation" }] }],
  ["a null", { models: null, fallbacks: null, tools: [{ ...ADVISOR, model: null }] }],
  ["a word of the application's own further in", { metadata: { models: "x", fallbacks: "y" } }],
  ["what is no list of tools", { tools: "none" }],
])("%s is not", (_name, fields) => {
  expect(find(JSON.stringify({ model: "a", ...fields }))).toBeNull()
})
