/**
 * The sidecar's metrics, in Prometheus form; the names of generative AI are OpenTelemetry's.
 *
 * In: finished exchanges, states of the other parts when scraped. Out: the text of `/metrics`.
 * Labels come from closed sets and from the Snapshot, so no client can mint one; users are never
 * among them.
 */
import { collectDefaultMetrics, Registry } from "prom-client"
import type { ExchangeRecord } from "#proxy/exchange/exchange-record.ts"
import {
  type BoundCounter,
  type BoundHistogram,
  CounterFamily,
  HistogramFamily,
} from "./fast-metrics.ts"
import { type Observed, registerState } from "./state-metrics.ts"
import { createTokenFamilies, TokenCounters } from "./token-metrics.ts"

export interface ProxyMetrics {
  exchange(record: ExchangeRecord): void
  /** Refused before it became an exchange: a guard, a limit, draining. */
  refused(code: string): void
  /** A bug that reached the process. */
  bug(): void
  scrape(): Promise<{ readonly contentType: string; readonly text: string }>
}

/** Seconds. */
const DURATION_BUCKETS = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160,
] as const
/** As the OpenTelemetry conventions for `gen_ai.client.token.usage` advise. */
const TOKEN_BUCKETS = [
  1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
] as const
/** Seconds of our own work. */
const OVERHEAD_BUCKETS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25] as const

/** All that one kind of exchange touches, bound together so that one look-up serves it. */
interface ExchangeSeries {
  readonly requests: BoundCounter
  readonly duration: BoundHistogram
  readonly firstByte: BoundHistogram
  readonly overhead: BoundHistogram
  readonly inputTokens: BoundHistogram
  readonly outputTokens: BoundHistogram
  readonly tokens: TokenCounters
  readonly costUsd: BoundCounter
  readonly unpriced: BoundCounter
  readonly estimated: BoundCounter
}

/** Kinds of exchange held ready; past it they are looked up anew. */
const KINDS_MAX = 2_000

export function createMetrics(options: {
  readonly release: string
  readonly now: () => number
  readonly observe: () => Observed
}): ProxyMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  registerState(registry, options)
  const families = createFamilies(registry)
  const bugs = families.bugs.bind()
  const kinds = new Map<string, ExchangeSeries>()
  const kindOf = (record: ExchangeRecord): ExchangeSeries => {
    const { surface, operation, modelLabel, provider, status, refusal } = record
    const key = `${surface}\n${operation}\n${modelLabel}\n${provider}\n${status}\n${refusal}`
    const held = kinds.get(key)
    if (held !== undefined) return held
    const made = bindKind(families, record)
    if (kinds.size < KINDS_MAX) kinds.set(key, made)
    return made
  }
  return {
    exchange: (record) => {
      observeExchange(kindOf(record), record)
      for (const attempt of record.attempts) {
        families.attempts.bind(attempt.provider, attempt.outcome).add(1)
      }
    },
    refused: (code) => families.refused.bind(code).add(1),
    bug: () => bugs.add(1),
    scrape: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  }
}

function observeExchange(series: ExchangeSeries, record: ExchangeRecord): void {
  const { usage, cost, firstByteMs } = record
  series.requests.add(1)
  series.duration.observe(record.durationMs / 1000)
  series.overhead.observe(record.overheadMs / 1000)
  if (firstByteMs !== null) series.firstByte.observe(firstByteMs / 1000)
  if (usage !== null) {
    series.inputTokens.observe(usage.inputTokens)
    series.outputTokens.observe(usage.outputTokens)
    series.tokens.add(usage)
  }
  if (cost !== null) series.costUsd.add(cost / 1e9)
  else if (usage !== null) series.unpriced.add(1)
  if (record.isEstimated) series.estimated.add(1)
}

function bindKind(families: Families, record: ExchangeRecord): ExchangeSeries {
  const provider = record.provider ?? "none"
  const { surface, operation, modelLabel: model, status, refusal } = record
  return {
    requests: families.requests.bind(surface, model, provider, String(status), refusal ?? ""),
    duration: families.duration.bind(operation, provider, model),
    firstByte: families.firstByte.bind(operation, provider, model),
    overhead: families.overhead.bind(surface),
    inputTokens: families.tokens.bind(operation, provider, model, "input"),
    outputTokens: families.tokens.bind(operation, provider, model, "output"),
    tokens: new TokenCounters(families.tokenCounters, [operation, provider, model]),
    costUsd: families.costUsd.bind(provider, model),
    unpriced: families.unpriced.bind(provider, model),
    estimated: families.estimated.bind(provider, model),
  }
}

type Families = ReturnType<typeof createFamilies>

const GEN_AI = ["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"] as const

function createFamilies(registry: Registry) {
  return {
    ...createCounters(registry),
    ...createHistograms(registry),
    tokenCounters: createTokenFamilies(registry, GEN_AI),
  }
}

function createCounters(registry: Registry) {
  return {
    requests: new CounterFamily(registry, {
      name: "sidegate_requests_total",
      help: "Requests answered, by what the client asked for and what it got.",
      labels: ["surface", "model", "provider", "status", "code"],
    }),
    refused: new CounterFamily(registry, {
      name: "sidegate_refused_total",
      help: "Requests refused before they were read whole: guards, limits, draining.",
      labels: ["code"],
    }),
    attempts: new CounterFamily(registry, {
      name: "sidegate_upstream_attempts_total",
      help: "Attempts at providers, by how they ended.",
      labels: ["provider", "outcome"],
    }),
    bugs: new CounterFamily(registry, {
      name: "sidegate_bugs_total",
      help: "Broken invariants that reached the process. Any is worth a report.",
      labels: [],
    }),
    costUsd: new CounterFamily(registry, {
      name: "sidegate_cost_usd_total",
      help: "Cost of answered requests in US dollars; the ledger has the exact sums.",
      labels: ["provider", "model"],
    }),
    unpriced: new CounterFamily(registry, {
      name: "sidegate_unpriced_requests_total",
      help: "Requests that used a model without a known price: their cost is in no sum.",
      labels: ["provider", "model"],
    }),
    estimated: new CounterFamily(registry, {
      name: "sidegate_estimated_requests_total",
      help: "Requests whose tokens no provider reported: they are this sidecar's own numbers.",
      labels: ["provider", "model"],
    }),
  }
}

function createHistograms(registry: Registry) {
  return {
    overhead: new HistogramFamily(registry, {
      name: "sidegate_overhead_seconds",
      help: "Our own part of an exchange.",
      labels: ["surface"],
      buckets: OVERHEAD_BUCKETS,
    }),
    duration: new HistogramFamily(registry, {
      name: "gen_ai_client_operation_duration_seconds",
      help: "From accept to the last byte.",
      labels: GEN_AI,
      buckets: DURATION_BUCKETS,
    }),
    firstByte: new HistogramFamily(registry, {
      name: "gen_ai_server_time_to_first_token_seconds",
      help: "From accept to the first content byte.",
      labels: GEN_AI,
      buckets: DURATION_BUCKETS,
    }),
    tokens: new HistogramFamily(registry, {
      name: "gen_ai_client_token_usage",
      help: "Tokens of one exchange.",
      labels: [...GEN_AI, "gen_ai_token_type"],
      buckets: TOKEN_BUCKETS,
    }),
  }
}
