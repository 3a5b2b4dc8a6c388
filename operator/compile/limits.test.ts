import { describe, expect, test } from "vitest"
import type { ConfigKind } from "#operator/index/entry.ts"
import type { ClusterView, ConfigObject, NamespaceView } from "#operator/index/view.ts"
import { ACCESS_SIZE_MAX } from "./access.ts"
import { ROUTES_MAX, ROUTES_SIZE_MAX } from "./claims.ts"
import { compileCluster, compileNamespace } from "./compile.ts"
import { CATALOGUE_ENTRIES_MAX } from "./prices.ts"
import { PROVIDERS_MAX } from "./providers.ts"
import { readOwnRoute } from "./routes.ts"

const SETTINGS = {
  operatorNamespace: "sidegate-system",
  teamLabel: "sidegate.dev/team",
  unselected: "Allow",
  unassigned: "Allow",
  cloudHosts: [],
} as const

const SIM = { schema: "Simulated", allowedNamespaces: { from: "All" } }

function object(kind: ConfigKind, at: number, spec: unknown): ConfigObject {
  const name = `o${String(at).padStart(5, "0")}`
  const namespace = kind === "AIRoute" ? "search" : ""
  return { kind, namespace, name, uid: name, generation: 1, createdAt: at, spec }
}

function many(kind: ConfigKind, count: number, spec: (at: number) => unknown) {
  return Array.from({ length: count }, (_, at) => object(kind, at, spec(at)))
}

function compile(more: Partial<ClusterView>, routes: readonly ConfigObject[] = []) {
  const empty = { providers: [], catalogs: [], policies: [], quotas: [], sharedRoutes: [] }
  const cluster = compileCluster({ ...empty, secrets: new Map(), ...more }, SETTINGS, [])
  const namespace = { name: "search", labels: {}, annotations: {}, isTerminating: false }
  const view: NamespaceView = { namespace, routes }
  return { cluster, namespace: compileNamespace(cluster, view, SETTINGS) }
}

describe("beyond a limit the youngest are refused and the others stay", () => {
  test("routes of a namespace, by number", () => {
    const rules = [{ name: "all", backends: [{ provider: "sim" }] }]
    const routes = many("AIRoute", ROUTES_MAX + 2, (at) => ({ models: [`m${at}`], rules }))
    const { namespace } = compile({}, routes)
    expect(namespace.snapshot.routes).toHaveLength(ROUTES_MAX)
    expect(refusals(namespace.verdicts)).toEqual(["LimitExceeded", "LimitExceeded"])
  })
  test("routes of a namespace, by size", () => {
    const headers = Array.from({ length: 8 }, (_, at) => ({
      name: `x${at}`,
      value: "v".repeat(256),
    }))
    const matches = Array.from({ length: 8 }, () => ({ headers }))
    const rules = Array.from({ length: 16 }, (_, at) => ({
      name: `r${at}`,
      matches,
      backends: [{ provider: "sim" }],
    }))
    const routes = many("AIRoute", 12, (at) => ({ models: [`m${at}`], rules }))
    const { namespace } = compile({}, routes)
    const size = JSON.stringify(namespace.snapshot).length
    expect(size).toBeGreaterThan(ROUTES_SIZE_MAX / 2)
    expect(size).toBeLessThan(ROUTES_SIZE_MAX + 10_000)
    expect(namespace.snapshot.models.exact["m0"]).toBe(0)
    expect(new Set(refusals(namespace.verdicts))).toEqual(new Set(["LimitExceeded"]))
  })
  test("providers", () => {
    const providers = many("AIProvider", PROVIDERS_MAX + 1, () => SIM)
    expect(refusals(compile({ providers }).cluster.verdicts)).toEqual(["LimitExceeded"])
  })
  test("entries of catalogues", () => {
    const prices = [{ input: "1", output: "1" }]
    const catalogs = many("ModelCatalog", CATALOGUE_ENTRIES_MAX / 500 + 1, (at) => ({
      models: Array.from({ length: 500 }, (_, n) => ({
        schema: "OpenAI",
        model: `m${at}-${n}`,
        prices,
      })),
    }))
    expect(refusals(compile({ catalogs }).cluster.verdicts)).toEqual(["LimitExceeded"])
  })
})

test("policies that are too large together deny: none of them may be dropped", () => {
  const models = (at: number) =>
    Array.from({ length: 64 }, (_, n) => `${at}-${n}-`.padEnd(128, "x"))
  const deny = Array.from({ length: 32 }, (_, at) => ({ name: `d${at}`, models: models(at) }))
  const spec = { targets: { namespaces: { from: "All" } }, models: { deny } }
  const { namespace } = compile({ policies: many("ModelPolicy", 12, () => spec) })
  expect(namespace.snapshot.access).toMatchObject({
    kind: "invalid",
    policy: "o00011",
    message: expect.stringContaining(String(ACCESS_SIZE_MAX)),
  })
})

test("a ninth level of teams is refused, and the first eight are not", () => {
  const quotas = many("TeamQuota", 9, (at) =>
    at === 0 ? {} : { parent: `o${String(at - 1).padStart(5, "0")}` },
  )
  const { cluster } = compile({ quotas })
  const broken = cluster.verdicts.filter(({ accepted }) => accepted.status === "False")
  expect(broken.map(({ object: { name } }) => name)).toEqual(["o00008"])
  expect(broken[0]?.accepted.message).toContain("more than 8 levels")
})

function refusals(verdicts: readonly { readonly accepted: { status: string; reason: string } }[]) {
  return verdicts
    .filter(({ accepted }) => accepted.status === "False")
    .map(({ accepted }) => accepted.reason)
}

test("the size that counts for a route is never below its size in the Snapshot", () => {
  const quoted = '"'.repeat(256)
  const rules = Array.from({ length: 3 }, (_, at) => ({
    name: `r${at}`,
    matches: [
      { headers: [{ name: "x", value: quoted }], workloadSelector: { matchLabels: { a: "b" } } },
    ],
    backends: [{ provider: "p".repeat(63), model: "m".repeat(128) }, { provider: "q" }],
    retry: { triggers: ["Connect"] },
  }))
  const spec = { models: ["a", "b*", "c".repeat(128)], rules }
  const route = object("AIRoute", 1, spec)
  const { snapshot } = compile({}, [route]).namespace
  const reading = readOwnRoute(route)
  const size = JSON.stringify([snapshot.routes, snapshot.models]).length
  expect(reading.ok ? reading.route.size : 0).toBeGreaterThanOrEqual(size)
})
