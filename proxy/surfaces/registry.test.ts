/** What a reader can neither carry nor name would be lost without a word. */
import { expect, test } from "vitest"
import { makeRaw } from "#proxy/pipeline/world.test-data.ts"
import { encodeChat as encodeAnthropic } from "#proxy/providers/anthropic/encode-chat.ts"
import { encodeChat as encodeBedrock } from "#proxy/providers/bedrock/encode-chat.ts"
import { encodeChat as encodeGemini } from "#proxy/providers/gemini/encode-chat.ts"
import { makeProvider } from "#proxy/runtime/samples.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "./registry.ts"

const TURNS = { messages: [{ role: "user", content: "Hi" }], max_tokens: 9 }
const ITEMS = { input: "Hi" }
const CONTENTS = { contents: [{ parts: [{ text: "Hi" }] }] }
const declared = (more: object) => ({ functionDeclarations: [{ name: "f", ...more }] })

test.each<[ModelSurfaceName, string, object]>([
  [
    "anthropic-messages",
    "/tools/0/input_examples",
    { ...TURNS, tools: [{ name: "f", input_schema: {}, input_examples: [{}] }] },
  ],
  [
    "anthropic-messages",
    "/messages/0/content/0/context",
    {
      max_tokens: 9,
      messages: [
        {
          role: "user",
          content: [
            {
              type: "document",
              source: { type: "text", media_type: "text/plain", data: "a" },
              context: "of 1999",
            },
          ],
        },
      ],
    },
  ],
  [
    "openai-chat",
    "/tools/0/function/zz",
    { ...TURNS, tools: [{ type: "function", function: { name: "f", zz: 1 } }] },
  ],
  ["openai-chat", "/functions/0/zz", { ...TURNS, functions: [{ name: "f", zz: 1 }] }],
  [
    "openai-responses",
    "/tools/0/zz",
    { ...ITEMS, tools: [{ type: "function", name: "f", zz: 1 }] },
  ],
  [
    "gemini-generate",
    "/tools/0/functionDeclarations/0/response",
    { ...CONTENTS, tools: [declared({ response: { type: "STRING" } })] },
  ],
  [
    "gemini-generate",
    "/toolConfig/retrievalConfig",
    { ...CONTENTS, toolConfig: { retrievalConfig: { languageCode: "en" } } },
  ],
])("%s names %s, which no other wire can be told", (name, param, body) => {
  const read = readOf(name, body)
  expect(read.ok ? read.value.uses : []).toContainEqual({ feature: "unknown-field", param })
})

test.each<[ModelSurfaceName, string, object]>([
  ["openai-responses", "/input/0/content", { input: [{ role: "user", content: 5 }] }],
  [
    "openai-responses",
    "/input/0/output",
    { input: [{ type: "function_call_output", call_id: "1", output: { a: 1 } }] },
  ],
  ["openai-completions", "stop", { prompt: "Hi", stop: 5 }],
])("%s refuses %s of a kind that says nothing", (name, param, body) => {
  expect(readOf(name, body)).toMatchObject({ ok: false, refusal: { code: "invalid_value", param } })
})

test("a turn that says nothing is left out where none may be empty", () => {
  const messages = [
    { role: "system", content: "" },
    { role: "user", content: "a" },
    { role: "assistant", content: "" },
    { role: "user", content: "b" },
  ]
  const read = readOf("openai-chat", { messages })
  if (!read.ok) throw new Error(read.refusal.message)
  const provider = makeProvider("one")
  const context = { provider, model: "m", isStream: false, outputTokensDefault: 9 }
  const bodies = [encodeAnthropic, encodeBedrock, encodeGemini].map((encode) => {
    const body = encode(read.value, context)
    return body.ok ? JSON.parse(body.value) : body.refusal
  })
  const [anthropic, bedrock, gemini] = bodies
  expect(anthropic.messages).toEqual([
    {
      role: "user",
      content: [
        { type: "text", text: "a" },
        { type: "text", text: "b" },
      ],
    },
  ])
  expect(bedrock.messages).toEqual([{ role: "user", content: [{ text: "a" }, { text: "b" }] }])
  expect(gemini.contents).toEqual([{ role: "user", parts: [{ text: "a" }, { text: "b" }] }])
  expect([anthropic.system, bedrock.system]).toEqual([undefined, undefined])
})

const LIMITS = {
  requestJson: { bytesMax: 65_536, depthMax: 64, tokensMax: 10_000 },
  messagesMax: 10,
  toolsMax: 10,
  outputTokensDefault: 1024,
}

function readOf(name: ModelSurfaceName, body: object) {
  const { parse, chat } = SURFACES[name]
  const raw = makeRaw(
    { ...body, ...(name === "gemini-generate" ? {} : { model: "m" }) },
    {
      path: "/v1beta/models/m:generateContent",
    },
  )
  const parsed = parse(raw, LIMITS)
  if (!parsed.ok) throw new Error(parsed.refusal.message)
  if (chat === null) throw new Error(`${name} has no chat`)
  return chat.read(parsed.value)
}
