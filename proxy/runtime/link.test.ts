import { describe, expect, test } from "vitest"
import { pricesNamed, UNKNOWN_MAKE } from "#proxy/contract/price-lookup.ts"
import type { Price } from "#proxy/contract/prices.ts"
import type { MatchConfig, Snapshot } from "#proxy/contract/snapshot.ts"
import { findModel, findRule } from "#proxy/route/match-route.ts"
import { linkRuntime } from "./link.ts"
import {
  IDENTITY,
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
  makeSnapshot,
} from "./samples.test-data.ts"

/** The snapshot of the harness with one value replaced, at a path of keys. */
function broken(path: readonly (string | number)[], value: unknown): Snapshot {
  const snapshot = structuredClone(makeSnapshot())
  let at: unknown = snapshot
  for (const key of path.slice(0, -1)) at = Reflect.get(Object(at), key)
  const last = path.at(-1) ?? ""
  if (value === undefined) Reflect.deleteProperty(Object(at), last)
  else Reflect.set(Object(at), last, value)
  return snapshot
}

const VERSION = { term: 3, generation: 17 }
const RULE = ["routes", 0, "rules", 0] as const
const CASES = [
  ["a newer schema", ["schemaVersion"], 3, null, "/schemaVersion"],
  ["no schema", ["schemaVersion"], undefined, null, "/schemaVersion"],
  ["another namespace", ["namespace"], "other", null, "/namespace"],
  ["a missing list", ["routes"], undefined, null, "/routes"],
  ["an unknown team kind", ["team", "kind"], "x", null, "/team/kind"],
  ["an unknown access kind", ["access", "kind"], "x", null, "/access/kind"],
  [
    "a pattern that is no text",
    ["access", "deny"],
    [{ policy: "p", name: "n", models: [1], providers: [] }],
    null,
    "/access/deny/0/models/0",
  ],
  [
    "an unknown provider schema",
    ["providers", "one", "schema"],
    "Smoke",
    "AIProvider one",
    "/providers/one/schema",
  ],
  [
    "a provider under another name",
    ["providers", "one", "name"],
    "two",
    "AIProvider one",
    "/providers/one/name",
  ],
  [
    "an origin with a user",
    ["providers", "one", "origin"],
    "https://u:p@x",
    "AIProvider one",
    "/providers/one/origin",
  ],
  [
    "an origin with a path",
    ["providers", "one", "origin"],
    "https://x/y",
    "AIProvider one",
    "/providers/one/origin",
  ],
  [
    "plain http in public",
    ["providers", "one", "origin"],
    "http://x",
    "AIProvider one",
    "/providers/one/origin",
  ],
  [
    "a path prefix with a query",
    ["providers", "one", "pathPrefix"],
    "/v1?x=1",
    "AIProvider one",
    "/providers/one/pathPrefix",
  ],
  [
    "simulated settings on another schema",
    ["providers", "one", "simulated"],
    { latencyMs: 0, tokenIntervalMs: 0, outputTokens: 1, errorPercent: 0, fault: "Silence" },
    "AIProvider one",
    "/providers/one/simulated",
  ],
  [
    "a backend of nobody",
    [...RULE, "backends", 0, "provider"],
    "nobody",
    "AIRoute search/chat",
    "/routes/0/rules/0/backends/0/provider",
  ],
  [
    "a weight below zero",
    [...RULE, "backends", 0, "weight"],
    -1,
    "AIRoute search/chat",
    "/routes/0/rules/0/backends/0/weight",
  ],
  [
    "more backends than fit",
    [...RULE, "backends"],
    Array(31).fill(makeBackend("one")),
    "AIRoute search/chat",
    "/routes/0/rules/0/backends",
  ],
  [
    "no attempts",
    [...RULE, "retry", "attempts"],
    0,
    "AIRoute search/chat",
    "/routes/0/rules/0/retry/attempts",
  ],
  [
    "an unknown trigger",
    [...RULE, "retry", "triggers"],
    ["Always"],
    "AIRoute search/chat",
    "/routes/0/rules/0/retry/triggers/0",
  ],
  [
    "a timeout of zero",
    [...RULE, "timeouts", "requestMs"],
    0,
    "AIRoute search/chat",
    "/routes/0/rules/0/timeouts/requestMs",
  ],
  [
    "an unknown strategy",
    [...RULE, "strategy", "type"],
    "Magic",
    "AIRoute search/chat",
    "/routes/0/rules/0/strategy/type",
  ],
  [
    "a header in capitals",
    [...RULE, "matches"],
    [{ headers: [{ name: "X-Tier", value: "g" }], workloadSelector: null }],
    "AIRoute search/chat",
    "/routes/0/rules/0/matches/0/headers/0/name",
  ],
  ["a model of no route", ["models", "exact", "smart"], 7, null, "/models/exact/smart"],
  [
    "prefixes out of order",
    ["models", "prefixes"],
    [
      { prefix: "g", route: 0 },
      { prefix: "gpt-", route: 0 },
    ],
    null,
    "/models/prefixes/1/prefix",
  ],
  [
    "a price that is no integer",
    ["prices", "OpenAI-compatible/served"],
    [{ fromMs: 0, input: 0.5, cachedInput: null, output: 1 }],
    null,
    "/prices/OpenAI-compatible~1served/0/input",
  ],
  [
    "a price of writes that is no integer",
    ["prices", "OpenAI-compatible/served"],
    [{ fromMs: 0, input: 1, cachedInput: null, output: 1, cacheWrite: null }],
    null,
    "/prices/OpenAI-compatible~1served/0/cacheWrite",
  ],
  [
    "a tier without its bound",
    ["prices", "OpenAI-compatible/served"],
    [
      {
        fromMs: 0,
        input: 1,
        cachedInput: null,
        output: 1,
        tiers: [{ input: 1, cachedInput: null, output: 1 }],
      },
    ],
    null,
    "/prices/OpenAI-compatible~1served/0/tiers/0/aboveInputTokens",
  ],
] as const

