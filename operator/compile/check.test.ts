/** A check that never fails proves nothing: each row breaks one thing and wants it found. */
import { describe, expect, test } from "vitest"
import type { OutputLimit } from "#proxy/contract/parameter-limits.ts"
import type { RuleConfig, Snapshot } from "#proxy/contract/snapshot.ts"
import { indexOf, readWorld } from "#test/golden/compile/world.ts"
import { checkNamespace } from "./check.ts"
import type { CloudIdentity } from "./cloud-identity.ts"
import { compileCluster, compileNamespace } from "./compile.ts"
import type { CompiledNamespace } from "./compiled.ts"

const FREE = { input: 0, cachedInput: null, output: 0 }

const WORLD = readWorld(`
kind: Namespace
metadata: {name: search, labels: {tier: app}}
---
kind: SecretFacts
name: key
type: sidegate.dev/provider-credential
allowedHosts: [api.openai.com]
keys: {api-key: {problem: null}, other: {problem: null}}
---
kind: AIProvider
metadata: {name: openai}
spec:
  schema: OpenAI
  endpoint: https://api.openai.com/v1
  credentials: {type: Secret, secret: {name: key, key: api-key}}
  allowedNamespaces: {from: Selector, selector: {matchLabels: {tier: app}}}
---
kind: AIProvider
metadata: {name: sim}
spec: {schema: Simulated, allowedNamespaces: {from: All}}
---
kind: ModelPolicy
metadata: {name: org}
spec: {targets: {namespaces: {from: All}}, models: {allow: [{name: a, models: ["gpt*"]}]}}
---
kind: ModelPolicy
metadata: {name: short}
spec: {targets: {namespaces: {from: All}}, parameters: {maxOutputTokens: 500}}
---
kind: ModelPolicy
metadata: {name: shorter}
spec:
  targets: {namespaces: {from: Selector, selector: {matchLabels: {tier: elsewhere}}}}
  parameters: {maxOutputTokens: 100}
---
kind: AIRoute
metadata: {name: a, namespace: search}
spec:
  models: [o3, "gpt-4o*", "gpt*"]
  rules: [{name: all, backends: [{provider: openai, model: o3}, {provider: sim, model: simulated}]}]
---
kind: AIRoute
metadata: {name: b, namespace: search}
spec: {models: [smart], rules: [{name: all, backends: [{provider: sim, model: simulated}]}]}
`)

const { settings } = WORLD
const index = indexOf(WORLD)
const cluster = compileCluster(index.clusterView(), settings, index.namespaces())
const view = index.view("search") ?? fail()
const sound = compileNamespace(cluster, view, settings)

const cases: readonly { readonly name: string; readonly broken: CompiledNamespace }[] = [
  withSnapshot("is of another namespace", { namespace: "billing" }),
  withSnapshot("a model points at route 7", {
    models: { exact: { o3: 7, smart: 1 }, prefixes: [] },
  }),
  withSnapshot("a route serves no model", { models: { exact: { o3: 0 }, prefixes: [] } }),
  withSnapshot("a longer prefix comes after", {
    models: {
      exact: { smart: 1 },
      prefixes: [
        { prefix: "gpt", route: 0 },
        { prefix: "gpt-4o", route: 0 },
      ],
    },
  }),
  withSnapshot("no exact model name", { models: { exact: { "gpt*": 0, smart: 1 }, prefixes: [] } }),
  withSnapshot("routes are out of order", { routes: [...sound.snapshot.routes].reverse() }),
  withSnapshot("points at no provider", { providers: {} }),
  withRule("has a problem and is provided", (rule) => ({
    backends: rule.backends.map((backend) => ({
      ...backend,
      problem: { code: "upstream_failed" as const, message: "no" },
    })),
  })),
  withRule("weight -1", (rule) => ({
    backends: rule.backends.map((backend) => ({ ...backend, weight: -1 })),
  })),
  withRule("all weights are 0", (rule) => ({
    backends: rule.backends.map((backend) => ({ ...backend, weight: 0 })),
  })),
  withRule("0 backends", () => ({ backends: [] })),
  withRule("attempts", (rule) => ({ retry: { ...rule.retry, attempts: 99 } })),
  withRule("a time limit out of range", (rule) => ({
    timeouts: { ...rule.timeouts, requestMs: 0 },
  })),
  withRule("a match without a condition", () => ({
    matches: [{ headers: [], workloadSelector: null }],
  })),
  withProvider("has the destination", { origin: "http://api.openai.com" }),
  withProvider("has the destination", { origin: "https://user@api.openai.com" }),
  withProvider("may not go to", { origin: "https://evil.example" }),
  withProvider("may not go to", { origin: "https://api.openai.com.evil.example" }),
  withProvider("keys for", { credential: "None" }),
  { name: "keys for", broken: { ...sound, credentials: [] } },
  {
    name: "is not the one that it names",
    broken: {
      ...sound,
      credentials: [{ provider: "openai", kind: "secret", secret: "key", key: "other" }],
    },
  },
  withSnapshot("prices of OpenAI/o3 are out of order", {
    prices: { "OpenAI/o3": [...(sound.snapshot.prices["OpenAI/o3"] ?? [])].reverse() },
  }),
  withSnapshot("is no amount", {
    prices: { x: [{ fromMs: 0, input: 0.5, cachedInput: null, output: 1 }] },
  }),
  withSnapshot("is no amount", {
    prices: { x: [{ fromMs: 0, input: 1, cachedInput: null, output: 1, cacheWrite: -1 }] },
  }),
  withSnapshot("is no amount", {
    prices: { x: [{ fromMs: 0, ...FREE, tiers: [{ aboveInputTokens: 5, ...FREE, input: 0.5 }] }] },
  }),
  withSnapshot("tiers out of order", {
    prices: {
      x: [
        {
          fromMs: 0,
          ...FREE,
          tiers: [
            { aboveInputTokens: 5, ...FREE },
            { aboveInputTokens: 5, ...FREE },
          ],
        },
      ],
    },
  }),
  withSnapshot("an allow list denies nothing", {
    access: { ...accessOfSound(), otherwise: "Allow", decidedBy: [] },
  }),
  withSnapshot("nothing is allowed by default", { access: { kind: "none" } }),
  withSnapshot("limits on parameters where everything is refused", { access: { kind: "none" } }),
  withoutParameters("the limit of output tokens of ModelPolicy short is lost"),
  withLimit("ModelPolicy short does not ask for 499", { tokens: 499, policy: "short" }),
  withLimit("ModelPolicy shorter does not ask for 100", { tokens: 100, policy: "shorter" }),
  withLimit("ModelPolicy short allows 500 output tokens, not 501", {
    tokens: 501,
    policy: "org",
  }),
  withLimit("a limit of 0 output tokens", { tokens: 0, policy: "short" }),
  { name: "has no source", broken: { ...sound, sources: [] } },
]

