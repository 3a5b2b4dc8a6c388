/**
 * Requests that gateways and SDKs were reported to break, each told to the provider that refused
 * it: what it is sent now is what its documentation says that it takes.
 */
import { describe, expect, test } from "vitest"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { createWorld, startChat } from "./world.test-data.ts"

interface Upstream {
  readonly provider: Partial<ProviderConfig>
  readonly model: string
}

const BEDROCK: Partial<ProviderConfig> = {
  schema: "Bedrock",
  options: { schema: "Bedrock", region: "eu-central-1" },
}
const VERTEX: Partial<ProviderConfig> = {
  schema: "VertexAI",
  options: { schema: "VertexAI", project: "acme", location: "eu" },
}
const at = (provider: Partial<ProviderConfig>, model: string): Upstream => ({ provider, model })
const claude = (model: string) => at({ schema: "Anthropic" }, model)
const gemini = (model: string) => at({ schema: "Gemini" }, model)
const gpt = (model: string) => at({ vendor: "OpenAI" }, model)
const vendor = (name: "Mistral" | "DeepSeek" | "Groq") => at({ vendor: name }, "served")
const NOVA = at(BEDROCK, "eu.amazon.nova-pro-v1:0")
const BEDROCK_CLAUDE = at(BEDROCK, "eu.anthropic.claude-sonnet-4-5-20250929-v1:0")

function tell(
  surface: ModelSurfaceName,
  { provider, model }: Upstream,
  fields: object,
  headers: Readonly<Record<string, string>> = {},
) {
  const world = createWorld({ scripts: [[{ head: 500 }, { end: true }]] })
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
    raw: { path: "/v1beta/models/smart:generateContent", headers },
  })
  const [request] = world.requests
  if (request === undefined) return { body: {}, headers: [], refusal: world.client.body }
  const { body } = request
  const text = typeof body === "string" ? body : new TextDecoder().decode(body)
  return { body: JSON.parse(text), headers: request.headers, refusal: "" }
}

const HELLO = { role: "user", content: "Hello" }
const MESSAGES = { max_tokens: 32_000, messages: [HELLO] }
const TOOL = { type: "function", function: { name: "look", parameters: { type: "object" } } }
const CALLED = [
  HELLO,
  {
    role: "assistant",
    content: null,
    tool_calls: [{ id: "a", type: "function", function: { name: "look", arguments: "{}" } }],
  },
  { role: "tool", tool_call_id: "a", content: "a cat" },
]

describe("a system prompt", () => {
  test("alone is what is asked, where a conversation must have a turn", () => {
    const messages = [{ role: "system", content: "Tell a joke." }]
    expect(tell("openai-chat", claude("claude-opus-5"), { messages }).body.messages).toEqual([
      { role: "user", content: "Tell a joke." },
    ])
    expect(tell("openai-chat", gemini("gemini-3-pro"), { messages }).body.contents).toEqual([
      { role: "user", parts: [{ text: "Tell a joke." }] },
    ])
  })

  const BETWEEN = [HELLO, { role: "system", content: "Be brief." }]

  test("between turns stays a system's turn at Claude Opus 4.8, behind a user's", () => {
    const { messages } = tell("openai-chat", claude("claude-opus-4-8"), { messages: BETWEEN }).body
    expect(messages).toEqual([HELLO, { role: "system", content: "Be brief." }])
  })

  test.each(["claude-sonnet-4-5", "claude-opus-4-6"])("is a user's before that: %s", (model) => {
    const { messages } = tell("openai-chat", claude(model), { messages: BETWEEN }).body
    expect(messages).toMatchObject([
      { role: "user", content: [{ text: "Hello" }, { text: /<system-reminder>\nBe brief./ }] },
    ])
  })

  test("is without Claude Code's line for its bills, which no cache would find again", () => {
    const bill = "x-anthropic-billing-header: cc_version=2.1.37.0d9; cch=fa690;"
    const system = [bill, "Be kind."].map((text) => ({ type: "text", text }))
    const { body } = tell("anthropic-messages", gpt("gpt-5"), { ...MESSAGES, system })
    expect(body.messages[0]).toEqual({ role: "system", content: "Be kind." })
  })

  test("of several texts is one text for vendors that want no list", () => {
    const system = ["Be kind.", "Be brief."].map((text) => ({ type: "text", text }))
    const told = (one: Upstream) =>
      tell("anthropic-messages", one, { ...MESSAGES, system }).body.messages[0].content
    expect(told(vendor("DeepSeek"))).toBe("Be kind.\n\nBe brief.")
    expect(told(gpt("gpt-5"))).toHaveLength(2)
  })
})

