/**
 * An image of an earlier answer, sent back as a client of each shape got it: a provider that takes
 * it gets it as something that the model said, any other is passed over by name.
 */
import { expect, test } from "vitest"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { createWorld, startChat } from "./world.test-data.ts"

const PNG = "iVBORw0KGgo="
const USER = { role: "user", content: "Paint it red" }
const IMAGE_URL = { url: `data:image/png;base64,${PNG}` }
const SHOWN = { type: "image_url", image_url: IMAGE_URL }
const SOURCE = { type: "base64", media_type: "image/png", data: PNG }

/** What each client holds of the answer, and the place that a refusal names. */
const CLIENTS: readonly (readonly [ModelSurfaceName, object, string])[] = [
  [
    "openai-chat",
    {
      model: "smart",
      messages: [USER, { role: "assistant", content: "Here", images: [SHOWN] }, USER],
    },
    "/messages/1",
  ],
  [
    "openai-responses",
    {
      model: "smart",
      input: [
        USER,
        { role: "assistant", content: [{ type: "output_text", text: "Here" }] },
        { type: "image_generation_call", id: "ig_1", status: "completed", result: PNG },
        USER,
      ],
    },
    "/input/2",
  ],
  [
    "anthropic-messages",
    {
      model: "smart",
      max_tokens: 100,
      messages: [
        USER,
        {
          role: "assistant",
          content: [
            { type: "text", text: "Here" },
            { type: "image", source: SOURCE },
          ],
        },
        USER,
      ],
    },
    "/messages/1",
  ],
  [
    "gemini-generate",
    {
      contents: [
        { role: "user", parts: [{ text: "Paint it red" }] },
        {
          role: "model",
          parts: [{ text: "Here" }, { inlineData: { mimeType: "image/png", data: PNG } }],
        },
        { role: "user", parts: [{ text: "Paint it red" }] },
      ],
    },
    "/contents/1",
  ],
]

function ask(surface: ModelSurfaceName, body: object, provider: Partial<ProviderConfig>) {
  const world = createWorld({ scripts: [[{ head: 500 }, { end: true }]] })
  const rule = makeRule({ backends: [makeBackend("one", { model: "m" })] })
  startChat(world, {
    surface: SURFACES[surface],
    runtime: makeRuntime({
      providers: { one: makeProvider("one", { pathPrefix: "", ...provider }) },
      routes: [
        { name: "search/chat", rules: [{ ...rule, retry: { ...rule.retry, attempts: 1 } }] },
      ],
    }),
    body,
    raw: { path: "/v1beta/models/smart:generateContent" },
  })
  const { body: bytes = "" } = world.requests[0] ?? {}
  const sent = typeof bytes === "string" ? bytes : new TextDecoder().decode(bytes)
  return { sent, answer: world.client.body }
}

const others = (surface: ModelSurfaceName) => CLIENTS.filter(([name]) => name !== surface)

test.each(others("gemini-generate"))("%s to Gemini", (surface, body) => {
  const { contents } = JSON.parse(ask(surface, body, { schema: "Gemini" }).sent)
  expect(contents[1]).toEqual({
    role: "model",
    parts: [{ text: "Here" }, { inlineData: { mimeType: "image/png", data: PNG } }],
  })
})

// A client of Responses meets OpenRouter in that shape.
test.each([...others("openai-chat")].filter(([name]) => name !== "openai-responses"))(
  "%s to OpenRouter",
  (surface, body) => {
    const { messages } = JSON.parse(ask(surface, body, { vendor: "OpenRouter" }).sent)
    expect(messages[1]).toEqual({ role: "assistant", content: "Here", images: [SHOWN] })
  },
)

const TAKES_NONE = [
  { schema: "OpenAI", vendor: "Mistral" },
  { schema: "Cohere" },
  { schema: "Bedrock", options: { schema: "Bedrock", region: "eu-central-1" } },
  { schema: "Anthropic" },
] as const satisfies readonly Partial<ProviderConfig>[]

test.each(
  TAKES_NONE.flatMap((provider) =>
    CLIENTS.map(([surface, body, where]) => ({ provider, surface, body, where })),
  ).filter(({ provider: { schema }, surface }) => {
    const isSame = schema === "Anthropic" && surface === "anthropic-messages"
    return !isSame && !(schema === "OpenAI" && surface === "openai-chat")
  }),
)("$surface to $provider.schema is refused by name", ({ provider, surface, body, where }) => {
  const { sent, answer } = ask(surface, body, provider)
  expect(sent).toBe("")
  expect(answer).toContain(`${where} cannot be said to provider one`)
  expect(answer).toContain("as something that the model said")
})
