/**
 * What a provider is told is what it takes: each row is a request that its public API refused, or
 * took for something else, as it was written before.
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
const CLAUDE: Upstream = { provider: { schema: "Anthropic" }, model: "claude-sonnet-4-5" }
const BEDROCK_CLAUDE: Upstream = { provider: BEDROCK, model: "eu.anthropic.claude-opus-5" }
const GEMINI: Upstream = { provider: { schema: "Gemini" }, model: "gemini-2.5-flash" }
const GPT: Upstream = { provider: { schema: "OpenAI", vendor: "OpenAI" }, model: "gpt-4o" }
const MISTRAL: Upstream = { provider: { schema: "OpenAI", vendor: "Mistral" }, model: "large" }
const COHERE: Upstream = { provider: { schema: "Cohere" }, model: "command-a" }
const OTHERS: readonly Upstream[] = [CLAUDE, BEDROCK_CLAUDE, GEMINI, COHERE]

/** Path and body of what the upstream got; the client's answer where nothing was sent. */
function tell(surface: ModelSurfaceName, { provider, model }: Upstream, fields: object) {
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
    raw: { path: "/v1beta/models/smart:generateContent" },
  })
  const [request] = world.requests
  if (request === undefined) return { path: "", body: {}, refusal: world.client.body }
  const { path, body } = request
  const text = typeof body === "string" ? body : new TextDecoder().decode(body)
  return { path, body: JSON.parse(text), refusal: "" }
}

const HELLO = { role: "user", content: "Hello" }
const CHAT = { messages: [HELLO] }
const MESSAGES = { max_tokens: 2000, messages: [HELLO] }

describe("a default that a client writes down is no wish", () => {
  const defaults = { frequency_penalty: 0, presence_penalty: 0.0, logit_bias: {}, n: 1 }

  test.each(OTHERS)("in a chat, to $model", (upstream) => {
    const said = { ...defaults, store: false, verbosity: "medium", tool_choice: "auto" }
    const { body, refusal } = tell("openai-chat", upstream, { ...CHAT, ...said })
    expect(refusal).toBe("")
    expect(body).toEqual(tell("openai-chat", upstream, CHAT).body)
  })

  test("in a completion", () => {
    const said = { ...defaults, best_of: 1, echo: false, temperature: 1, top_p: 1 }
    const { body } = tell("openai-completions", CLAUDE, { prompt: "Hello", ...said })
    expect(body).toEqual({ model: "claude-sonnet-4-5", max_tokens: 16, messages: [HELLO] })
    const { refusal } = tell("openai-completions", CLAUDE, { prompt: "Hello", best_of: 2 })
    expect(refusal).toContain("best_of cannot be said to provider one")
  })

  test("but another value is one", () => {
    for (const field of [{ store: true }, { frequency_penalty: 0.1 }, { logit_bias: { "1": 1 } }]) {
      const { refusal } = tell("openai-chat", CLAUDE, { ...CHAT, ...field })
      expect(refusal).toContain(`${Object.keys(field)[0]} cannot be said to provider one`)
    }
  })
})

describe("a choice among no tools", () => {
  const idle = { input: "Hello", tools: [], tool_choice: "auto", parallel_tool_calls: true }

  test.each([...OTHERS, MISTRAL])("is not told to $model", (upstream) => {
    const { body } = tell("openai-responses", upstream, idle)
    expect(JSON.stringify(body)).not.toMatch(/tool(_c|C)hoice|toolConfig|parallel/)
  })

  test("is refused where it asks for a call", () => {
    const asks = { ...MESSAGES, tool_choice: { type: "any" } }
    expect(tell("anthropic-messages", BEDROCK_CLAUDE, asks).refusal).toContain(
      "tool_choice is only taken with tools",
    )
  })
})

test("that no tool shall be called is said to Bedrock by saying none, where that can be", () => {
  const tools = [{ type: "function", function: { name: "ztool" } }]
  const none = { tools, tool_choice: "none" }
  const { body } = tell("openai-chat", BEDROCK_CLAUDE, { ...CHAT, ...none })
  expect(body).not.toHaveProperty("toolConfig")
  const told = tell("openai-chat", BEDROCK_CLAUDE, { ...CALLING, ...none }).body
  expect(told).not.toHaveProperty("toolConfig")
  expect(JSON.stringify(told)).not.toMatch(/toolUse|toolResult/)
})