describe("thinking", () => {
  const think = { thinking: { type: "enabled", budget_tokens: 31_999 } }

  test.each([
    ["gemini-2.5-flash", 24_576],
    ["gemini-2.5-pro", 31_999],
  ])("has a budget within what %s takes", (model, thinkingBudget) => {
    const { body } = tell("anthropic-messages", gemini(model), { ...MESSAGES, ...think })
    expect(body.generationConfig.thinkingConfig).toMatchObject({ thinkingBudget })
  })

  test("is not told to models that never think", () => {
    const wish = { ...MESSAGES, ...think }
    expect(
      tell("anthropic-messages", gemini("gemini-2.0-flash"), wish).body.generationConfig,
    ).toEqual({
      maxOutputTokens: 32_000,
    })
    expect(tell("anthropic-messages", gpt("gpt-4.1"), wish).body).not.toHaveProperty(
      "reasoning_effort",
    )
    expect(tell("anthropic-messages", NOVA, wish).refusal).toBe("")
  })

  test.each([
    ["gpt-5", "minimal"],
    ["gpt-5.1", "none"],
    ["o4-mini", "low"],
    ["gpt-5-codex", "low"],
  ])("switched off is what %s takes of that", (model, effort) => {
    const off = { ...MESSAGES, thinking: { type: "disabled" } }
    expect(tell("anthropic-messages", gpt(model), off).body.reasoning_effort).toBe(effort)
  })

  test.each([
    ["gpt-5", "high"],
    ["gpt-5.2", "xhigh"],
    ["gpt-5.6", "max"],
    ["deployment", "high"],
  ])("of the highest effort is what %s takes of that", (model, effort) => {
    const most = { ...MESSAGES, thinking: { type: "adaptive" }, output_config: { effort: "max" } }
    expect(tell("anthropic-messages", gpt(model), most).body.reasoning_effort).toBe(effort)
  })

  test("switched off is as little as it can at models that always think", () => {
    const off = { messages: [HELLO], reasoning_effort: "none" }
    const configAt = (model: string) =>
      tell("openai-chat", gemini(model), off).body.generationConfig.thinkingConfig
    expect(configAt("gemini-2.5-pro")).toEqual({ thinkingBudget: 128 })
    expect(configAt("gemini-3-pro")).toEqual({ thinkingLevel: "low" })
    expect(configAt("gemini-3-flash")).toEqual({ thinkingLevel: "minimal" })
  })

  test("is left out where the calls under way were made without a thought", () => {
    const wish = { messages: CALLED, tools: [TOOL], reasoning_effort: "high" }
    for (const upstream of [claude("claude-sonnet-4-5"), BEDROCK_CLAUDE]) {
      const { body } = tell("openai-chat", upstream, wish)
      expect(JSON.stringify(body)).not.toContain("budget_tokens")
    }
    const fresh = { ...wish, messages: [HELLO] }
    expect(tell("openai-chat", claude("claude-sonnet-4-5"), fresh).body.thinking).toBeDefined()
  })

  test("is left out where a call is demanded", () => {
    const wish = {
      messages: [HELLO],
      tools: [TOOL],
      tool_choice: "required",
      reasoning_effort: "high",
    }
    expect(tell("openai-chat", claude("claude-opus-4-6"), wish).body).not.toHaveProperty("thinking")
  })

  test.each([
    { thinking: { type: "enabled", budget_tokens: 2048 } },
    { reasoning: { max_tokens: 2048 } },
  ])("is read in a chat as clients of other models write it: %j", (fields) => {
    const wish = { messages: [HELLO], max_tokens: 9000, ...fields }
    expect(tell("openai-chat", claude("claude-sonnet-4-5"), wish).body.thinking).toEqual({
      type: "enabled",
      budget_tokens: 2048,
    })
  })
})

