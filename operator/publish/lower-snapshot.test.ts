import { expect, test } from "vitest"
import type { BackendConfig, ProviderConfig, Snapshot } from "#proxy/contract/snapshot.ts"
import { lowerSnapshot } from "./lower-snapshot.ts"

/** `schema` may be one that only a later release compiles. */
function makeProvider(name: string, schema: string): ProviderConfig {
  const provider = {
    name,
    schema,
    origin: `https://${name}.example`,
    pathPrefix: "/v1",
    vendor: null,
    options: null,
    network: "Public",
    credential: "Secret",
    connectTimeoutMs: 1000,
    disabled: false,
    simulated: null,
  }
  return JSON.parse(JSON.stringify(provider))
}

function makeBackend(provider: string, problem: BackendConfig["problem"] = null): BackendConfig {
  return { provider, model: "m", weight: 1, priority: 0, problem }
}

function makeSnapshot(routes: Readonly<Record<string, readonly BackendConfig[]>>): Snapshot {
  return {
    schemaVersion: 2,
    namespace: "search",
    team: { kind: "unassigned" },
    access: { kind: "none" },
    providers: {
      openai: makeProvider("openai", "OpenAI"),
      later: makeProvider("later", "LaterSchema"),
    },
    routes: Object.entries(routes).map(([name, backends]) => ({
      name: `search/${name}`,
      rules: [
        {
          name: "default",
          matches: [],
          strategy: { type: "Weighted" },
          backends,
          retry: { attempts: 1, budgetPercent: 0, triggers: [] },
          timeouts: { requestMs: 1, firstTokenMs: 1, streamIdleMs: 1 },
        },
      ],
    })),
    models: { exact: {}, prefixes: [] },
    prices: {},
  }
}

const problemsOf = ({ snapshot }: ReturnType<typeof lowerSnapshot>) =>
  snapshot.routes.map(({ rules }) => rules[0]?.backends.map(({ problem }) => problem))

test("a provider of a schema that the older release lacks is left out and its backends say so", () => {
  const lowered = lowerSnapshot(
    makeSnapshot({
      plain: [makeBackend("openai")],
      mixed: [makeBackend("openai"), makeBackend("later")],
      lost: [makeBackend("later")],
    }),
  )
  const text = "AIProvider later: schema LaterSchema needs a newer sidecar, restart the pod"
  expect(problemsOf(lowered)).toEqual([[null], [null, text], [text]])
  expect(Object.keys(lowered.snapshot.providers)).toEqual(["openai"])
  expect(lowered.withheld).toEqual([
    { object: "AIProvider later", feature: "schema LaterSchema" },
    { object: "AIRoute search/mixed", feature: "schema LaterSchema" },
    { object: "AIRoute search/lost", feature: "schema LaterSchema" },
  ])
})

test("a problem that the compiler found is told as it was, and comes before ours", () => {
  const problem = {
    code: "upstream_failed",
    message: "AIProvider later is not ready: SecretNotFound",
  } as const
  const lowered = lowerSnapshot(makeSnapshot({ chat: [makeBackend("later", problem)] }))
  expect(problemsOf(lowered)).toEqual([["AIProvider later is not ready: SecretNotFound"]])
})

test("prices stand under the one name that the older release knows, OpenAI's own before others", () => {
  const price = (input: number) => [{ fromMs: 0, input, cachedInput: null, output: 0 }]
  const prices = {
    "Groq/llama": price(1),
    "OpenAI-compatible/llama": price(2),
    "OpenAI-compatible/own": price(3),
    "OpenAI/gpt": price(4),
    "Groq/gpt": price(5),
    "Simulated/gpt": price(6),
  }
  expect(lowerSnapshot({ ...makeSnapshot({}), prices }).snapshot.prices).toEqual({
    ...prices,
    "OpenAI/llama": price(1),
    "OpenAI/own": price(3),
  })
  const own = { "OpenAI/gpt": price(4), "Simulated/gpt": price(6) }
  expect(lowerSnapshot({ ...makeSnapshot({}), prices: own }).snapshot.prices).toEqual(own)
})

test("a route that reads the same in both schemas is the same value, so its text is shared", () => {
  const snapshot = makeSnapshot({ plain: [makeBackend("openai")] })
  expect(lowerSnapshot(snapshot).snapshot.routes[0]).toBe(snapshot.routes[0])
})

test("a limit that the older release would not hold becomes a denial, and its policy says so", () => {
  const rules = { kind: "rules", deny: [], allow: [], otherwise: "Allow", decidedBy: [] } as const
  const maxOutputTokens = { tokens: 4096, policy: "org-baseline" }
  const { snapshot, withheld } = lowerSnapshot({
    ...makeSnapshot({ plain: [makeBackend("openai")] }),
    access: rules,
    parameters: { maxOutputTokens },
  })
  expect(snapshot.access).toEqual({
    kind: "invalid",
    policy: "org-baseline",
    field: "spec.parameters.maxOutputTokens",
    message: "needs a newer sidecar, restart the pod",
  })
  expect(Object.keys(snapshot)).not.toContain("parameters")
  const feature = "spec.parameters.maxOutputTokens"
  expect(withheld).toContainEqual({ object: "ModelPolicy org-baseline", feature })
})