test("marks for a cache go to models on Bedrock that take them, where they take them", () => {
  const cache_control = { type: "ephemeral" }
  const marked = {
    max_tokens: 9,
    system: [{ type: "text", text: "Be kind.", cache_control }],
    messages: [HELLO],
    tools: [{ name: "ztool", input_schema: { type: "object" }, cache_control }],
  }
  const marksAt = (model: string) =>
    JSON.stringify(tell("anthropic-messages", { provider: BEDROCK, model }, marked).body).match(
      /cachePoint/g,
    )?.length ?? 0
  expect(marksAt(BEDROCK_CLAUDE.model)).toBe(2)
  expect(marksAt("us.amazon.nova-pro-v1:0")).toBe(1)
  expect(marksAt("openai.gpt-oss-120b-1:0")).toBe(0)
})

describe("how much to think", () => {
  test("of Anthropic's own words is said to its models on Bedrock in these words", () => {
    const own = {
      thinking: { type: "adaptive", display: "omitted" },
      output_config: { effort: "max" },
    }
    const profile = "arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/a1b2"
    for (const model of [BEDROCK_CLAUDE.model, profile]) {
      const told = tell("anthropic-messages", { provider: BEDROCK, model }, { ...MESSAGES, ...own })
      expect(told.body.additionalModelRequestFields).toEqual(own)
    }
  })

  test("as an effort alone switches nothing on there", () => {
    const { body } = tell("anthropic-messages", BEDROCK_CLAUDE, {
      ...MESSAGES,
      output_config: { effort: "low" },
    })
    expect(body.additionalModelRequestFields).toEqual({ output_config: { effort: "low" } })
  })

  test("goes up to OpenAI's highest", () => {
    const { body } = tell("openai-chat", BEDROCK_CLAUDE, { ...CHAT, reasoning_effort: "max" })
    expect(body.additionalModelRequestFields.output_config).toEqual({ effort: "max" })
    const own = { ...MESSAGES, output_config: { effort: "max" } }
    const gpt = { ...GPT, model: "gpt-5.6" }
    expect(tell("anthropic-messages", gpt, own).body.reasoning_effort).toBe("max")
  })

  test("not at all is not said to a model of OpenAI's that never does", () => {
    const off = { ...MESSAGES, thinking: { type: "disabled" } }
    for (const model of [
      "gpt-4o",
      "ft:gpt-4.1:acme",
      "openai/gpt-4-turbo",
      "gpt-5.2-chat-latest",
    ]) {
      const { body } = tell("anthropic-messages", { ...GPT, model }, off)
      expect(body).not.toHaveProperty("reasoning_effort")
    }
    const gpt = { ...GPT, model: "gpt-5.1" }
    expect(tell("anthropic-messages", gpt, off).body.reasoning_effort).toBe("none")
  })

  test("the least is what a model of Google's has", () => {
    const least = { ...CHAT, reasoning_effort: "minimal" }
    const levelOf = (model: string) =>
      tell("openai-chat", { ...GEMINI, model }, least).body.generationConfig.thinkingConfig
        .thinkingLevel
    expect(levelOf("gemini-3-flash-preview")).toBe("minimal")
    expect(levelOf("gemini-3.1-pro-preview")).toBe("low")
  })
})

const CALLED = { id: "zcall", type: "function", function: { name: "ztool", arguments: "{}" } }
const CALLS = [
  { ...CALLED, id: "call.1:paris", function: { name: "weather", arguments: '{"c":"Paris"}' } },
  { ...CALLED, id: "call.2:rome", function: { name: "weather", arguments: '{"c":"Rome"}' } },
]
/** Results in another order than their calls. */
const CALLING = {
  messages: [
    HELLO,
    { role: "assistant", content: "\n\n", tool_calls: CALLS },
    { role: "tool", tool_call_id: "call.2:rome", content: "Rome: 20" },
    { role: "tool", tool_call_id: "call.1:paris", content: "" },
  ],
}

