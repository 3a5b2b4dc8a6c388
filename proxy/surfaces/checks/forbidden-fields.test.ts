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

test.each([
  ['{"model":"a","mod\\u0065ls":["b"]}', "models"],
  ['{"model":"a","Models":["b"]}', "Models"],
  ['{"model":"a","mode\u006c\u017f":["b"]}', "model\u017f"],
  ['{"model":"a","FALLBACKS":["b"]}', "FALLBACKS"],
  ['{"model":"a","fallbac\u212as":["b"]}', "fallbac\u212as"],
  ['{"model":"a","API_Base":"x"}', "API_Base"],
  ['{"model":"a","api_\u212aey":"x"}', "api_\u212aey"],
  ['{"model":"a","\\u0041pi_key":"x"}', "Api_key"],
  ['{"model":"a","x":{"ba\u017fe_url":"x"}}', "/x/ba\u017fe_url"],
])("however its name is written: %s", (body, param) => {
  expect(find(body)).toEqual(["forbidden_field", param])
})

test.each([
  ['{"model":"a","Model":"b"}', "Model"],
  ['{"MODEL":"b","model":"a"}', "MODEL"],
  ['{"Model":"b","mOdel":"a"}', "mOdel"],
  ['{"model":"a","mess\\u0041ges":[],"messages":[]}', "messAges"],
  ['{"task":"a","tas\u212a":"b"}', "tas\u212a"],
])("two members that some server takes for one are refused: %s", (body, param) => {
  expect(find(body)).toEqual(["duplicate_key", param])
})

test.each([
  ['{"model":"a","generationConfig":{},"safetySettings":[]}'],
  ['{"model":"a","Model2":"b","metadata":{"ID":1,"id":2}}'],
])("names of other letters that are nobody's are not: %s", (body) => {
  expect(find(body)).toBeNull()
})

/** Names that an application may give to parameters of its own. */
const ACME = { organization: "Acme", base_url: "https://acme.example", api_key: "of Acme's own" }

test.each([
  ["a message's own field", { messages: [{ role: "user", api_key: "x" }] }, "/messages/0/api_key"],
  [
    "a part's own field",
    { contents: [{ parts: [{ functionCall: { organization: "x" } }] }] },
    "/contents/0/parts/0/functionCall/organization",
  ],
  ["input of another kind", { input: [{ base_url: "x" }] }, "/input/0/base_url"],
  ["arguments elsewhere", { extra: { args: ACME } }, "/extra/args/organization"],
])("%s that asks for a key or a place is refused", (_name, fields, param) => {
  expect(find(JSON.stringify({ model: "a", ...fields }))).toEqual(["forbidden_field", param])
})

test.each([
  ["an application's own tool", { tools: [OWN] }],
  ["a tool that names none", { tools: [{ type: "image_generation" }] }],
  ["a null", { models: null, fallbacks: null, tools: [{ ...ADVISOR, model: null }] }],
  ["a word of the application's own further in", { metadata: { models: "x", fallbacks: "y" } }],
  ["what is no list of tools", { tools: "none" }],
  ["what a tool was called with", { messages: [{ content: [{ type: "tool_use", input: ACME }] }] }],
  [
    "what a function was called with",
    { contents: [{ parts: [{ functionCall: { args: ACME } }] }] },
  ],
  [
    "what a function gave back",
    { contents: [{ parts: [{ functionResponse: { response: { result: [ACME] } } }] }] },
  ],
  [
    "a schema of the answer",
    { generationConfig: { responseSchema: { type: "OBJECT", properties: ACME } } },
  ],
  [
    "the same in the other spelling",
    { generation_config: { response_schema: { type: "OBJECT", properties: ACME } } },
  ],
  [
    "a request to count in the other spelling",
    { generate_content_request: { generation_config: { response_json_schema: ACME } } },
  ],
  [
    "all that in a request to count",
    { generateContentRequest: { tools: [{ functionDeclarations: [{ parameters: ACME }] }] } },
  ],
])("%s is not", (_name, fields) => {
  expect(find(JSON.stringify({ model: "a", ...fields }))).toBeNull()
})
