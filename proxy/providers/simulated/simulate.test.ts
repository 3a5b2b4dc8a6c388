import { describe, expect, test } from "vitest"
import { scanJson } from "#proxy/contract/json-scan.ts"
import type { SimulatedConfig } from "#proxy/contract/snapshot.ts"
import { findAnswerFault } from "../openai/read-answer.ts"
import { readUsage } from "../openai/read-usage.ts"
import { openTap } from "../openai/stream-tap.ts"
import { minimalInstance } from "./minimal-instance.ts"
import type { SimulatedStep } from "./script.ts"
import { simulate } from "./simulate.ts"

const CONFIG: SimulatedConfig = {
  latencyMs: 20,
  tokenIntervalMs: 5,
  outputTokens: 30,
  errorPercent: 0,
  fault: "ServerError",
}
const CHAT = { model: "sim-1", messages: [{ role: "user", content: "What is up?" }] }

function play(
  body: unknown,
  config: Partial<SimulatedConfig> = {},
  draw = 0.5,
): readonly SimulatedStep[] {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  const request = { path: "/v1/chat/completions", body: text, provider: { name: "demo" } }
  return simulate({ ...CONFIG, ...config }, request, draw).steps
}

const bytesOf = (steps: readonly SimulatedStep[]): Uint8Array =>
  Uint8Array.from(steps.flatMap((step) => (step.kind === "data" ? [...step.bytes] : [])))
const textOf = (steps: readonly SimulatedStep[]): string => new TextDecoder().decode(bytesOf(steps))
const kinds = (steps: readonly SimulatedStep[]): string => steps.map(({ kind }) => kind).join(" ")
const answer = (body: unknown) => JSON.parse(textOf(play(body)))

test("an answer names provider and model, repeats the prompt, and is the same every time", () => {
  const first = textOf(play(CHAT))
  expect(first).toBe(textOf(play(CHAT)))
  const body = JSON.parse(first)
  expect(body.choices[0].message.content).toContain(
    'This is the simulated provider demo, model sim-1. You said: "What is up?".',
  )
  expect(body.usage).toMatchObject({
    completion_tokens: 30,
    total_tokens: body.usage.prompt_tokens + 30,
  })
})

test("it is an answer of the schema, and its usage is read", () => {
  const scanned = scanJson(bytesOf(play(CHAT)), { bytesMax: 1e6, depthMax: 64, tokensMax: 1e5 })
  if (!scanned.ok) throw new Error(scanned.fault.message)
  expect(findAnswerFault(scanned.document)).toBeNull()
  expect(readUsage(scanned.document)).toMatchObject({ outputTokens: 30 })
})

test("the request's own maximum still holds and the reason says so", () => {
  const { choices, usage } = answer({ ...CHAT, max_tokens: 3 })
  expect(choices[0].finish_reason).toBe("length")
  expect(usage.completion_tokens).toBe(3)
})

test("n gives as many choices, and each is counted", () => {
  const { choices, usage } = answer({ ...CHAT, n: 2 })
  expect(choices.map(({ index }: { index: number }) => index)).toEqual([0, 1])
  expect(usage.completion_tokens).toBe(60)
})

describe("streams", () => {
  const read = (body: object) => {
    const tap = openTap({ wantsUsage: true, eventBytesMax: 65_536, preambleBytesMax: 65_536 })
    const steps = play({ ...CHAT, stream: true, ...body })
    for (const step of steps) if (step.kind === "data") tap.push(step.bytes)
    return { tap, steps }
  }

  test("tokens come at their interval after the latency, and the end is there", () => {
    const { tap, steps } = read({})
    expect(tap.end).toEqual({ kind: "done" })
    expect(tap.hasContent).toBe(true)
    const delays = steps.map(({ afterMs }) => afterMs)
    expect(delays.slice(0, 3)).toEqual([20, 0, 5])
    expect(delays.filter((ms) => ms === 5)).toHaveLength(30)
  })

  test("usage comes when it is asked for only", () => {
    expect(read({}).tap.usage).toBeUndefined()
    expect(read({ stream_options: { include_usage: true } }).tap.usage).toMatchObject({
      outputTokens: 30,
    })
  })
})