describe("results of tools", () => {
  test("stand in the order of their calls where they have no ids", () => {
    const { body } = tell("openai-chat", GEMINI, CALLING)
    expect(body.contents.slice(1)).toEqual([
      {
        role: "model",
        parts: [
          { text: "\n\n" },
          { functionCall: { name: "weather", args: { c: "Paris" } } },
          { functionCall: { name: "weather", args: { c: "Rome" } } },
        ],
      },
      {
        role: "user",
        parts: [
          { functionResponse: { name: "weather", response: { output: "" } } },
          { functionResponse: { name: "weather", response: { output: "Rome: 20" } } },
        ],
      },
    ])
  })

  test("are of the last call with their id", () => {
    const turn = (name: string) => [
      {
        role: "assistant",
        content: null,
        tool_calls: [{ ...CALLED, function: { ...CALLED.function, name } }],
      },
      { role: "tool", tool_call_id: "zcall", content: "done" },
    ]
    const messages = [HELLO, ...turn("first"), ...turn("second")]
    const { body } = tell("openai-chat", GEMINI, { messages })
    const names = body.contents.flatMap(
      ({ parts }: { parts: { functionResponse?: { name: string } }[] }) =>
        parts.flatMap(({ functionResponse }) => functionResponse?.name ?? []),
    )
    expect(names).toEqual(["first", "second"])
    const said = tell("openai-chat", CLAUDE, { messages }).body.messages
    expect(said[1].content[0].id).toBe(said[2].content[0].tool_use_id)
    expect(said[3].content[0].id).toBe(said[4].content[0].tool_use_id)
    expect(said[1].content[0].id).not.toBe(said[3].content[0].id)
  })

  test.each([
    ["Anthropic", CLAUDE, /^[a-zA-Z0-9_-]+$/],
    ["Bedrock", BEDROCK_CLAUDE, /^[a-zA-Z0-9_-]{1,64}$/],
  ] as const)("have ids and texts that %s takes, and blank ones none", (_name, upstream, valid) => {
    const tools = [{ type: "function", function: { name: "a" } }]
    const asked = { ...CALLING, tools }
    const [, assistant, results] = tell("openai-chat", upstream, asked).body.messages
    const ids = (blocks: readonly Record<string, unknown>[]) =>
      blocks.map(
        (block) => JSON.stringify(block).match(/"(?:id|toolUseId|tool_use_id)":"([^"]*)"/)?.[1],
      )
    const [paris, rome] = ids(assistant.content)
    expect(ids(results.content)).toEqual([rome, paris])
    for (const id of [paris, rome]) expect(id).toMatch(valid)
    expect(JSON.stringify([assistant, results])).not.toMatch(/"text":"(\\n|)*"/)
  })

  test("have ids of nine letters and digits at Mistral, whoever made the call", () => {
    const messages = [
      HELLO,
      {
        role: "assistant",
        content: [
          { type: "tool_use", id: "toolu_01A", name: "a", input: {} },
          { type: "tool_use", id: "D681PevKs", name: "b", input: {} },
        ],
      },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_01A", content: "x" }] },
    ]
    const said = tell("anthropic-messages", MISTRAL, { max_tokens: 9, messages }).body.messages
    const [first, second] = said[1].tool_calls
    expect(first.id).toMatch(/^[a-zA-Z0-9]{9}$/)
    expect(said[2].tool_call_id).toBe(first.id)
    expect(second.id).toBe("D681PevKs")
  })

  test("hold pictures, within them since Google's third generation", () => {
    const image = { type: "base64", media_type: "image/png", data: "AAAA" }
    const block = {
      type: "tool_result",
      tool_use_id: "t",
      content: [{ type: "image", source: image }],
    }
    const messages = [
      HELLO,
      { role: "assistant", content: [{ type: "tool_use", id: "t", name: "look", input: {} }] },
      { role: "user", content: [block] },
    ]
    const partsAt = (model: string) =>
      tell("anthropic-messages", { ...GEMINI, model }, { max_tokens: 9, messages }).body.contents[2]
        .parts
    const media = { inlineData: { mimeType: "image/png", data: "AAAA" } }
    const response = { name: "look", response: { output: "" } }
    expect(partsAt("gemini-3-pro")).toEqual([{ functionResponse: { ...response, parts: [media] } }])
    const next = { output: "What it gave is in the next message." }
    expect(partsAt("gemini-2.5-pro")).toEqual([
      { functionResponse: { name: "look", response: next } },
      { text: "look (call t) gave:" },
      media,
    ])
  })
})

