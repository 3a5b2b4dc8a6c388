/**
 * Tools as clients name and declare them, at providers that know functions alone and other names:
 * what a model calls there comes back as the call that the client knows.
 */
import { describe, expect, test } from "vitest"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { type Act, createWorld, startChat } from "./world.test-data.ts"

const GEMINI = makeProvider("one", { schema: "Gemini", pathPrefix: "" })
const OPENAI = makeProvider("one", { vendor: "OpenAI" })
/** Of Chat Completions alone. */
const OPENAI_CHAT = makeProvider("one", { vendor: "Mistral" })

interface Called {
  readonly name: string
  readonly args: object
}

/** What Gemini answers when it calls these. */
function geminiAnswer(calls: readonly Called[]) {
  const parts = calls.map((functionCall) => ({ functionCall }))
  const usageMetadata = { promptTokenCount: 9, candidatesTokenCount: 9 }
  return { candidates: [{ content: { parts }, finishReason: "STOP" }], usageMetadata }
}

function play(
  surface: ModelSurfaceName,
  provider: typeof GEMINI,
  body: { readonly model: string; readonly stream?: boolean },
  answer: object | string,
) {
  const runtime = makeRuntime({
    providers: { one: provider },
    routes: [
      {
        name: "search/chat",
        rules: [makeRule({ backends: [makeBackend("one", { model: "m" })] })],
      },
    ],
  })
  const isStream = body.stream === true
  const type = isStream ? "text/event-stream" : "application/json"
  const text = JSON.stringify(answer)
  const events = typeof answer === "string" ? answer : `data: ${text}\n\n`
  const data = isStream ? events : text
  const acts: readonly Act[] = [
    { head: 200, headers: { "content-type": type } },
    { data },
    { end: true },
  ]
  const world = createWorld({ scripts: [acts] })
  startChat(world, { runtime, surface: SURFACES[surface], raw: { path: "/" }, body })
  world.advance(10)
  const [request] = world.requests
  return { sent: JSON.parse(String(request?.body ?? "{}")), text: world.client.body }
}

/** The events of a stream, without those of the frame. */
function eventsOf(text: string) {
  return text
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice(6)))
}

const PATCH = "*** Begin Patch\n*** Add File: a\n+b\n*** End Patch\n"
const CODEX = {
  model: "smart",
  input: [
    { type: "additional_tools", role: "developer", tools: [{ type: "custom", name: "exec" }] },
    { role: "user", content: "Add a file" },
  ],
  tools: [
    { type: "custom", name: "apply_patch", format: { type: "text" } },
    { type: "namespace", name: "mcp__docs", tools: [{ type: "function", name: "find" }] },
    { type: "tool_search", execution: "client", description: "Searches", parameters: {} },
  ],
}

describe("tools of Responses that are no plain functions", () => {
  const calls = [
    { name: "apply_patch", args: { input: PATCH } },
    { name: "mcp__docs__find", args: { name: "a" } },
    { name: "tool_search", args: { query: "b" } },
    { name: "exec", args: { input: "1" } },
  ]
  const items = [
    { type: "custom_tool_call", name: "apply_patch", input: PATCH },
    { type: "function_call", name: "find", namespace: "mcp__docs", arguments: '{"name":"a"}' },
    { type: "tool_search_call", execution: "client", arguments: { query: "b" } },
    { type: "custom_tool_call", name: "exec", input: "1" },
  ]

  test("are called as what they are, in a whole answer", () => {
    const { text } = play("openai-responses", GEMINI, CODEX, geminiAnswer(calls))
    expect(JSON.parse(text).output).toMatchObject(items)
  })

  test("are called as what they are, in a stream", () => {
    const body = { ...CODEX, stream: true }
    const { text } = play("openai-responses", GEMINI, body, geminiAnswer(calls))
    const events = eventsOf(text)
    const done = events.filter(({ type }) => type === "response.output_item.done")
    expect(done.map(({ item }) => item)).toMatchObject(items)
    const inputs = events.filter(({ type }) => type === "response.custom_tool_call_input.done")
    expect(inputs.map(({ input }) => input)).toEqual([PATCH, "1"])
    const last = events.at(-1)
    expect(last.response.output).toMatchObject(items)
  })

  test("give what a model wrote in place of a custom tool's arguments", () => {
    const call = { id: "c", type: "function", function: { name: "apply_patch", arguments: PATCH } }
    const message = { role: "assistant", content: null, tool_calls: [call] }
    const answer = { choices: [{ index: 0, message, finish_reason: "tool_calls" }] }
    const plain = makeProvider("one", { vendor: "Mistral" })
    const { text } = play("openai-responses", plain, CODEX, answer)
    expect(JSON.parse(text).output).toMatchObject([{ type: "custom_tool_call", input: PATCH }])
  })
})