test.each(CASES)(
  "%s is a NACK that names object and path",
  (_name, path, value, object, pointer) => {
    const linked = linkRuntime(
      { version: VERSION, hash: "h", snapshot: broken(path, value) },
      IDENTITY,
    )
    expect(linked).toMatchObject({ ok: false, nack: { object, path: pointer } })
    expect(linked.ok ? "" : linked.nack.reason).toContain(pointer)
  },
)

test.each([null, [], "x", 7])("a snapshot that is %j is a NACK", (value) => {
  const push = JSON.parse(JSON.stringify({ version: VERSION, hash: "h", snapshot: value }))
  expect(linkRuntime(push, IDENTITY)).toMatchObject({ ok: false })
})

test("prices are linked whole, and without what this release does not know", () => {
  const tariff = {
    input: 1,
    cachedInput: 2,
    cacheWrite: 3,
    cacheWrite1h: 4,
    inputAudio: 5,
    inputImage: 6,
    output: 7,
    outputAudio: 8,
    outputImage: 9,
  }
  const price: Price = {
    fromMs: 0,
    ...tariff,
    tiers: [{ aboveInputTokens: 10, ...tariff }],
    multipliers: { "speed=fast": 2_000_000 },
  }
  const later = { ...price, inputVideo: 10, multipliers: { ...price.multipliers, "speed=x": 1 } }
  const { prices } = makeRuntime({ prices: { "Groq/one": [price], "Groq/later": [later] } })
  expect(Object.fromEntries(prices.get("Groq")?.exact ?? [])).toEqual({
    one: [price],
    later: [price],
  })
})