test("a turn of calls that nobody signed is marked so since Google's third generation", () => {
  const signaturesAt = (model: string, more: object = {}) => {
    const [first, second] = CALLS
    const messages = [
      HELLO,
      { role: "assistant", content: null, tool_calls: [{ ...first, ...more }, second] },
    ]
    const { body } = tell("openai-chat", { ...GEMINI, model }, { messages })
    return body.contents[1].parts.map(
      (part: { thoughtSignature?: string }) => part.thoughtSignature,
    )
  }
  expect(signaturesAt("gemini-2.5-flash")).toEqual([undefined, undefined])
  const skip = "skip_thought_signature_validator"
  expect(signaturesAt("gemini-3-pro-preview")).toEqual([skip, undefined])
  const own = { extra_content: { google: { thought_signature: "c2ln" } } }
  expect(signaturesAt("gemini-3-pro-preview", own)).toEqual(["c2ln", undefined])
})

test("documents on Bedrock have names, no two alike and of no other characters", () => {
  const pdf = { type: "base64", media_type: "application/pdf", data: "AAAA" }
  const titles = [
    undefined,
    "Q1 \t report_(final).pdf",
    "q1 report-(FINAL)-pdf",
    undefined,
    " ",
    "報告",
  ]
  const files = titles.map((title) => ({ type: "document", title, source: pdf }))
  const messages = [{ role: "user", content: [...files, { type: "text", text: "Compare." }] }]
  const { body } = tell("anthropic-messages", BEDROCK_CLAUDE, { max_tokens: 9, messages })
  const names = body.messages[0].content
    .slice(0, -1)
    .map((block: { document: { name: string } }) => block.document.name)
  expect(names).toEqual([
    "document",
    "Q1 report-(final)-pdf",
    "q1 report-(FINAL)-pdf-2",
    "document-2",
    "document-3",
    "-",
  ])
})

test("a turn of thoughts alone is none where they are not taken back", () => {
  const thinking = { type: "thinking", thinking: "Hm", signature: "c2ln" }
  const messages = [HELLO, { role: "assistant", content: [thinking] }, HELLO]
  for (const upstream of [GPT, COHERE]) {
    const { body } = tell("anthropic-messages", upstream, { max_tokens: 9, messages })
    expect(body.messages).toEqual([HELLO, HELLO])
  }
})

test("no known vendor is told Google's signature of a call", () => {
  const call = { functionCall: { name: "a", args: {} }, thoughtSignature: "c2ln" }
  const contents = [
    { role: "user", parts: [{ text: "Hi" }] },
    { role: "model", parts: [call] },
  ]
  expect(JSON.stringify(tell("gemini-generate", GPT, { contents }).body)).not.toContain("c2ln")
  const unknown: Upstream = { provider: { schema: "OpenAI", vendor: null }, model: "gemini-3" }
  expect(JSON.stringify(tell("gemini-generate", unknown, { contents }).body)).toContain("c2ln")
})

test("Responses on Azure are asked where no deployment is in the path", () => {
  const dated = { schema: "AzureOpenAI", apiVersion: "2025-04-01-preview" } as const
  const at = (options: NonNullable<ProviderConfig["options"]>) =>
    tell(
      "openai-responses",
      { provider: { schema: "AzureOpenAI", options }, model: "eu" },
      { input: "Hi" },
    )
  expect(at(dated)).toMatchObject({
    path: "/openai/responses?api-version=2025-04-01-preview",
    body: { model: "eu" },
  })
  expect(at({ ...dated, apiVersion: null }).path).toBe("/openai/v1/responses")
})

test("a cache is warmed by a request without output", () => {
  expect(tell("anthropic-messages", CLAUDE, { ...MESSAGES, max_tokens: 0 }).body.max_tokens).toBe(0)
})

describe("media", () => {
  const part = (one: object) => ({ messages: [{ role: "user", content: [one] }] })
  const file = (file_data: string) => part({ type: "file", file: { filename: "a.pdf", file_data } })

  test("of the type image/jpg are JPEG", () => {
    const url = "data:image/jpg;base64,AAAA"
    const { body } = tell("openai-chat", CLAUDE, part({ type: "image_url", image_url: { url } }))
    expect(body.messages[0].content[0].source.media_type).toBe("image/jpeg")
  })

  test("that are no data URL are not taken for an address", () => {
    for (const data of ["JVBERi0xLjQ=", "https://a.example/b.pdf"]) {
      expect(tell("openai-chat", CLAUDE, file(data)).refusal).toContain("must be a data URL")
    }
  })
})