describe("a limit that the client's shape demands", () => {
  test.each([
    ["gpt-4o", 16_384],
    ["gpt-4.1-mini", 32_000],
    ["gpt-5", 32_000],
  ])("is no higher than that of %s", (model, limit) => {
    expect(tell("anthropic-messages", gpt(model), MESSAGES).body.max_completion_tokens).toBe(limit)
  })

  test("is no higher than that of an older Claude", () => {
    const wish = { messages: [HELLO], max_tokens: 32_000 }
    const limitAt = (model: string) => tell("openai-chat", claude(model), wish).body.max_tokens
    expect(limitAt("claude-3-5-sonnet-20241022")).toBe(8192)
    expect(limitAt("claude-opus-4-6")).toBe(32_000)
  })
})

describe("schemas at Anthropic's models", () => {
  const properties = {
    age: { type: "integer", minimum: 0, maximum: 150, description: "Years" },
    tags: { type: "array", items: { type: "string", minLength: 1 }, minItems: 1, maxItems: 5 },
    either: { oneOf: [{ type: "string", format: "phone" }, { type: "null" }] },
  }
  const schema = { type: "object", properties, required: ["age"] }
  const want = {
    type: "object",
    properties: {
      age: { type: "integer", description: "Years\n\n{minimum: 0, maximum: 150}" },
      tags: {
        type: "array",
        items: { type: "string", description: "{minLength: 1}" },
        minItems: 1,
        description: "{maxItems: 5}",
      },
      either: { anyOf: [{ type: "string", description: '{format: "phone"}' }, { type: "null" }] },
    },
    required: ["age"],
    additionalProperties: false,
  }
  const wish = {
    messages: [HELLO],
    response_format: { type: "json_schema", json_schema: { name: "person", schema } },
  }

  test("are closed, and their limits told in words", () => {
    const { body } = tell("openai-chat", claude("claude-opus-4-6"), wish)
    expect(body.output_config.format.schema).toEqual(want)
  })

  test("on Bedrock too, and another model's stay as they are", () => {
    const told = (one: Upstream) => {
      const { textFormat } = tell("openai-chat", one, wish).body.outputConfig
      return JSON.parse(textFormat.structure.jsonSchema.schema)
    }
    expect(told(BEDROCK_CLAUDE)).toEqual(want)
    expect(told(NOVA)).toEqual(schema)
  })

  test("of strict tools are the same, and of others untouched", () => {
    const toolOf = (strict: boolean) => {
      const tools = [{ type: "function", function: { name: "look", parameters: schema, strict } }]
      const { body } = tell("openai-chat", claude("claude-opus-4-6"), { messages: [HELLO], tools })
      return body.tools[0].input_schema
    }
    expect(toolOf(true)).toEqual(want)
    expect(toolOf(false)).toEqual(schema)
  })
})

describe("schemas elsewhere", () => {
  const schema = {
    type: "object",
    properties: { a: { $ref: "#/$defs/A", description: "An a" }, b: { $ref: "#/$defs/A" } },
    $defs: { A: { type: "string" } },
    additionalProperties: false,
    required: ["a"],
  }
  const parameters = { input_schema: schema, name: "look", strict: true }

  test("have nothing beside a reference at Gemini", () => {
    const wish = { ...MESSAGES, tools: [parameters] }
    const { body } = tell("anthropic-messages", gemini("gemini-3-pro"), wish)
    const [declaration] = body.tools[0].functionDeclarations
    expect(declaration.parametersJsonSchema.properties).toEqual({
      a: { description: "An a", anyOf: [{ $ref: "#/$defs/A" }] },
      b: { $ref: "#/$defs/A" },
    })
  })

  test("are strict at OpenAI where it can keep to them strictly", () => {
    const strictOf = (required: readonly string[]) => {
      const input_schema = { ...schema, required }
      const output_config = { format: { type: "json_schema", schema: input_schema } }
      const tools = [{ ...parameters, input_schema }]
      const wish = { ...MESSAGES, tools, output_config }
      const { body } = tell("anthropic-messages", gpt("gpt-5"), wish)
      return [body.tools[0].function.strict, body.response_format.json_schema.strict]
    }
    expect(strictOf(["a", "b"])).toEqual([true, true])
    expect(strictOf(["a"])).toEqual([undefined, false])
  })
})