describe("custom tools of Chat Completions", () => {
  const grammar = { syntax: "lark", definition: "start: WORD" }
  const patch = { name: "apply_patch", format: { type: "grammar", grammar } }
  const body = {
    model: "smart",
    messages: [
      { role: "user", content: "Add a file" },
      {
        role: "assistant",
        tool_calls: [{ id: "c1", type: "custom", custom: { name: "exec", input: '"\\\n' } }],
      },
      { role: "tool", tool_call_id: "c1", content: "done" },
    ],
    tools: [
      { type: "custom", custom: patch },
      { type: "custom", custom: { name: "exec" } },
      { type: "function", function: { name: "find" } },
    ],
    tool_choice: { type: "custom", custom: { name: "apply_patch" } },
  }
  const calls = [
    { name: "apply_patch", args: { input: PATCH } },
    { name: "find", args: { input: "a" } },
    { name: "exec", args: {} },
  ]
  const told = [
    { type: "custom", custom: { name: "apply_patch", input: PATCH } },
    { type: "function", function: { name: "find", arguments: '{"input":"a"}' } },
    { type: "custom", custom: { name: "exec", input: "" } },
  ]

  test("are functions of one text to a provider, in earlier turns too", () => {
    const { sent } = play("openai-chat", GEMINI, body, {})
    const [{ functionDeclarations }] = sent.tools
    expect(functionDeclarations[0]).toMatchObject({
      description: "The input follows this lark grammar:\nstart: WORD",
      parametersJsonSchema: { required: ["input"], properties: { input: { type: "string" } } },
    })
    expect(sent.contents[1].parts).toMatchObject([
      { functionCall: { name: "exec", args: { input: '"\\\n' } } },
    ])
    const { functionCallingConfig } = sent.toolConfig
    expect(functionCallingConfig).toEqual({ mode: "ANY", allowedFunctionNames: ["apply_patch"] })
  })

  test("are called as what they are, in a whole answer", () => {
    const { text } = play("openai-chat", GEMINI, body, geminiAnswer(calls))
    const [choice] = JSON.parse(text).choices
    expect(choice.message.tool_calls).toMatchObject(told)
    expect(choice.finish_reason).toBe("tool_calls")
  })

  test("are called as what they are, in a stream", () => {
    const { text } = play("openai-chat", GEMINI, { ...body, stream: true }, geminiAnswer(calls))
    const pieces = eventsOf(text).flatMap(({ choices }) => choices[0]?.delta.tool_calls ?? [])
    const inputs = pieces.filter(({ index }) => index === 0)
    expect(inputs.map(({ custom }) => custom.input).join("")).toBe(PATCH)
    const begun = pieces.filter(({ id }) => id !== undefined)
    expect(begun.map(({ type }) => type)).toEqual(["custom", "function", "custom"])
    expect(pieces.filter(({ index }) => index === 2)).toHaveLength(1)
  })

  test("keep what came of an input that was cut off", () => {
    const called = { name: "apply_patch", arguments: '{"input":"*** Begin Patch\\n+a' }
    const call = { index: 0, id: "c", type: "function", function: called }
    const chunks = [
      { choices: [{ index: 0, delta: { tool_calls: [call] } }] },
      { choices: [{ index: 0, delta: {}, finish_reason: "length" }] },
    ]
    const events = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join("")
    const plain = makeProvider("one", { vendor: "Mistral" })
    const stream = `${events}data: [DONE]\n\n`
    const { text } = play("openai-responses", plain, { ...CODEX, stream: true }, stream)
    const { output } = eventsOf(text).at(-1).response
    const input = "*** Begin Patch\n+a"
    expect(output).toMatchObject([{ type: "custom_tool_call", status: "incomplete", input }])
  })
})

describe("a client that wants one call at a time", () => {
  const tools = [{ type: "function", function: { name: "look", parameters: { type: "object" } } }]
  const body = {
    model: "smart",
    messages: [{ role: "user", content: "Look" }],
    tools,
    parallel_tool_calls: false,
  }
  const two = [
    { name: "look", args: { at: 1 } },
    { name: "look", args: { at: 2 } },
  ]

  test("gets one of a provider that cannot be told so", () => {
    const { text } = play("openai-chat", GEMINI, body, geminiAnswer(two))
    const [choice] = JSON.parse(text).choices
    expect(choice.message.tool_calls).toMatchObject([{ function: { arguments: '{"at":1}' } }])
  })

  test("gets one in a stream too", () => {
    const { text } = play("openai-chat", GEMINI, { ...body, stream: true }, geminiAnswer(two))
    expect(text).toContain('{\\"at\\":1}')
    expect(text).not.toContain('{\\"at\\":2}')
  })

  test("and another client gets all", () => {
    const { parallel_tool_calls: _wish, ...open } = body
    const { text } = play("openai-chat", GEMINI, open, geminiAnswer(two))
    expect(JSON.parse(text).choices[0].message.tool_calls).toHaveLength(2)
  })
})