describe("the check finds of a cloud's credentials that", () => {
  const world = readWorld(`
kind: Namespace
metadata: {name: search}
---
kind: SecretFacts
name: aws
type: sidegate.dev/provider-credential
allowedHosts: [gateway.example]
keys: {access-key-id: {problem: null}, secret-access-key: {problem: null}}
---
kind: AIProvider
metadata: {name: cloud}
spec:
  schema: OpenAI
  endpoint: https://gateway.example/v1
  allowedNamespaces: {from: All}
  credentials:
    type: WorkloadIdentity
    workloadIdentity:
      type: AWS
      aws: {type: AccessKey, region: eu-central-1, accessKey: {name: aws}}
---
kind: AIRoute
metadata: {name: a, namespace: search}
spec: {models: [m], rules: [{name: all, backends: [{provider: cloud, model: m}]}]}
`)
  const held = indexOf(world)
  const whole = compileCluster(held.clusterView(), world.settings, held.namespaces())
  const seen = held.view("search") ?? fail()
  const made = compileNamespace(whole, seen, world.settings)
  const check = (identity: CloudIdentity, origin = "https://gateway.example") => {
    const config = made.snapshot.providers["cloud"] ?? fail()
    const providers = { cloud: { ...config, origin } }
    const credentials = [{ provider: "cloud", kind: "cloud", identity } as const]
    const broken = { ...made, credentials, snapshot: { ...made.snapshot, providers } }
    return checkNamespace(broken, whole, seen, world.settings).join("\n")
  }
  const key = { kind: "aws-access-key", region: "eu-central-1", roleArn: null } as const
  const ambient = { kind: "aws-pod-identity", region: "eu-central-1", roleArn: null } as const

  test("nothing is wrong with what the compiler made", () => {
    expect(check({ ...key, secret: "aws" })).toBe("")
  })
  test("the Secret is another one", () => {
    expect(check({ ...key, secret: "other" })).toContain("the Secret of cloud is not the one")
    expect(check(ambient)).toContain("the Secret of cloud is not the one that it names")
  })
  test("the identity is of another cloud", () => {
    const google = { kind: "google-service-account-key", secret: "aws", key: "k" } as const
    expect(check(google)).toContain("the identity of cloud is not the one that it names")
  })
  test("it goes where its Secret does not allow", () => {
    const elsewhere = check({ ...key, secret: "aws" }, "https://evil.example")
    expect(elsewhere).toContain("the key of cloud may not go to evil.example")
  })
  test("it goes to no endpoint of the cloud", () => {
    expect(check(ambient)).toContain("the key of cloud may not go to gateway.example")
    const own = check(ambient, "https://bedrock-runtime.eu-central-1.amazonaws.com")
    expect(own).not.toContain("may not go to")
  })
})

describe("the check finds that", () => {
  test("nothing is wrong with what the compiler made", () => {
    expect(checkNamespace(sound, cluster, view, settings)).toEqual([])
  })
  test.each(cases)("$name", ({ name, broken }) => {
    expect(checkNamespace(broken, cluster, view, settings).join("\n")).toContain(name)
  })
  test("a provider does not allow the namespace", () => {
    const moved = { ...view, namespace: { ...view.namespace, labels: {} } }
    expect(checkNamespace(sound, cluster, moved, settings)).toEqual([
      "provider openai does not allow search",
    ])
  })
})

function withLimit(name: string, maxOutputTokens: OutputLimit) {
  return withSnapshot(name, { parameters: { maxOutputTokens } })
}

function withoutParameters(name: string) {
  const { parameters: _gone, ...snapshot } = sound.snapshot
  return { name, broken: { ...sound, snapshot } }
}

function withSnapshot(name: string, change: Partial<Snapshot>) {
  return { name, broken: { ...sound, snapshot: { ...sound.snapshot, ...change } } }
}

function withRule(name: string, change: (rule: RuleConfig) => Partial<RuleConfig>) {
  const routes = sound.snapshot.routes.map((route) => ({
    ...route,
    rules: route.rules.map((rule) => ({ ...rule, ...change(rule) })),
  }))
  return withSnapshot(name, { routes })
}

function withProvider(name: string, change: object) {
  const openai = sound.snapshot.providers["openai"] ?? fail()
  const providers = { ...sound.snapshot.providers, openai: { ...openai, ...change } }
  return withSnapshot(name, { providers })
}

function accessOfSound() {
  const { access } = sound.snapshot
  return access.kind === "rules" ? access : fail()
}

function fail(): never {
  throw new Error("the world of this test is broken")
}
