/** Thoughts go back to the provider that signed them, and to no other, whoever answered before. */
import { describe, expect, test } from "vitest"
import { tagSignature } from "#proxy/exchange/signatures.ts"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { type Act, createWorld, startChat } from "./world.test-data.ts"

type Column = keyof typeof UPSTREAMS

const UPSTREAMS = {
  anthropic: { provider: { schema: "Anthropic" }, model: "claude-sonnet-4-5" },
  vertex: {
    provider: {
      schema: "VertexAI",
      options: { schema: "VertexAI", project: "p-1", location: "global" },
    },
    model: "claude-opus-4-6",
  },
  bedrock: {
    provider: { schema: "Bedrock", options: { schema: "Bedrock", region: "eu-central-1" } },
    model: "anthropic.claude-opus-4-6-v1",
  },
  gemini: { provider: { schema: "Gemini" }, model: "gemini-3-pro" },
  openai: { provider: { schema: "OpenAI", vendor: "OpenAI" }, model: "gpt-5" },
  plain: { provider: { schema: "OpenAI", vendor: "DeepSeek" }, model: "deep" },
} as const

const CLAUDES = "RXJVQkNr+/8="
const GOOGLES = "Q2lRQjN0"

const ANSWERS: Readonly<Partial<Record<Column, object>>> = {
  anthropic: {
    id: "msg_1",
    content: [
      { type: "thinking", thinking: "Hm", signature: CLAUDES },
      { type: "redacted_thinking", data: "aGlkZGVu" },
      { type: "tool_use", id: "toolu_1", name: "look", input: {} },
    ],
    stop_reason: "tool_use",
    usage: { input_tokens: 1, output_tokens: 1 },
  },
  gemini: {
    responseId: "r1",
    candidates: [
      {
        content: {
          parts: [
            { text: "Hm", thought: true },
            { functionCall: { name: "look", args: {} }, thoughtSignature: GOOGLES },
          ],
        },
        finishReason: "STOP",
      },
    ],
    usageMetadata: { promptTokenCount: 1, candidatesTokenCount: 1, totalTokenCount: 2 },
  },
  plain: {
    id: "c1",
    choices: [
      {
        index: 0,
        message: { role: "assistant", content: "Hi", reasoning_content: "Hm" },
        finish_reason: "stop",
      },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  },
}

function exchange(surface: ModelSurfaceName, column: Column, fields: object, acts: readonly Act[]) {
  const world = createWorld({ scripts: [acts] })
  const { provider, model } = UPSTREAMS[column]
  const rule = makeRule({ backends: [makeBackend("one", { model })] })
  startChat(world, {
    surface: SURFACES[surface],
    runtime: makeRuntime({
      providers: { one: makeProvider("one", { pathPrefix: "", ...provider }) },
      routes: [
        { name: "search/chat", rules: [{ ...rule, retry: { ...rule.retry, attempts: 1 } }] },
      ],
    }),
    body: surface === "gemini-generate" ? fields : { model: "smart", ...fields },
    raw: { path: "/v1beta/models/smart:generateContent" },
  })
  world.advance(10)
  return world
}

/** What the client of `surface` gets from that upstream. */
function answerOf(surface: ModelSurfaceName, column: Column, fields: object) {
  const { client } = exchange(surface, column, fields, [
    { head: 200, headers: { "content-type": "application/json" } },
    { data: JSON.stringify(ANSWERS[column]) },
    { end: true },
  ])
  expect(client.status).toBe(200)
  return JSON.parse(client.body)
}

/** What that upstream is asked. */
function askedOf(surface: ModelSurfaceName, column: Column, fields: object): string {
  const { requests, client } = exchange(surface, column, fields, [{ head: 500 }, { end: true }])
  const [request] = requests
  if (request === undefined) throw new Error(client.body)
  const { body } = request
  return typeof body === "string" ? body : new TextDecoder().decode(body)
}

const HELLO = { role: "user", content: "Hello" }

describe("a client of Anthropic's gives back", () => {
  const messages = (first: Column) => {
    const { content } = answerOf("anthropic-messages", first, { max_tokens: 9, messages: [HELLO] })
    const uses = content.filter(({ type }: { type: string }) => type === "tool_use")
    const results = uses.map(({ id }: { id: string }) => ({ type: "tool_result", tool_use_id: id }))
    const next = results.length === 0 ? "Go on" : results
    return {
      max_tokens: 9,
      messages: [HELLO, { role: "assistant", content }, { role: "user", content: next }],
    }
  }

  test("Google's signature of a call to Google, on the call", () => {
    const asked = JSON.parse(askedOf("anthropic-messages", "gemini", messages("gemini")))
    expect(asked.contents[1].parts).toEqual([
      { functionCall: { name: "look", args: {} }, thoughtSignature: GOOGLES },
    ])
  })

  test.each(["anthropic", "vertex", "bedrock"] as const)(
    "no thought of Google's to %s",
    (column) => {
      const asked = askedOf("anthropic-messages", column, messages("gemini"))
      expect(asked).not.toContain(GOOGLES)
      expect(asked).not.toContain("Hm")
      expect(asked).toContain("look")
    },
  )

  test.each(["anthropic", "vertex", "bedrock"] as const)("no unsigned thought to %s", (column) => {
    const asked = askedOf("anthropic-messages", column, messages("plain"))
    expect(asked).not.toMatch(/thinking|Hm|sidegate/)
    expect(asked).toContain("Hi")
  })

  test("Anthropic's own to Anthropic's models everywhere, and not to Google", () => {
    const bytes = askedOf("anthropic-messages", "anthropic", messages("anthropic"))
    expect(JSON.parse(bytes).messages[1].content).toEqual(
      (ANSWERS.anthropic as { content: unknown }).content,
    )
    expect(askedOf("anthropic-messages", "bedrock", messages("anthropic"))).toContain(CLAUDES)
    const google = askedOf("anthropic-messages", "gemini", messages("anthropic"))
    expect(google).not.toContain(CLAUDES)
    expect(google).toContain("skip_thought_signature_validator")
  })
})

describe("a client of OpenAI's Responses gives back", () => {
  const input = (first: Column) => {
    const { output } = answerOf("openai-responses", first, { input: "Hello" })
    const [call] = output.filter(({ type }: { type: string }) => type === "function_call")
    const result = { type: "function_call_output", call_id: call.call_id, output: "ok" }
    return { input: [{ role: "user", content: "Hello" }, ...output, result] }
  }

  test("each its own", () => {
    const claude = JSON.parse(askedOf("openai-responses", "anthropic", input("anthropic")))
    expect(claude.messages[1].content).toEqual((ANSWERS.anthropic as { content: unknown }).content)
    const google = JSON.parse(askedOf("openai-responses", "gemini", input("gemini")))
    expect(google.contents[1].parts).toEqual([
      { functionCall: { name: "look", args: {} }, thoughtSignature: GOOGLES },
    ])
    expect(askedOf("openai-responses", "anthropic", input("gemini"))).not.toContain(GOOGLES)
    expect(askedOf("openai-responses", "gemini", input("anthropic"))).not.toContain(CLAUDES)
  })

  test("no other's to OpenAI, which would refuse all of it", () => {
    for (const column of ["anthropic", "gemini"] as const) {
      const asked = JSON.parse(askedOf("openai-responses", "openai", input(column)))
      expect(asked.input.map(({ type = "message" }) => type)).toEqual([
        "message",
        "function_call",
        "function_call_output",
      ])
    }
    const { output } = answerOf("openai-responses", "plain", { input: "Hello" })
    const said = { input: [...output, { role: "user", content: "Hi" }], store: false }
    expect(askedOf("openai-responses", "openai", said)).not.toContain("reasoning")
    expect(askedOf("openai-responses", "anthropic", said)).not.toContain("sidegate")
  })

  test("OpenAI's own to nobody else", () => {
    const item = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "Z0FBQUE=" }
    const said = {
      input: [{ role: "user", content: "Hello" }, item, { role: "user", content: "Hi" }],
    }
    for (const column of ["anthropic", "bedrock", "gemini"] as const) {
      expect(askedOf("openai-responses", column, said)).not.toContain("Z0FBQUE=")
    }
  })
})