describe("what a search of the client's found", () => {
  const NOVA: Upstream = { provider: BEDROCK, model: "eu.amazon.nova-pro-v1:0" }
  const texts = [{ type: "text", text: "It is blue." }]
  const found = { type: "search_result", source: "kb/sky", title: "Sky", content: texts }
  const asking = (more: object) => ({
    max_tokens: 9,
    messages: [{ role: "user", content: [{ ...found, ...more }] }],
  })

  test("is a text to models on Bedrock that know no such thing", () => {
    const { body } = tell("anthropic-messages", NOVA, asking({}))
    const text = "Sky\nSource: kb/sky\n\nIt is blue."
    expect(body.messages).toEqual([{ role: "user", content: [{ text }] }])
  })

  test("is refused to them where it is to be cited, and by name where nothing is", () => {
    const cited = asking({ citations: { enabled: true } })
    expect(tell("anthropic-messages", NOVA, cited).refusal).toContain(
      "cannot be said to provider one: only Claude's models cite what a search found there",
    )
    for (const upstream of [GPT, GEMINI, COHERE, MISTRAL]) {
      expect(tell("anthropic-messages", upstream, cited).refusal).toContain(
        "/messages/0/content/0/citations cannot be said to provider one",
      )
    }
  })

  test("may say beforehand that it is not to be cited", () => {
    const { refusal } = tell("anthropic-messages", GPT, asking({ citations: { enabled: false } }))
    expect(refusal).toBe("")
  })

  test("is as clients of Anthropic's write it, or the request is refused", () => {
    const { refusal } = tell("anthropic-messages", GPT, asking({ title: null }))
    expect(refusal).toContain("/messages/0/content/0/title is missing")
  })
})

describe("what a part says besides is named", () => {
  const user = (content: readonly object[]) => ({ messages: [{ role: "user", content }] })
  const image_url = { url: "https://a.example/b.png", zoom: 2 }
  const call = { id: "c", type: "mcp", mcp: { name: "a", input: "b" } }
  const rows = [
    ["openai-chat", user([{ type: "text", text: "a", tone: "dry" }]), "/messages/0/content/0/tone"],
    [
      "openai-chat",
      user([{ type: "image_url", image_url }]),
      "/messages/0/content/0/image_url/zoom",
    ],
    [
      "openai-chat",
      { messages: [HELLO, { role: "assistant", content: null, tool_calls: [call] }] },
      "/messages/1/tool_calls/0",
    ],
    [
      "openai-responses",
      { input: [{ role: "user", content: [{ type: "input_audio", input_audio: {} }] }] },
      "/input/0/content/0",
    ],
    [
      "openai-responses",
      { input: [{ role: "user", content: [{ type: "input_text", text: "a", tone: "dry" }] }] },
      "/input/0/content/0/tone",
    ],
    [
      "anthropic-messages",
      { max_tokens: 9, ...user([{ type: "text", text: "a", tone: "dry" }]) },
      "/messages/0/content/0/tone",
    ],
    [
      "anthropic-messages",
      {
        max_tokens: 9,
        ...user([{ type: "document", source: { type: "content", content: "abc" } }]),
      },
      "/messages/0/content/0/source",
    ],
  ] as const

  test.each(rows)("%s %s", (surface, fields, where) => {
    const { refusal } = tell(surface, surface === "anthropic-messages" ? GPT : CLAUDE, fields)
    expect(refusal).toContain("unsupported_parameter")
    expect(refusal).toContain(where)
  })
})