describe("tools", () => {
  const parameters = {
    type: "object",
    properties: { city: { type: "string" }, days: { type: "integer", minimum: 2 } },
    required: ["city", "days"],
  }
  const tools = [
    { type: "function", function: { name: "get_time", parameters: { type: "object" } } },
    { type: "function", function: { name: "get_weather", parameters } },
  ]
  const callOf = (more: object): unknown => {
    const [choice] = answer({ ...CHAT, tools, ...more }).choices
    return choice.message.tool_calls?.[0]?.function
  }

  test.each([
    ["no reason to call", {}, undefined],
    ["a demand", { tool_choice: "required" }, "get_time"],
    [
      "a named tool",
      { tool_choice: { type: "function", function: { name: "get_weather" } } },
      "get_weather",
    ],
    [
      "a prompt that names one",
      { messages: [{ role: "user", content: "use get_weather" }] },
      "get_weather",
    ],
    [
      "a ban",
      { tool_choice: "none", messages: [{ role: "user", content: "use get_weather" }] },
      undefined,
    ],
    [
      "a tool's result as the last word",
      { tool_choice: "required", messages: [{ role: "tool", content: "x", tool_call_id: "1" }] },
      undefined,
    ],
  ])("%s", (_name, more, name) => {
    const call = callOf(more)
    if (name === undefined) expect(call).toBeUndefined()
    else expect(call).toMatchObject({ name })
  })

  test("arguments are an instance of the tool's schema", () => {
    const call = callOf({ tool_choice: { type: "function", function: { name: "get_weather" } } })
    expect(call).toMatchObject({ arguments: '{"city":"simulated","days":2}' })
  })
})

const SCHEMAS = [
  ["an enum", { enum: ["a", "b"] }, "a"],
  ["a constant", { const: 7 }, 7],
  ["bounds", { type: "integer", minimum: 5 }, 5],
  ["an upper bound below one", { type: "number", maximum: -3 }, -3],
  ["a short string", { type: "string", maxLength: 3 }, "sim"],
  ["a long string", { type: "string", minLength: 11 }, "simulated.."],
  ["a format", { type: "string", format: "date" }, "2026-01-01"],
  [
    "a list with a minimum",
    { type: "array", items: { type: "boolean" }, minItems: 2 },
    [true, true],
  ],
  ["a list without", { type: "array", items: { type: "boolean" } }, []],
  ["a union with null", { type: ["null", "string"] }, "simulated"],
  ["the first of several", { anyOf: [{ type: "null" }, { type: "string" }] }, null],
  ["a reference", { $ref: "#/$defs/a~1b", $defs: { "a/b": { const: 1 } } }, 1],
  ["a reference to nowhere", { $ref: "#/nope" }, null],
  [
    "__proto__ as a property",
    JSON.parse('{"type":"object","properties":{"__proto__":{"const":1}},"required":["__proto__"]}'),
    JSON.parse('{"__proto__":1}'),
  ],
] as const

test.each(SCHEMAS)("the smallest instance: %s", (_name, schema, want) => {
  expect(minimalInstance(schema)).toEqual(want)
})

test("a schema that holds itself ends", () => {
  const schema = { type: "object", properties: { self: { $ref: "#" } }, required: ["self"] }
  expect(JSON.stringify(minimalInstance(schema)).length).toBeLessThan(500)
})

test("structured output is an instance, in text", () => {
  const schema = { type: "object", properties: { ok: { type: "boolean" } }, required: ["ok"] }
  const format = { type: "json_schema", json_schema: { name: "x", schema } }
  expect(answer({ ...CHAT, response_format: format }).choices[0].message.content).toBe(
    '{"ok":true}',
  )
})

describe("faults", () => {
  const faulty = (fault: SimulatedConfig["fault"], body: object = CHAT) =>
    play(body, { errorPercent: 100, fault })

  test.each([
    ["ServerError", "head data end", 503],
    ["RateLimited", "head data end", 429],
    ["ConnectError", "fail", undefined],
    ["Silence", "", undefined],
    ["Truncate", "head data fail", 200],
    ["Garbage", "head data end", 200],
  ] as const)("%s", (fault, want, status) => {
    const steps = faulty(fault)
    expect(kinds(steps)).toBe(want)
    expect(steps.find((step) => step.kind === "head")?.status).toBe(status)
  })

  test("a truncated stream has content and is cut inside an event", () => {
    const steps = faulty("Truncate", { ...CHAT, stream: true })
    const text = textOf(steps)
    expect(text).toContain("content")
    expect(text.endsWith("\n\n")).toBe(false)
    expect(steps.at(-1)).toMatchObject({ kind: "fail", failure: { kind: "reset", wasSent: true } })
  })

  test.each([
    [0.29, 503],
    [0.3, 200],
  ])("a draw of %f at 30 percent gives %i", (draw, status) => {
    const [head] = play(CHAT, { errorPercent: 30 }, draw)
    expect(head).toMatchObject({ kind: "head", status })
  })
})

test("what is not a chat completion is refused as a server would", () => {
  expect(play("{")[0]).toMatchObject({ status: 400 })
  const request = { path: "/v1/files", body: "{}", provider: { name: "demo" } }
  expect(simulate(CONFIG, request, 0).steps[0]).toMatchObject({ status: 404 })
})