describe("a client of Google's gives back", () => {
  const contents = (parts: readonly object[]) => {
    const user = { role: "user", parts: [{ text: "Hello" }] }
    return { contents: [user, { role: "model", parts }, user] }
  }

  test("Anthropic's thoughts as they came, also from SDKs that write bytes anew", () => {
    const { candidates } = answerOf("gemini-generate", "anthropic", contents([{ text: "Hi" }]))
    const { parts } = candidates[0].content
    const url = JSON.stringify(parts).replaceAll("+", "-").replaceAll("/", "_")
    for (const given of [parts, JSON.parse(url)]) {
      const asked = JSON.parse(askedOf("gemini-generate", "bedrock", contents(given)))
      expect(asked.messages[1].content.slice(0, 2)).toEqual([
        { reasoningContent: { reasoningText: { text: "Hm", signature: CLAUDES } } },
        { reasoningContent: { redactedContent: "aGlkZGVu" } },
      ])
    }
    for (const { thoughtSignature } of parts) {
      if (thoughtSignature !== undefined) expect(() => atob(thoughtSignature)).not.toThrow()
    }
  })

  test("no thought of Anthropic's to Google, and all else as it stands", () => {
    const own = { text: "Hm", thought: true, thoughtSignature: GOOGLES }
    const [thought] = answerOf("gemini-generate", "anthropic", contents([{ text: "Hi" }]))
      .candidates[0].content.parts
    const asked = askedOf("gemini-generate", "gemini", contents([thought, own, { text: "1.50" }]))
    expect(asked).toBe(JSON.stringify(contents([own, { text: "1.50" }])))
  })

  test("Google's own not to Anthropic's models", () => {
    const own = [{ text: "Hm", thought: true, thoughtSignature: GOOGLES }, { text: "Hi" }]
    expect(askedOf("gemini-generate", "anthropic", contents(own))).not.toContain(GOOGLES)
  })
})

test("a tag is nothing that a provider signs with, and whole bytes in base64", () => {
  for (const signer of ["anthropic", "hidden", "nobody", "google", "openai"] as const) {
    expect(tagSignature(signer, "")).toMatch(/^[a-z0-9]{16}$/)
  }
})