describe("a tool's schema without a type", () => {
  const input_schema = { properties: { a: { type: "string" } }, required: ["a"] }
  const wish = { ...MESSAGES, tools: [{ name: "look", input_schema }] }
  const typed = { type: "object", ...input_schema }

  test("is one of an object, where the type must be said", () => {
    expect(
      tell("anthropic-messages", gpt("gpt-5"), wish).body.tools[0].function.parameters,
    ).toEqual(typed)
    const [tool] = tell("anthropic-messages", BEDROCK_CLAUDE, wish).body.toolConfig.tools
    expect(tool.toolSpec.inputSchema.json).toEqual(typed)
  })
})

describe("media", () => {
  const data = (mimeType: string, text: string) => ({
    inlineData: { mimeType, data: Buffer.from(text).toString("base64") },
  })
  const ask = (...parts: readonly object[]) => ({ contents: [{ role: "user", parts }] })

  test("of text are texts, where files are PDF alone", () => {
    const wish = ask({ text: "Read" }, data("text/csv", "a,b\n1,ü"))
    expect(
      tell("gemini-generate", claude("claude-opus-4-6"), wish).body.messages[0].content[1],
    ).toEqual({
      type: "document",
      source: { type: "text", media_type: "text/plain", data: "a,b\n1,ü" },
    })
    expect(tell("gemini-generate", gpt("gpt-5"), wish).body.messages[0].content).toMatchObject([
      { text: "Read" },
      { type: "text", text: "a,b\n1,ü" },
    ])
  })

  test("have the names of their types that a provider takes", () => {
    const sound = tell("gemini-generate", gpt("gpt-audio"), ask(data("audio/mpeg", "x"))).body
    expect(sound.messages[0].content[0].input_audio.format).toBe("mp3")
    const image = ask({ text: "See" }, data("image/jpg", "x"))
    const { content } = tell("gemini-generate", claude("claude-opus-4-6"), image).body.messages[0]
    expect(content[1].source.media_type).toBe("image/jpeg")
  })

  test("of a tool of Responses, in their original detail, are seen in high detail", () => {
    const image_url = "data:image/png;base64,iVBORw0KGgo="
    const output = [{ type: "input_image", image_url, detail: "original" }]
    const input = [
      { role: "user", content: "Look" },
      { type: "function_call", call_id: "a", name: "look", arguments: "{}" },
      { type: "function_call_output", call_id: "a", output },
    ]
    const told = tell("openai-responses", vendor("Mistral"), { input, store: false }).body.messages
    expect(told.at(-1).content[1].image_url.detail).toBe("high")
  })

  test("that are documents stand beside a text at Bedrock", () => {
    const { content } = tell("gemini-generate", NOVA, ask(data("application/pdf", "%PDF"))).body
      .messages[0]
    expect(content).toMatchObject([{ document: { format: "pdf" } }, { text: "See the document." }])
  })
})

describe("a JSON object of any form", () => {
  const wish = { messages: [HELLO], response_format: { type: "json_object" } }

  test("is the arguments of the one tool that Claude must call", () => {
    const { body } = tell("openai-chat", claude("claude-opus-4-6"), wish)
    expect(body.tools).toMatchObject([{ name: "answer_with_json" }])
    expect(body.tool_choice).toEqual({ type: "tool", name: "answer_with_json" })
    const { toolConfig } = tell("openai-chat", BEDROCK_CLAUDE, wish).body
    expect(toolConfig.toolChoice).toEqual({ tool: { name: "answer_with_json" } })
  })

  test("is refused by name beside tools of the client's own", () => {
    const { refusal } = tell("openai-chat", claude("claude-opus-4-6"), { ...wish, tools: [TOOL] })
    expect(refusal).toContain("response_format cannot be said to provider one")
  })
})

describe("what SDKs of Responses write by themselves", () => {
  test("refuses nothing", () => {
    const wish = {
      input: "Hello",
      truncation: "auto",
      include: ["web_search_call.action.sources", "reasoning.encrypted_content"],
    }
    expect(tell("openai-responses", gemini("gemini-3-pro"), wish).refusal).toBe("")
  })
})