describe("a tool's name that a provider does not take", () => {
  const name = "mcp__plugin_documentation-server__resolve_library_identifier_by_its_name"
  const body = {
    model: "smart",
    max_tokens: 99,
    messages: [
      { role: "user", content: "Look" },
      { role: "assistant", content: [{ type: "tool_use", id: "a", name, input: {} }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "a", content: "none" }] },
    ],
    tools: [{ name, input_schema: { type: "object" } }],
    tool_choice: { type: "tool", name },
  }

  test("stands under another there, and under its own in the answer", () => {
    const probe = play("anthropic-messages", OPENAI, body, {})
    const sent: string = probe.sent.tools[0].function.name
    expect(sent).toMatch(/^mcp__plugin_[a-zA-Z0-9_-]{1,52}$/)
    expect(probe.sent.messages[1].tool_calls[0].function.name).toBe(sent)
    expect(probe.sent.tool_choice.function.name).toBe(sent)
    const call = { id: "b", type: "function", function: { name: sent, arguments: "{}" } }
    const message = { role: "assistant", content: null, tool_calls: [call] }
    const answer = { choices: [{ index: 0, message, finish_reason: "tool_calls" }] }
    const { text } = play("anthropic-messages", OPENAI, body, answer)
    expect(JSON.parse(text).content).toMatchObject([{ type: "tool_use", name }])
  })
})

test("tools whose names in namespaces come out alike are told apart, however many", () => {
  const spaces = Array.from({ length: 400 }, (_, at) => ({
    type: "namespace",
    name: `a${"__a".repeat(at % 20)}`,
    tools: [{ type: "function", name: `${"a__".repeat(20 - (at % 20))}b` }],
  }))
  const body = { model: "smart", input: "Hi", tools: spaces }
  const { sent } = play("openai-responses", OPENAI_CHAT, body, {})
  const names = sent.tools.map((tool: { function: { name: string } }) => tool.function.name)
  expect(names).toHaveLength(20)
  expect(new Set(names).size).toBe(20)
})

describe("a JSON object of any form from Claude", () => {
  const CLAUDE = makeProvider("one", { schema: "Anthropic", pathPrefix: "" })
  const messages = [{ role: "user", content: "As JSON" }]
  const body = { model: "smart", messages, response_format: { type: "json_object" } }
  const usage = { input_tokens: 9, output_tokens: 9 }
  const call = { type: "tool_use", id: "t", name: "answer_with_json" }

  test("is the text of a whole answer, which ends as one", () => {
    const content = [{ ...call, input: { a: 1 } }]
    const answer = { type: "message", role: "assistant", content, stop_reason: "tool_use", usage }
    const { text } = play("openai-chat", CLAUDE, body, answer)
    const [choice] = JSON.parse(text).choices
    expect(choice.message).toMatchObject({ content: '{"a":1}' })
    expect(choice.message).not.toHaveProperty("tool_calls")
    expect(choice.finish_reason).toBe("stop")
  })

  test("is the text of a stream", () => {
    const delta = (partial_json: string) => ({
      type: "content_block_delta",
      index: 0,
      delta: { type: "input_json_delta", partial_json },
    })
    const events = [
      { type: "message_start", message: { id: "m", model: "claude", usage } },
      { type: "content_block_start", index: 0, content_block: { ...call, input: {} } },
      ...['{"a"', ":1}"].map(delta),
      { type: "content_block_stop", index: 0 },
      { type: "message_delta", delta: { stop_reason: "tool_use" }, usage: { output_tokens: 9 } },
      { type: "message_stop" },
    ]
    const stream = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
    const { text } = play("openai-chat", CLAUDE, { ...body, stream: true }, stream.join(""))
    const deltas = eventsOf(text).flatMap(({ choices }) => choices)
    expect(deltas.map(({ delta: said }) => said.content ?? "").join("")).toBe('{"a":1}')
    expect(text).not.toContain("tool_calls")
    expect(deltas.at(-1).finish_reason).toBe("stop")
  })
})
