/**
 * A big cluster as objects: every kind, with selectors, parents, shared Secrets and prefixes in
 * use.
 *
 * Pure: the same size gives the same world.
 */
import {
  type FedObject,
  makeNamespace,
  makeObject,
  makePod,
  makeProviderSecret,
} from "#test/operator/objects.ts"

export interface WorldSize {
  readonly namespaces: number
  readonly routesPerNamespace: number
  readonly providers: number
  readonly policies: number
  readonly quotas: number
}

/** What issue and documentation promise numbers for. */
export const PROMISED: WorldSize = {
  namespaces: 1000,
  routesPerNamespace: 20,
  providers: 50,
  policies: 200,
  quotas: 1000,
}

export function makeWorld(size: WorldSize): readonly FedObject[] {
  return [
    ...times(size.namespaces, (at) => namespaceOf(at, size)),
    ...times(5, secretOf),
    ...times(size.providers, (at) => providerOf(at)),
    ...times(size.policies, (at) => policyOf(at, size, 1)),
    ...times(size.quotas, quotaOf),
    ...times(size.namespaces, (at) => at).flatMap((namespace) =>
      times(size.routesPerNamespace, (at) => routeOf(namespace, at, size, 1)),
    ),
  ]
}

export function namespaceName(at: number): string {
  return `team-${String(at).padStart(4, "0")}`
}

/** One injected pod in a namespace. */
export function podOf(namespace: number): FedObject {
  return makePod(namespaceName(namespace), "app-0", { app: namespace % 2 === 0 ? "api" : "worker" })
}

/** A later generation has other weights. */
export function routeOf(
  namespace: number,
  at: number,
  size: WorldSize,
  generation: number,
): FedObject {
  const backend = (step: number, weight: number, priority: number) => ({
    provider: `provider-${(namespace + at + step) % size.providers}`,
    model: `upstream-${(at + step) % 7}`,
    weight,
    priority,
  })
  const rule = (name: string, matches: readonly unknown[]) => ({
    name,
    matches,
    backends: [backend(0, 90 + generation, 0), backend(1, 10, 0), backend(2, 1, 1)],
    retry: { attempts: 3, budgetPercent: 20 },
    timeouts: { request: "120s", firstToken: "10s", streamIdle: "30s" },
  })
  const spec = {
    models: [`model-${at}`, `family-${at}-*`],
    rules: [
      rule("gold", [{ headers: [{ name: "x-tier", value: "gold" }] }]),
      rule("api", [{ workloadSelector: { matchLabels: { app: "api" } } }]),
      rule("everyone", []),
    ],
  }
  const options = { namespace: namespaceName(namespace), generation }
  return makeObject("AIRoute", `route-${at}`, { spec }, options)
}

function providerOf(at: number): FedObject {
  const tiered = { matchExpressions: [{ key: "tier", operator: "Exists" }] }
  const spec = {
    schema: "OpenAI",
    endpoint: `https://api-${at}.example.com/v1`,
    network: "Public",
    credentials: { type: "Secret", secret: { name: `secret-${at % 5}`, key: "api-key" } },
    allowedNamespaces: at % 10 === 0 ? { from: "Selector", selector: tiered } : { from: "All" },
    timeouts: { connect: "5s" },
  }
  return makeObject("AIProvider", `provider-${at}`, { spec })
}

function namespaceOf(at: number, size: WorldSize): FedObject {
  return makeNamespace(namespaceName(at), `quota-${at % size.quotas}`, {
    tier: at % 3 === 0 ? "batch" : "app",
    unit: `unit-${at % Math.max(1, size.policies)}`,
  })
}

/**
 * The first three hold everywhere; each other one for the namespaces of one unit. A later
 * generation denies another name, so every namespace that it holds for changes.
 */
export function policyOf(at: number, size: WorldSize, generation: number): FedObject {
  const unit = { matchLabels: { unit: `unit-${at % Math.max(1, size.policies)}` } }
  const namespaces = at < 3 ? { from: "All" } : { from: "Selector", selector: unit }
  const models = {
    allow: [{ name: "approved", models: ["upstream-*", "model-*"] }],
    deny: [{ name: "previews", models: [`*-preview-${at}-${generation}`] }],
  }
  const spec = { mode: "Enforce", targets: { namespaces }, models }
  return makeObject("ModelPolicy", `policy-${at}`, { spec }, { generation })
}

/** Ten roots, a hundred departments, the rest teams below them. */
function quotaOf(at: number): FedObject {
  const parent = at < 10 ? undefined : at < 110 ? at % 10 : 10 + (at % 100)
  const above = parent === undefined ? {} : { parent: `quota-${parent}` }
  return makeObject("TeamQuota", `quota-${at}`, { spec: { costCenter: `CC-${at}`, ...above } })
}

function secretOf(at: number): FedObject {
  const hosts = times(50, (host) => `api-${host}.example.com`)
  return makeProviderSecret(`secret-${at}`, `key-${at}`, hosts)
}

function times<T>(count: number, make: (at: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, at) => make(at))
}