test("what an older operator prices under OpenAI's name is found at every vendor", () => {
  const price = { fromMs: 0, input: 1, cachedInput: null, output: 2 }
  const { vendor: _later, options: _too, ...one } = makeProvider("one")
  const snapshot = {
    ...makeSnapshot(),
    schemaVersion: 1,
    providers: { one, two: { ...one, name: "two", origin: "https://api.groq.com" } },
    prices: { "OpenAI/served": [price], "Simulated/served": [price] },
  }
  const push = { version: VERSION, hash: "h", snapshot: JSON.parse(JSON.stringify(snapshot)) }
  const linked = linkRuntime(push, IDENTITY)
  if (!linked.ok) throw new Error(linked.nack.reason)
  const { prices, providers } = linked.runtime
  expect(Object.values(providers).map(({ vendor }) => vendor)).toEqual([null, "Groq"])
  expect(pricesNamed(prices.get(UNKNOWN_MAKE), "served")).toEqual([price])
  expect(pricesNamed(prices.get("Groq"), "served")).toEqual([price])
  expect(pricesNamed(prices.get("Simulated"), "served")).toEqual([price])
  expect(prices.get("OpenAI")).toBeUndefined()
})

test("a price is that of the vendor, by name or else by the longest prefix", () => {
  const price = (input: number): readonly Price[] => [
    { fromMs: 0, input, cachedInput: null, output: 0 },
  ]
  const { prices } = makeRuntime({
    prices: {
      "OpenAI/gpt": price(1),
      "Groq/gpt": price(2),
      "Groq/org/llama": price(3),
      "Anthropic/claude-4*": price(4),
      "Anthropic/claude-4-5*": price(5),
      "Anthropic/claude-4-5-mini": price(6),
    },
  })
  const find = (source: string, model: string) => pricesNamed(prices.get(source), model)
  expect([
    find("OpenAI", "gpt"),
    find("Groq", "gpt"),
    find("Groq", "org/llama"),
    find("Anthropic", "claude-4"),
    find("Anthropic", "claude-4-20250101"),
    find("Anthropic", "claude-4-5-20250929"),
    find("Anthropic", "claude-4-5-mini"),
  ]).toEqual([price(1), price(2), price(3), price(4), price(4), price(5), price(6)])
  expect([find("Groq", "llama"), find("Mistral", "gpt"), find("Anthropic", "claude")]).toEqual([
    undefined,
    undefined,
    undefined,
  ])
})

test("a runtime is frozen and names its version", () => {
  const runtime = makeRuntime()
  expect(runtime.version).toBe("3.17")
  expect(Object.isFrozen(runtime)).toBe(true)
  expect(runtime).toMatchObject({
    teamName: "search",
    application: "api",
    allowedModels: ["smart"],
  })
})

test("a broken backend that names an absent provider links, and takes no traffic", () => {
  const problem = { code: "upstream_failed", message: "AIProvider gone: NotFound" } as const
  const rule = makeRule({ backends: [makeBackend("gone", { problem }), makeBackend("one")] })
  const runtime = makeRuntime({ routes: [{ name: "search/chat", rules: [rule] }] })
  const linked = findModel(runtime.models, "smart")?.route.rules[0]
  expect(linked?.unusable).toBe(0b01)
  expect(linked?.targets[0]?.problem).toEqual(problem)
})

test("exact names come before prefixes, and labels are the Snapshot's own", () => {
  const { models } = makeRuntime()
  expect(findModel(models, "smart")?.label).toBe("smart")
  expect(findModel(models, "gpt-9")?.label).toBe("gpt-*")
  expect(findModel(models, "constructor")).toBeUndefined()
})

