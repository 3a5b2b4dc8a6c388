/**
 * A big cluster as index entries: every kind, with selectors, parents, shared Secrets and prefixes in use.
 *
 * Pure: the same size gives the same world.
 */
import type { ConfigKind, IndexEntry } from "#operator/index/entry.ts"

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

export const OPERATOR_NAMESPACE = "sidegate-system"
const CREATED_AT = Date.UTC(2026, 0, 1)

export function makeWorld(size: WorldSize): readonly IndexEntry[] {
  return [
    ...times(size.namespaces, (at) => namespaceEntry(at, size)),
    ...times(size.providers, providerEntry),
    ...times(size.policies, (at) => policyEntry(at, size)),
    ...times(size.quotas, quotaEntry),
    ...times(5, secretEntry),
    ...times(size.namespaces, (at) => at).flatMap((namespace) =>
      times(size.routesPerNamespace, (at) => routeEntry(namespace, at, size, 1)),
    ),
  ]
}

export function namespaceName(at: number): string {
  return `team-${String(at).padStart(4, "0")}`
}

/** A later generation has other weights. */
export function routeEntry(
  namespace: number,
  at: number,
  size: WorldSize,
  generation: number,
): IndexEntry {
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
  return configEntry("AIRoute", namespaceName(namespace), `route-${at}`, generation, {
    models: [`model-${at}`, `family-${at}-*`],
    rules: [
      rule("gold", [{ headers: [{ name: "x-tier", value: "gold" }] }]),
      rule("api", [{ workloadSelector: { matchLabels: { app: "api" } } }]),
      rule("everyone", []),
    ],
  })
}

function namespaceEntry(at: number, size: WorldSize): IndexEntry {
  const name = namespaceName(at)
  const labels = {
    "kubernetes.io/metadata.name": name,
    "sidegate.dev/team": `quota-${at % size.quotas}`,
    tier: at % 3 === 0 ? "batch" : "app",
    unit: `unit-${at % Math.max(1, size.policies)}`,
  }
  return {
    kind: "Namespace",
    uid: `namespace-${at}`,
    resourceVersion: "1",
    value: { name, labels, annotations: {}, isTerminating: false },
  }
}

function providerEntry(at: number): IndexEntry {
  return configEntry("AIProvider", "", `provider-${at}`, 1, {
    schema: "OpenAI",
    endpoint: `https://api-${at}.example.com/v1`,
    network: "Public",
    credentials: { type: "Secret", secret: { name: `secret-${at % 5}`, key: "api-key" } },
    allowedNamespaces:
      at % 10 === 0
        ? {
            from: "Selector",
            selector: { matchExpressions: [{ key: "tier", operator: "Exists" }] },
          }
        : { from: "All" },
    timeouts: { connect: "5s" },
  })
}

/** The first three hold everywhere; each other one for the namespaces of one unit. */
function policyEntry(at: number, size: WorldSize): IndexEntry {
  const unit = { matchLabels: { unit: `unit-${at % Math.max(1, size.policies)}` } }
  return configEntry("ModelPolicy", "", `policy-${at}`, 1, {
    mode: "Enforce",
    targets: {
      namespaces: at < 3 ? { from: "All" } : { from: "Selector", selector: unit },
    },
    models: {
      allow: [{ name: "approved", models: ["upstream-*", "model-*"] }],
      deny: [{ name: "previews", models: [`*-preview-${at}`] }],
    },
  })
}

/** Ten roots, a hundred departments, the rest teams below them. */
function quotaEntry(at: number): IndexEntry {
  const parent = at < 10 ? undefined : at < 110 ? at % 10 : 10 + (at % 100)
  return configEntry("TeamQuota", "", `quota-${at}`, 1, {
    costCenter: `CC-${at}`,
    ...(parent === undefined ? {} : { parent: `quota-${parent}` }),
  })
}

function secretEntry(at: number): IndexEntry {
  return {
    kind: "Secret",
    uid: `secret-${at}`,
    resourceVersion: "1",
    value: {
      name: `secret-${at}`,
      type: "sidegate.dev/provider-credential",
      allowedHosts: times(50, (host) => `api-${host}.example.com`),
      keys: { "api-key": { problem: null } },
      fingerprint: `fingerprint-${at}`,
    },
  }
}

function configEntry(
  kind: ConfigKind,
  namespace: string,
  name: string,
  generation: number,
  spec: unknown,
): IndexEntry {
  const uid = `${kind}-${namespace}-${name}`
  return {
    kind,
    uid,
    resourceVersion: String(generation),
    value: { kind, namespace, name, uid, generation, createdAt: CREATED_AT, spec },
  }
}

function times<T>(count: number, make: (at: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, at) => make(at))
}
