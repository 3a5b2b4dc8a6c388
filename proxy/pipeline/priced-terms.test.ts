/** A request for other terms of service: what is written down before it, and charged after. */
import { expect, test } from "vitest"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { CHAT, createWorld, startChat, type World } from "./world.test-data.ts"

/** A nano-dollar a token in, ten out. */
const PRICE = {
  fromMs: 0,
  input: 1000,
  cachedInput: null,
  output: 10_000,
  multipliers: { "service_tier=priority": 2_000_000, "service_tier=flex": 500_000 },
}
const USAGE = { prompt_tokens: 100, completion_tokens: 10, total_tokens: 110 }
const REGULAR = 200

function ask(tier: string | undefined, answered: string | undefined, isStream = false): World {
  const answer = { choices: [{ message: { content: "a" } }], usage: USAGE, service_tier: answered }
  const chunk = { id: "c", choices: [{ delta: { content: "Hello" } }], service_tier: answered }
  const head = { head: 200, headers: { "content-type": "text/event-stream" } }
  const script = isStream
    ? [head, { data: `data: ${JSON.stringify(chunk)}\n\n` }, { end: true as const }]
    : [{ head: 200 }, { data: JSON.stringify(answer) }, { end: true as const }]
  return send("openai-chat", { ...CHAT, stream: isStream, service_tier: tier }, script)
}

function send(
  surface: ModelSurfaceName,
  body: object,
  script: Parameters<typeof createWorld>[0]["scripts"][number],
  schema: "OpenAI" | "Anthropic" = "OpenAI",
): World {
  const world = createWorld({ scripts: [script] })
  const source = schema === "OpenAI" ? "OpenAI" : schema
  startChat(world, {
    surface: SURFACES[surface],
    runtime: makeRuntime({
      providers: {
        one: makeProvider("one", schema === "OpenAI" ? { vendor: "OpenAI" } : { schema }),
      },
      routes: [
        {
          name: "search/chat",
          rules: [makeRule({ backends: [makeBackend("one", { model: "m" })] })],
        },
      ],
      prices: { [`${source}/m`]: [PRICE] },
    }),
    body,
  })
  world.advance(10)
  return world
}

const costs = ({ intents, finals }: World) => [
  intents[0]?.estimatedCost,
  [...finals.values()][0]?.cost,
]

test.each([
  ["none", undefined, undefined, REGULAR, undefined],
  ["none, and the answer names the regular one", undefined, "default", REGULAR, undefined],
  ["a dearer one that is had", "priority", "priority", 2 * REGULAR, "service_tier=priority"],
  ["the same by its other name", "fast", "priority", 2 * REGULAR, "service_tier=priority"],
  ["a dearer one that is not had", "priority", "default", REGULAR, undefined],
  [
    "a dearer one of which nothing is told",
    "priority",
    undefined,
    2 * REGULAR,
    "service_tier=priority",
  ],
  [
    "none, where the account has a dearer one",
    "auto",
    "priority",
    2 * REGULAR,
    "service_tier=priority",
  ],
  ["a cheaper one", "flex", "flex", REGULAR / 2, "service_tier=flex"],
  ["one whose price is not known", "scale", "scale", null, "service_tier=scale"],
  ["one that nobody knows", "hyper", "hyper", null, "service_tier=other"],
  ["one whose price is not known, and is not had", "scale", "default", REGULAR, undefined],
])("asking for %s", (_name, tier, answered, cost, told) => {
  const world = ask(tier, answered)
  expect(world.client.status).toBe(200)
  expect(costs(world)[1]).toBe(cost)
  const [record] = world.records
  expect(record?.cost).toBe(cost)
  const terms = told === undefined ? undefined : Object.fromEntries([told.split("=")])
  expect(record?.usage?.terms).toEqual(terms)
  expect("x-sidegate-cost-usd" in world.client.headers).toBe(cost !== null)
})

test("before the answer the dearest that is asked for bounds it, never one that is cheaper", () => {
  const [regular = 0] = costs(ask(undefined, "default"))
  expect(costs(ask("priority", "default"))[0]).toBe(2 * Number(regular))
  expect(costs(ask("flex", "flex"))[0]).toBe(regular)
  expect(costs(ask("scale", "default"))[0]).toBeNull()
})

test("a stream without a report is charged at what was asked for", () => {
  const [, regular] = costs(ask(undefined, undefined, true))
  expect(costs(ask("priority", undefined, true))[1]).toBe(2 * Number(regular))
  expect(costs(ask("scale", undefined, true))[1]).toBeNull()
})

test("a refused request costs nothing at any terms", () => {
  const body = { ...CHAT, service_tier: "scale" }
  const world = send("openai-chat", body, [{ head: 400 }, { data: "{}" }, { end: true }])
  expect(costs(world)[1]).toBe(0)
})

test("Anthropic's fields are terms too, and counting is never billed", () => {
  const usage = { input_tokens: 100, output_tokens: 10, speed: "fast" }
  const answer = { content: [{ type: "text", text: "a" }], stop_reason: "end_turn", usage }
  const body = { model: "smart", max_tokens: 9, messages: CHAT.messages, speed: "fast" }
  const script = [{ head: 200 }, { data: JSON.stringify(answer) }, { end: true as const }]
  expect(costs(send("anthropic-messages", body, script, "Anthropic"))).toEqual([null, null])
  const count = [{ head: 200 }, { data: '{"input_tokens":9}' }, { end: true as const }]
  expect(costs(send("anthropic-count-tokens", body, count, "Anthropic"))).toEqual([0, 0])
})