describe("rules", () => {
  const gold = [{ name: "x-tier", value: "gold" }]
  const select = (app: string) => ({ matchLabels: { app }, matchExpressions: [] })
  const nameFor = (matches: readonly MatchConfig[], headers: Record<string, string>) => {
    const rules = [makeRule({ name: "first", matches }), makeRule({ name: "rest" })]
    const runtime = makeRuntime({ routes: [{ name: "search/chat", rules }] })
    return findRule(findModel(runtime.models, "smart")?.route.rules ?? [], headers)?.name
  }

  test.each([
    ["no match matches everything", [], {}, "first"],
    [
      "a header must equal",
      [{ headers: gold, workloadSelector: null }],
      { "x-tier": "gold" },
      "first",
    ],
    ["in case too", [{ headers: gold, workloadSelector: null }], { "x-tier": "Gold" }, "rest"],
    ["this workload", [{ headers: [], workloadSelector: select("api") }], {}, "first"],
    ["another workload", [{ headers: [], workloadSelector: select("web") }], {}, "rest"],
    [
      "both parts must hold",
      [{ headers: gold, workloadSelector: select("web") }],
      { "x-tier": "gold" },
      "rest",
    ],
    [
      "any match is enough",
      [
        { headers: gold, workloadSelector: null },
        { headers: [], workloadSelector: select("api") },
      ],
      {},
      "first",
    ],
  ])("%s", (_name, matches, headers, want) => {
    expect(nameFor(matches, headers)).toBe(want)
  })
})

const AZURE = {
  schema: "AzureOpenAI",
  options: { schema: "AzureOpenAI", apiVersion: null },
} as const
const VERTEX = { project: "p-1", location: "us-central1" } as const

test.each([
  ["Azure OpenAI on the v1 paths", AZURE, null],
  [
    "Azure OpenAI with a version",
    { ...AZURE, options: { ...AZURE.options, apiVersion: "2024-10-21" } },
    null,
  ],
  ["Vertex AI", { schema: "VertexAI", options: { schema: "VertexAI", ...VERTEX } }, null],
  ["Bedrock", { schema: "Bedrock", options: { schema: "Bedrock", region: "us-east-1" } }, null],
  ["a vendor that this sidecar does not know", { vendor: "NewCloud" }, null],
  [
    "a version that would end the query",
    { ...AZURE, options: { ...AZURE.options, apiVersion: "x&y=1" } },
    "/providers/one/options/apiVersion must be one component of a path",
  ],
  [
    "a project that would climb",
    { schema: "VertexAI", options: { schema: "VertexAI", ...VERTEX, project: ".." } },
    "/providers/one/options/project must be one component of a path",
  ],
  [
    "a region that is another host",
    { schema: "Bedrock", options: { schema: "Bedrock", region: "x#" } },
    "/providers/one/options/region must be one component of a path",
  ],
  [
    "options of another schema",
    { ...AZURE, options: { schema: "Bedrock", region: "us-east-1" } },
    "/providers/one/options/schema must be AzureOpenAI",
  ],
  [
    "options that the schema has no use for",
    { schema: "OpenAI", options: AZURE.options },
    "/providers/one/options must be null for schema OpenAI",
  ],
  ["no options", { ...AZURE, options: null }, "/providers/one/options must be an object"],
] as const)("%s", (_name, more, want) => {
  const providers = { one: makeProvider("one", more), two: makeProvider("two") }
  const push = { version: VERSION, hash: "h", snapshot: makeSnapshot({ providers }) }
  const linked = linkRuntime(push, IDENTITY)
  expect(linked.ok ? null : linked.nack.reason).toBe(want)
})

test("a simulated provider needs no origin", () => {
  const simulated = {
    latencyMs: 0,
    tokenIntervalMs: 0,
    outputTokens: 1,
    errorPercent: 0,
    fault: "Silence",
  } as const
  const one = makeProvider("one", { schema: "Simulated", origin: "", pathPrefix: "", simulated })
  const runtime = makeRuntime({ providers: { one, two: makeProvider("two") } })
  const target = findModel(runtime.models, "smart")?.route.rules[0]?.targets[0]
  expect(target?.provider.simulated).toEqual(simulated)
  expect(target?.problem).toBeNull()
})
