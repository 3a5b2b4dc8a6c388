/**
 * A request of Gemini's shape is the same one in either spelling of its fields: in all that
 * surfaces read of it, and in what they refuse. What passes is the client's own bytes.
 */
import { readdirSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { tagSignature } from "#proxy/exchange/signatures.ts"
import { PIPELINE_SETTINGS } from "#proxy/pipeline/settings.ts"
import { createWorld, makeRaw, startChat } from "#proxy/pipeline/world.test-data.ts"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { placeOf, readText } from "#test/golden/providers/run-case.ts"
import { FEATURE_SAMPLES } from "./feature-samples.ts"
import { readForm } from "./read-form.ts"

/** As the Gemini API's reference lists them, each beside its message's name. */
const NAMES = [
  ["systemInstruction", "system_instruction"],
  ["generationConfig", "generation_config"],
  ["safetySettings", "safety_settings"],
  ["serviceTier", "service_tier"],
  ["toolConfig", "tool_config"],
  ["functionCallingConfig", "function_calling_config"],
  ["allowedFunctionNames", "allowed_function_names"],
  ["functionDeclarations", "function_declarations"],
  ["parametersJsonSchema", "parameters_json_schema"],
  ["propertyOrdering", "property_ordering"],
  ["functionCall", "function_call"],
  ["functionResponse", "function_response"],
  ["thoughtSignature", "thought_signature"],
  ["inlineData", "inline_data"],
  ["fileData", "file_data"],
  ["fileUri", "file_uri"],
  ["mimeType", "mime_type"],
  ["displayName", "display_name"],
  ["maxOutputTokens", "max_output_tokens"],
  ["topP", "top_p"],
  ["topK", "top_k"],
  ["frequencyPenalty", "frequency_penalty"],
  ["presencePenalty", "presence_penalty"],
  ["stopSequences", "stop_sequences"],
  ["candidateCount", "candidate_count"],
  ["responseMimeType", "response_mime_type"],
  ["responseSchema", "response_schema"],
  ["responseJsonSchema", "response_json_schema"],
  ["responseLogprobs", "response_logprobs"],
  ["responseModalities", "response_modalities"],
  ["thinkingConfig", "thinking_config"],
  ["thinkingBudget", "thinking_budget"],
  ["thinkingLevel", "thinking_level"],
  ["includeThoughts", "include_thoughts"],
  ["generateContentRequest", "generate_content_request"],
  ["taskType", "task_type"],
  ["outputDimensionality", "output_dimensionality"],
] as const

/** Names of fields in a JSON text or a place in it: no text or parameter here is called so. */
function respell(text: string): string {
  return NAMES.reduce(
    (said, [json, own]) => said.replaceAll(new RegExp(`\\b${json}\\b`, "g"), own),
    text,
  )
}

/** What no other request here says. */
const REST = {
  contents: [
    { parts: [{ fileData: { fileUri: "gs://a/b", mimeType: "image/png", displayName: "b" } }] },
  ],
  tools: [{ functionDeclarations: [{ name: "look" }, { name: "see" }] }],
  toolConfig: { functionCallingConfig: { mode: "ANY", allowedFunctionNames: ["look", "see"] } },
  generationConfig: {
    candidateCount: 2,
    responseMimeType: "application/json",
    responseJsonSchema: { type: "object" },
    responseLogprobs: true,
    responseModalities: ["IMAGE"],
    thinkingConfig: { thinkingLevel: "low", includeThoughts: true },
    frequencyPenalty: 1,
    presencePenalty: 1,
    topK: 1,
  },
  safetySettings: [],
  serviceTier: "standard",
}

const REQUESTS = [
  ["the rest", JSON.stringify(REST)] as const,
  ...readdirSync(placeOf("requests/gemini-generate")).map(
    (file) => [file, readText(`requests/gemini-generate/${file}`)] as const,
  ),
  ...Object.entries(FEATURE_SAMPLES)
    .filter(([, { surface }]) => surface === "gemini-generate")
    .map(([feature, { body }]) => [feature, body] as const),
]

test.each(REQUESTS)("a chat is read the same in both: %s", (_name, body) => {
  const { chat } = readForm("gemini-generate", body)
  const uses = chat.uses.map(({ feature, param }) => ({ feature, param: respell(param) }))
  expect(readForm("gemini-generate", respell(body)).chat).toEqual({ ...chat, uses })
})

test("the requests have every name of a chat's", () => {
  const said = REQUESTS.map(([, body]) => body).join()
  expect(NAMES.filter(([json]) => !said.includes(json)).map(([json]) => json)).toEqual([
    ...["generateContentRequest", "taskType", "outputDimensionality"],
  ])
})

test("an embedding is read the same in both", () => {
  const read = (text: string) => {
    const parsed = parse("gemini-embed", text)
    return parsed.ok ? SURFACES["gemini-embed"].embeddings?.read(parsed.value) : parsed
  }
  const wish = { content: TEXT, taskType: "CLUSTERING", outputDimensionality: 9, title: "a" }
  expect(read(respell(JSON.stringify(wish)))).toMatchObject({
    ok: true,
    value: { purpose: "clustering", dimensions: 9, uses: [{ param: "task_type" }, {}, {}] },
  })
})

const PATHS = {
  "gemini-generate": "generateContent",
  "gemini-count-tokens": "countTokens",
  "gemini-embed": "embedContent",
  "gemini-batch-embed": "batchEmbedContents",
} as const satisfies Partial<Record<ModelSurfaceName, string>>

type GeminiSurface = keyof typeof PATHS

function parse(surface: GeminiSurface, body: string) {
  const raw = makeRaw(body, { path: `/v1beta/models/smart:${PATHS[surface]}` })
  return SURFACES[surface].parse(raw, PIPELINE_SETTINGS)
}

const TEXT = { parts: [{ text: "Hello" }] }
const PNG = { inlineData: { mimeType: "image/png", data: "AAAA" } }
const URI = { fileData: { fileUri: "http://10.0.0.1/a" } }
const LIMITED = { contents: [TEXT], generationConfig: { maxOutputTokens: 7, candidateCount: 2 } }
const LOOKED = { ...LIMITED, contents: [{ parts: [PNG] }], systemInstruction: TEXT }

test.each([
  ["gemini-generate", LIMITED, { outputTokens: 14, plainBytes: 5 }],
  ["gemini-generate", LOOKED, { images: 1, plainBytes: 5 }],
  ["gemini-count-tokens", { generateContentRequest: LIMITED }, { outputTokens: 14, messages: 1 }],
  ["gemini-embed", { content: { parts: [PNG] }, taskType: "CLUSTERING" }, { images: 1 }],
] as const)("%s measures %j alike", (surface, body, measure) => {
  const text = JSON.stringify(body)
  const [one, other] = [parse(surface, text), parse(surface, respell(text))]
  expect(one).toMatchObject({ ok: true, value: { measure } })
  expect(other).toMatchObject({ ok: true, value: { measure: one.ok && one.value.measure } })
})

test.each<[GeminiSurface, object, string]>([
  [
    "gemini-generate",
    { contents: [TEXT], generationConfig: { maxOutputTokens: 0 } },
    "/generationConfig/maxOutputTokens",
  ],
  ["gemini-generate", { contents: [{ parts: [URI] }] }, "/contents/0/parts/0/fileData/fileUri"],
  [
    "gemini-generate",
    { contents: [TEXT], systemInstruction: { parts: [URI] } },
    "/systemInstruction/parts/0/fileData/fileUri",
  ],
  [
    "gemini-count-tokens",
    { generateContentRequest: { contents: [TEXT], generationConfig: { maxOutputTokens: 1.5 } } },
    "/generateContentRequest/generationConfig/maxOutputTokens",
  ],
  ["gemini-count-tokens", { generateContentRequest: {} }, "/generateContentRequest/contents"],
  ["gemini-count-tokens", { generateContentRequest: 1 }, "generateContentRequest"],
  ["gemini-embed", { content: { parts: [URI] } }, "/content/parts/0/fileData/fileUri"],
])("%s refuses of %j what is at %s", (surface, body, param) => {
  const text = JSON.stringify(body)
  expect(parse(surface, text)).toMatchObject({ ok: false, refusal: { param } })
  expect(parse(surface, respell(text))).toMatchObject({
    ok: false,
    refusal: { param: respell(param) },
  })
})

test.each<[GeminiSurface, object, string]>([
  [
    "gemini-generate",
    { contents: [TEXT], generationConfig: {}, generation_config: { max_output_tokens: 9 } },
    "/generation_config",
  ],
  [
    "gemini-count-tokens",
    { generateContentRequest: { contents: [TEXT] }, generate_content_request: {} },
    "/generate_content_request",
  ],
  [
    "gemini-batch-embed",
    { requests: [{ content: TEXT, taskType: "CLUSTERING", task_type: "CLUSTERING" }] },
    "/requests/0/task_type",
  ],
])("%s refuses both spellings at once in %j", (surface, body, param) => {
  expect(parse(surface, JSON.stringify(body))).toMatchObject({
    ok: false,
    refusal: { code: "duplicate_key", param, message: expect.stringContaining(param) },
  })
})

test("contents beside a whole request to count are refused", () => {
  const body = { contents: [TEXT], generateContentRequest: { contents: [TEXT] } }
  expect(parse("gemini-count-tokens", JSON.stringify(body))).toMatchObject({
    ok: false,
    refusal: { code: "invalid_value", param: "contents" },
  })
})

describe("what passes is the client's bytes", () => {
  const send = (surface: GeminiSurface, body: string, model: string) => {
    const world = createWorld({ scripts: [[{ head: 500 }, { end: true }]] })
    const rule = makeRule({ backends: [makeBackend("one", { model })] })
    startChat(world, {
      surface: SURFACES[surface],
      runtime: makeRuntime({
        providers: { one: makeProvider("one", { schema: "Gemini", pathPrefix: "" }) },
        routes: [{ name: "search/chat", rules: [rule] }],
      }),
      body,
      raw: { path: `/v1beta/models/smart:${PATHS[surface]}` },
    })
    const sent = world.requests[0]?.body ?? ""
    return typeof sent === "string" ? sent : new TextDecoder().decode(sent)
  }

  test.each(REQUESTS)("of %s", (_name, body) => {
    expect(send("gemini-generate", respell(body), "smart")).toBe(respell(body))
  })

  test("but for thoughts that another provider signed", () => {
    const thought = JSON.stringify({
      thought: true,
      text: "Hm",
      thought_signature: tagSignature("anthropic", "c2ln"),
    })
    const turn = (parts: string) => `{"contents":[{"role":"model","parts":[${parts}]}]}`
    const sent = send("gemini-generate", turn(`${thought}, {"text":"Hi"}`), "smart")
    expect(sent).toBe(turn('{"text":"Hi"}'))
  })

  test("also of what is counted, where the model is the provider's", () => {
    const counted = (model: string) =>
      respell(
        `{"generateContentRequest":{ "model":"models/${model}","contents":[{"parts":[{"text":"a"}]}]}}`,
      )
    expect(send("gemini-count-tokens", counted("smart"), "gemini-x")).toBe(counted("gemini-x"))
  })
})