describe("thoughts of a chat", () => {
  const thinking_blocks = [{ type: "thinking", thinking: "Hm.", signature: "c2ln" }]
  const messages = [HELLO, { role: "assistant", content: "Hi", thinking_blocks }, HELLO]

  test("go back to Claude as LiteLLM's clients keep them", () => {
    const { body } = tell("openai-chat", claude("claude-sonnet-4-5"), { messages })
    expect(body.messages[1].content).toEqual([
      { type: "thinking", thinking: "Hm.", signature: "c2ln" },
      { type: "text", text: "Hi" },
    ])
  })

  test("go back to models that want them, at a server of unknown make", () => {
    const said = {
      role: "assistant",
      content: [
        { type: "thinking", thinking: "Hm.", signature: "sidegate0nobody0" },
        { type: "text", text: "Hi" },
      ],
    }
    const told = (model: string) => {
      const wish = { max_tokens: 9, messages: [HELLO, said, HELLO] }
      return tell("anthropic-messages", at({}, model), wish).body.messages[1]
    }
    expect(told("kimi-k2.6")).toMatchObject({ content: "Hi", reasoning_content: "Hm." })
    expect(told("llama-4")).toEqual({ role: "assistant", content: "Hi" })
  })
})

describe("an hour in the cache", () => {
  const cache_control = { type: "ephemeral", ttl: "1h" }
  const system = [{ type: "text", text: "Be kind.", cache_control }]

  test.each([
    ["eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "1h"],
    ["eu.anthropic.claude-opus-5", "1h"],
    ["eu.anthropic.claude-sonnet-4-20250514-v1:0", undefined],
    ["us.anthropic.claude-opus-4-1-20250805-v1:0", undefined],
    ["us.amazon.nova-pro-v1:0", undefined],
  ])("is asked for of Bedrock's models that have it: %s", (model, ttl) => {
    const { body } = tell("anthropic-messages", at(BEDROCK, model), { ...MESSAGES, system })
    expect(body.system[1].cachePoint.ttl).toBe(ttl)
  })
})

describe("earlier calls without their tools", () => {
  test("are texts at Bedrock, which takes no call without its tool", () => {
    const { body } = tell("openai-chat", BEDROCK_CLAUDE, { messages: CALLED })
    expect(body).not.toHaveProperty("toolConfig")
    expect(body.messages.slice(1)).toEqual([
      { role: "assistant", content: [{ text: "[Called look with {}]" }] },
      { role: "user", content: [{ text: "[look gave:]" }, { text: "a cat" }] },
    ])
  })
})

describe("a user's word behind a result", () => {
  const blocks = [
    { type: "tool_result", tool_use_id: "a", content: "a cat" },
    { type: "text", text: "Go on." },
  ]
  const messages = [
    HELLO,
    { role: "assistant", content: [{ type: "tool_use", id: "a", name: "look", input: {} }] },
    { role: "user", content: blocks },
  ]
  const rolesAt = (one: Upstream) =>
    tell("anthropic-messages", one, { max_tokens: 9, messages }).body.messages.map(
      ({ role }: { role: string }) => role,
    )

  test("has the assistant's before it at Mistral, which refuses the two together", () => {
    expect(rolesAt(vendor("Mistral"))).toEqual(["user", "assistant", "tool", "assistant", "user"])
    expect(rolesAt(vendor("Groq"))).toEqual(["user", "assistant", "tool", "user"])
  })
})

describe("who the user is", () => {
  test("has 64 characters at most at OpenAI", () => {
    const user_id = `user_${"0f".repeat(32)}_account__session_f1b1`
    const { body } = tell("anthropic-messages", gpt("gpt-5"), {
      ...MESSAGES,
      metadata: { user_id },
    })
    expect(body.user).toBe(user_id.slice(0, 64))
  })

  test.each(["ann@acme.example", "+49 170 1234567"])("is not told to Anthropic as %s", (user) => {
    const { body } = tell("openai-chat", claude("claude-opus-4-6"), { messages: [HELLO], user })
    expect(body).not.toHaveProperty("metadata")
  })
})

describe("Anthropic's models refuse", () => {
  const CLAUDES = [claude("claude-sonnet-4-5"), BEDROCK_CLAUDE]

  test.each(CLAUDES)("a stop of white space, which is said by name: $model", (upstream) => {
    const { refusal } = tell("openai-chat", upstream, { messages: [HELLO], stop: ["\n"] })
    expect(refusal).toContain("stop cannot be said to provider one")
  })

  test.each(CLAUDES)("a beginning that ends in white space: $model", (upstream) => {
    const messages = [HELLO, { role: "assistant", content: "I say: \n" }]
    const { body } = tell("openai-chat", upstream, { messages })
    expect(JSON.stringify(body.messages.at(-1))).toContain('"I say:"')
  })
})

describe("a name of a participant", () => {
  const say = (name: string, content: string) => ({ role: "user", name, content })

  test("tells nobody apart where it is the only one", () => {
    const { messages } = tell("openai-chat", claude("claude-opus-4-6"), {
      messages: [say("ann", "Hello")],
    }).body
    expect(messages).toEqual([HELLO])
  })

  test("begins what each of several says", () => {
    const { contents } = tell("openai-chat", gemini("gemini-3-pro"), {
      messages: [say("ann", "Hello"), say("bob", "Hi")],
    }).body
    expect(contents).toEqual([
      { role: "user", parts: [{ text: "ann: Hello" }, { text: "bob: Hi" }] },
    ])
  })
})

describe("a choice among some of the tools", () => {
  const other = { type: "function", function: { name: "other" } }
  const allowed_tools = {
    mode: "required",
    tools: [{ type: "function", function: { name: "look" } }],
  }

  test("shows these alone", () => {
    const { body } = tell("openai-chat", claude("claude-opus-4-6"), {
      messages: [HELLO],
      tools: [TOOL, other],
      tool_choice: { type: "allowed_tools", allowed_tools },
    })
    expect(body.tools).toMatchObject([{ name: "look" }])
    expect(body.tool_choice).toEqual({ type: "any" })
  })
})

describe("what Gemini's command line writes into every request", () => {
  const wish = {
    contents: [{ role: "user", parts: [{ text: "Hello" }] }],
    generationConfig: { temperature: 1, topP: 0.95, topK: 64 },
    safetySettings: [{ category: "HARM_CATEGORY_HARASSMENT", threshold: "BLOCK_NONE" }],
  }

  test("is what its models do anyway, and refuses nothing elsewhere", () => {
    const { body, refusal } = tell("gemini-generate", gpt("gpt-5"), wish)
    expect(refusal).toBe("")
    expect(body).not.toHaveProperty("top_p")
  })

  test("another number is a wish, and another threshold a rule", () => {
    const generationConfig = { topK: 7 }
    expect(tell("gemini-generate", gpt("gpt-5"), { ...wish, generationConfig }).refusal).toContain(
      "topK",
    )
    const safetySettings = [{ category: "C", threshold: "BLOCK_LOW_AND_ABOVE" }]
    expect(tell("gemini-generate", gpt("gpt-5"), { ...wish, safetySettings }).refusal).toContain(
      "safetySettings",
    )
  })
})

describe("betas of Anthropic's", () => {
  const betas =
    "claude-code-20250219,interleaved-thinking-2025-05-14,prompt-caching-scope-2026-01-05," +
    "advanced-tool-use-2025-11-20"
  const sent = (upstream: Upstream, value: string) => {
    const { headers } = tell("anthropic-messages", upstream, MESSAGES, { "anthropic-beta": value })
    const place = headers.indexOf("anthropic-beta")
    return place < 0 ? null : headers[place + 1]
  }

  test("go to Vertex AI as far as it takes them", () => {
    const vertex = at(VERTEX, "claude-opus-4-6")
    expect(sent(vertex, betas)).toBe("interleaved-thinking-2025-05-14,tool-search-tool-2025-10-19")
    expect(sent(vertex, "claude-code-20250219")).toBeNull()
  })

  test("which Vertex AI has not leave nothing of theirs in the body", () => {
    const cache_control = { type: "ephemeral", scope: "global" }
    const system = [
      { type: "text", text: "Be kind.", cache_control },
      { type: "text", text: "Be brief.", cache_control: { scope: "global", type: "ephemeral" } },
      { type: "text", text: "Be brave.", cache_control: { scope: "global" } },
    ]
    const wish = { ...MESSAGES, system }
    const { body } = tell("anthropic-messages", at(VERTEX, "claude-opus-4-6"), wish)
    expect(body.system).toEqual([
      { type: "text", text: "Be kind.", cache_control: { type: "ephemeral" } },
      { type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } },
      { type: "text", text: "Be brave.", cache_control: {} },
    ])
  })

  test("go to Anthropic as they are", () => {
    expect(sent(claude("claude-opus-4-6"), betas)).toBe(betas)
  })
})
