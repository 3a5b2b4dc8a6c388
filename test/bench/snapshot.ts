/**
 * The configuration that the bench's proxy runs under: small, but with every kind of rule in force.
 * Pure.
 */
import { UNKNOWN_MAKE } from "#proxy/contract/price-lookup.ts"
import { priceKey } from "#proxy/contract/prices.ts"
import type { ProviderConfig, RouteConfig, RuleConfig, Snapshot } from "#proxy/contract/snapshot.ts"
import { BENCH_MODEL, STREAM_MODEL, UPSTREAM_MODEL } from "./bodies.ts"

export function benchSnapshot(upstreamOrigin: string): Snapshot {
  return {
    schemaVersion: 2,
    namespace: "bench",
    team: { kind: "team", name: "bench", costCenter: "CC-1", ancestors: ["engineering"] },
    access: {
      kind: "rules",
      deny: [{ policy: "baseline", name: "previews", models: ["*-preview"], providers: [] }],
      allow: [
        { policy: "baseline", name: "approved", models: ["upstream-*"], providers: ["whole"] },
        { policy: "baseline", name: "streams", models: ["upstream-*"], providers: ["stream"] },
      ],
      otherwise: "Deny",
      decidedBy: ["baseline"],
    },
    providers: {
      stream: provider("stream", upstreamOrigin),
      whole: provider("whole", upstreamOrigin),
    },
    routes: [route(BENCH_MODEL, "whole"), route(STREAM_MODEL, "stream")],
    models: {
      exact: { [BENCH_MODEL]: 0, [STREAM_MODEL]: 1 },
      prefixes: [{ prefix: "bench-other-", route: 0 }],
    },
    prices: {
      [priceKey(UNKNOWN_MAKE, UPSTREAM_MODEL)]: [
        { fromMs: 0, input: 2_500_000, cachedInput: 1_250_000, output: 10_000_000 },
      ],
    },
  }
}

function provider(name: string, origin: string): ProviderConfig {
  return {
    name,
    schema: "OpenAI",
    origin,
    pathPrefix: `/${name}/v1`,
    vendor: null,
    options: null,
    network: "Private",
    credential: "Secret",
    connectTimeoutMs: 5000,
    disabled: false,
    simulated: null,
  }
}

function route(model: string, providerName: string): RouteConfig {
  const backend = {
    provider: providerName,
    model: UPSTREAM_MODEL,
    weight: 1,
    priority: 0,
    problem: null,
  }
  const common: Omit<RuleConfig, "name" | "matches"> = {
    strategy: { type: "Weighted" },
    backends: [
      { ...backend, weight: 90 },
      { ...backend, weight: 10 },
      { ...backend, priority: 1 },
    ],
    retry: {
      attempts: 3,
      budgetPercent: 20,
      triggers: ["Connect", "RateLimited", "ServerError", "FirstTokenTimeout"],
    },
    timeouts: { requestMs: 120_000, firstTokenMs: 30_000, streamIdleMs: 30_000 },
  }
  return {
    name: `bench/${model}`,
    rules: [
      {
        name: "gold",
        matches: [{ headers: [{ name: "x-tier", value: "gold" }], workloadSelector: null }],
        ...common,
      },
      { name: "everyone", matches: [], ...common },
    ],
  }
}