describe("schemas of answers", () => {
  const asked = (name: string, schema: object) => ({
    contents: [{ role: "user", parts: [{ text: "Hello" }] }],
    generationConfig: { responseMimeType: "application/json", [name]: schema },
  })

  test("of Gemini's own kind are closed, and their limits numbers", () => {
    const inner = { type: "OBJECT", properties: { b: { type: "INTEGER" } } }
    const properties = {
      tone: { type: "STRING", nullable: true, enum: ["dry", "kind"] },
      list: { type: "ARRAY", items: inner, minItems: "1", maxItems: "03" },
    }
    const own = asked("responseSchema", { type: "OBJECT", properties, required: ["tone"] })
    const { schema } = tell("gemini-generate", CLAUDE, own).body.output_config.format
    expect(schema).toEqual({
      type: "object",
      properties: {
        tone: { type: ["string", "null"], enum: ["dry", "kind", null] },
        list: {
          type: "array",
          items: {
            type: "object",
            properties: { b: { type: "integer" } },
            additionalProperties: false,
          },
          minItems: 1,
          description: "{maxItems: 3}",
        },
      },
      required: ["tone"],
      additionalProperties: false,
    })
  })

  test("of JSON Schema stay as they are, where they are closed", () => {
    const properties = { a: { type: "string", default: null } }
    const schema = { type: "object", properties, additionalProperties: false }
    const { body } = tell("gemini-generate", CLAUDE, asked("responseJsonSchema", schema))
    expect(body.output_config.format.schema).toEqual(schema)
  })

  test("without the type of an answer that follows them are refused, as Gemini does", () => {
    const { contents } = asked("x", {})
    const config = { responseSchema: { type: "OBJECT" } }
    const { refusal } = tell("gemini-generate", CLAUDE, { contents, generationConfig: config })
    expect(refusal).toContain("/generationConfig/responseSchema is only taken where")
  })

  test.each([
    [{ type: "object" }, '{"description":"A \\"place\\".","type":"object"}'],
    [{}, '{"description":"A \\"place\\"."}'],
    [{ description: "Own", type: "object" }, '{"description":"Own","type":"object"}'],
  ] as const)("have the description of their format: %j", (schema, want) => {
    const json_schema = { name: "place", description: 'A "place".', schema }
    const wish = { ...CHAT, response_format: { type: "json_schema", json_schema } }
    const told = [
      tell("openai-chat", CLAUDE, wish).body.output_config.format.schema,
      tell("openai-chat", GEMINI, wish).body.generationConfig.responseJsonSchema,
      tell("openai-chat", COHERE, wish).body.response_format.json_schema,
    ]
    for (const one of told) expect(JSON.stringify(one)).toBe(want)
  })
})

test("a constant is a choice of one at Google, which knows no other", () => {
  const properties = {
    kind: { type: "string", const: "dog" },
    const: { type: "boolean", const: true },
    list: { type: "array", items: { anyOf: [{ const: 1.5 }, { $ref: "#/$defs/x" }] } },
  }
  const schema = { type: "object", properties, $defs: { x: { const: "y", enum: ["y"] } } }
  const json_schema = { name: "pet", schema }
  const tools = [{ type: "function", function: { name: "pet", parameters: schema } }]
  const { body } = tell("openai-chat", GEMINI, {
    ...CHAT,
    tools,
    response_format: { type: "json_schema", json_schema },
  })
  const want = {
    ...schema,
    properties: {
      ...properties,
      kind: { type: "string", enum: ["dog"] },
      list: { type: "array", items: { anyOf: [{ enum: [1.5] }, { $ref: "#/$defs/x" }] } },
    },
  }
  expect(body.generationConfig.responseJsonSchema).toEqual(want)
  expect(body.tools[0].functionDeclarations[0].parametersJsonSchema).toEqual(want)
})

test("a tool with an empty schema takes no arguments", () => {
  const tools = [{ type: "function", function: { name: "now", parameters: {} } }]
  const none = { type: "object", properties: {} }
  expect(tell("openai-chat", CLAUDE, { ...CHAT, tools }).body.tools[0].input_schema).toEqual(none)
  const { toolSpec } = tell("openai-chat", BEDROCK_CLAUDE, { ...CHAT, tools }).body.toolConfig
    .tools[0]
  expect(toolSpec.inputSchema.json).toEqual(none)
})

test("a reference to an item that OpenAI keeps says what to do instead", () => {
  const input = [
    { role: "user", content: "Hi" },
    { type: "item_reference", id: "msg_1" },
  ]
  const { refusal } = tell("openai-responses", CLAUDE, { input })
  expect(refusal).toContain("/input/1: a reference to an item kept elsewhere")
})
