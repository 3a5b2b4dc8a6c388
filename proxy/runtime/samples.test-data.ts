/** For tests: makers of Snapshots and Runtimes, so that each row shows only what matters to it. */
import {
  type BackendConfig,
  type ProviderConfig,
  type RuleConfig,
  SNAPSHOT_SCHEMA_VERSION,
  type Snapshot,
} from "#proxy/contract/snapshot.ts"
import { linkRuntime } from "./link.ts"
import type { Runtime } from "./runtime.ts"

export function makeProvider(name: string, more: Partial<ProviderConfig> = {}): ProviderConfig {
  return {
    name,
    schema: "OpenAI",
    origin: `https://${name}.example`,
    pathPrefix: "/v1",
    vendor: null,
    options: null,
    network: "Public",
    credential: "Secret",
    connectTimeoutMs: 5000,
    disabled: false,
    simulated: null,
    ...more,
  }
}

export function makeBackend(provider: string, more: Partial<BackendConfig> = {}): BackendConfig {
  return { provider, model: "served", weight: 1, priority: 0, problem: null, ...more }
}

export function makeRule(more: Partial<RuleConfig> = {}): RuleConfig {
  return {
    name: "default",
    matches: [],
    strategy: { type: "Weighted" },
    backends: [makeBackend("one"), makeBackend("two", { priority: 1 })],
    retry: {
      attempts: 3,
      budgetPercent: 20,
      triggers: ["Connect", "RateLimited", "ServerError", "FirstTokenTimeout"],
    },
    timeouts: { requestMs: 60_000, firstTokenMs: 5000, streamIdleMs: 10_000 },
    ...more,
  }
}

export function makeSnapshot(more: Partial<Snapshot> = {}): Snapshot {
  return {
    schemaVersion: SNAPSHOT_SCHEMA_VERSION,
    namespace: "search",
    team: { kind: "team", name: "search", costCenter: null, ancestors: [] },
    access: { kind: "rules", deny: [], allow: [], otherwise: "Allow", decidedBy: [] },
    providers: { one: makeProvider("one"), two: makeProvider("two") },
    routes: [{ name: "search/chat", rules: [makeRule()] }],
    models: { exact: { smart: 0 }, prefixes: [{ prefix: "gpt-", route: 0 }] },
    prices: {
      "OpenAI-compatible/served": [
        { fromMs: 0, input: 2_500_000, cachedInput: 1_250_000, output: 10_000_000 },
      ],
    },
    ...more,
  }
}

export const IDENTITY = {
  namespace: "search",
  pod: "api-0",
  podUid: "uid-0",
  application: "api",
  labels: { app: "api", tier: "web" },
}

export function makeRuntime(more: Partial<Snapshot> = {}): Runtime {
  const push = { version: { term: 3, generation: 17 }, hash: "h", snapshot: makeSnapshot(more) }
  const linked = linkRuntime(push, IDENTITY)
  if (!linked.ok) throw new Error(linked.nack.reason)
  return linked.runtime
}
