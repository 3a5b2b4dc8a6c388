/** Every chat wire, by being registered: what it makes of requests, and what it says it cannot. */
import { readdirSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { CHAT_FEATURES, type ChatFeature } from "#proxy/exchange/chat-feature.ts"
import type { ChatRequest } from "#proxy/exchange/chat-request.ts"
import { findUnsupported, reasonOf } from "#proxy/exchange/feature-support.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { placeOf, readText } from "#test/golden/providers/run-case.ts"
import { FEATURE_SAMPLES } from "./feature-samples.ts"
import { readForm } from "./read-form.ts"
import { CHAT_WIRES, documentOf, type RegisteredChat } from "./wires.ts"

const SURFACES_OF_CHAT = (Object.keys(SURFACES) as ModelSurfaceName[]).filter(
  (name) => SURFACES[name].chat !== null && SURFACES[name].operation === "chat",
)

const REQUESTS = SURFACES_OF_CHAT.flatMap((surface) =>
  readdirSync(placeOf(`requests/${surface}`)).map((file) => ({
    file: `${surface}/${file}`,
    form: readForm(surface, readText(`requests/${surface}/${file}`)).chat,
  })),
)

/** The body as text; null where the wire refuses, which then names the field. */
function bodyOf({ chat, context, wire }: RegisteredChat, form: ChatRequest): string | null {
  const features = chat.features(context.provider)
  const refused = findUnsupported(form.uses, features, context.provider.name, wire.title)
  const encoded = refused === null ? chat.encode(form, context) : null
  if (encoded?.ok === true) return encoded.value
  const refusal = refused ?? (encoded?.ok === false ? encoded.refusal : null)
  expect(refusal).toMatchObject({ code: "unsupported_parameter" })
  expect(refusal?.param).toBeTruthy()
  expect(refusal?.message).toContain("one")
  return null
}

/** One that takes what its wire takes: others are not told what they never heard of. */
function thinking(one: RegisteredChat): RegisteredChat {
  return one.column === "OpenAI" ? { ...one, context: { ...one.context, model: "gpt-5" } } : one
}

describe.each(CHAT_WIRES.map(thinking))("$name", (one) => {
  const features = one.chat.features(one.context.provider)

  test("says of every feature what it does with it, and why it may leave one out", () => {
    expect(Object.keys(features).toSorted()).toEqual([...CHAT_FEATURES].toSorted())
    for (const support of Object.values(features)) {
      if (typeof support !== "string") expect(reasonOf(support).length).toBeGreaterThan(20)
    }
  })

  test("makes the same JSON of the same request, without a key twice", () => {
    const encoded = REQUESTS.map(({ form }) => bodyOf(one, form))
    expect(encoded.filter((body) => body !== null).length).toBeGreaterThan(20)
    // The scanner refuses a repeated key, whatever its escapes.
    for (const body of encoded) if (body !== null) documentOf(body)
    expect(REQUESTS.map(({ form }) => bodyOf(one, form))).toEqual(encoded)
  })

  test.for(CHAT_FEATURES)("takes, refuses or drops %s as its table says", (feature, { skip }) => {
    const sample = FEATURE_SAMPLES[feature]
    const form = readForm(sample.surface, sample.body).chat
    const without = readForm(sample.surface, sample.without).chat
    const other = form.uses.find((use) => use.feature !== feature && features[use.feature] === "no")
    if (features[feature] === "no") {
      const use = form.uses.find((found) => found.feature === feature)
      const refused = findUnsupported(form.uses, features, "one", one.wire.title)
      expect(use?.param).toBeTruthy()
      expect(refused?.param).toEqual(other === undefined ? use?.param : expect.any(String))
      return
    }
    if (other !== undefined) return skip(`${other.feature}, which it stands beside, is refused`)
    const body = bodyOf(one, form)
    expect(body).not.toBeNull()
    const support = features[feature]
    if (support === "yes" || (typeof support === "object" && "told" in support)) {
      // Bedrock wants a schema as a text within the JSON.
      const isIn = (text: string) =>
        [text, JSON.stringify(text).slice(1, -1)].some((form) => body?.includes(form))
      expect(sample.carries.filter((text) => !isIn(text))).toEqual([])
      expect(body).not.toBe(bodyOf(one, without))
    } else expect(body).toBe(bodyOf(one, without))
  })
})

test.each(CHAT_FEATURES)("%s has a sample that uses it", (feature: ChatFeature) => {
  const sample = FEATURE_SAMPLES[feature]
  const uses = readForm(sample.surface, sample.body).chat.uses
  expect(uses.map((use) => use.feature)).toContain(feature)
  const without = readForm(sample.surface, sample.without).chat.uses
  expect(without.map((use) => use.feature)).not.toContain(feature)
})

/** How each surface says that it wants no tier of service of its own. */
const REGULAR_TIERS = [
  ["openai-chat", '{"model":"m","messages":[{"role":"user","content":"a"}],"service_tier":"auto"}'],
  [
    "openai-chat",
    '{"model":"m","messages":[{"role":"user","content":"a"}],"service_tier":"default"}',
  ],
  ["openai-responses", '{"model":"m","input":"a","service_tier":"auto"}'],
  ["openai-responses", '{"model":"m","input":"a","service_tier":"default"}'],
  [
    "anthropic-messages",
    '{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"}],"service_tier":"auto"}',
  ],
  [
    "anthropic-messages",
    '{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"}],"service_tier":"standard_only"}',
  ],
  ["gemini-generate", '{"contents":[{"parts":[{"text":"a"}]}],"serviceTier":"unspecified"}'],
  ["gemini-generate", '{"contents":[{"parts":[{"text":"a"}]}],"serviceTier":"standard"}'],
] as const

test.each(REGULAR_TIERS)("every wire takes the regular tier of %s: %s", (surface, body) => {
  const form = readForm(surface, body).chat
  for (const one of CHAT_WIRES) expect([one.name, bodyOf(one, form)]).not.toContain(null)
})

/** A client may write anything as the arguments of an earlier call: in its shape they are text. */
const HOSTILE_ARGUMENTS = [
  '{}}],"model":"dear","x":[{"y":{}',
  '{"a":1}}]}],"messages":[]',
  '{"a":1',
  "[1]",
  "null",
  '{"a":1,"a":2}',
  "{'a':1}",
] as const

describe.each(HOSTILE_ARGUMENTS)("arguments of a call written as %s", (text) => {
  test.each(CHAT_WIRES)("say nothing but themselves to $name", (one) => {
    const call = { id: "zcall", type: "function", function: { name: "ztool", arguments: text } }
    const messages = [
      { role: "user", content: "Hello" },
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: "zcall", content: "done" },
    ]
    const form = readForm("openai-chat", JSON.stringify({ model: "smart", messages })).chat
    const body = bodyOf(one, form)
    if (body === null) return
    // Only where they stay a text are they taken.
    expect(documentOf(body).bytes.length).toBeGreaterThan(0)
    expect(body).toContain(JSON.stringify(text).slice(1, -1))
  })
})

test("arguments and schemas keep the digits of every number", () => {
  const numbers = '{"a":1.0,"b":1e2,"c":12345678901234567890,"d":-0.0,"e":0.1000}'
  const call = `{"id":"zcall","type":"function","function":{"name":"ztool","arguments":${JSON.stringify(numbers)}}}`
  const tool = `{"type":"function","function":{"name":"ztool","parameters":{"enum":[${numbers}]}}}`
  const body = `{"model":"smart","tools":[${tool}],"messages":[{"role":"user","content":"Hi"},
    {"role":"assistant","content":null,"tool_calls":[${call}]},
    {"role":"tool","tool_call_id":"zcall","content":"done"}]}`
  const form = readForm("openai-chat", body).chat
  for (const one of CHAT_WIRES) {
    const encoded = bodyOf(one, form)
    const count = encoded?.split(numbers).length ?? 0
    const inText = encoded?.includes(JSON.stringify(numbers)) === true
    expect([one.name, inText ? count : count - 1]).toEqual([one.name, 2])
  }
})
