import { Counter, Histogram, Registry } from "prom-client"
import { expect, test } from "vitest"
import type { ExchangeRecord } from "#proxy/exchange/exchange-record.ts"
import { CounterFamily, HistogramFamily, SERIES_MAX } from "./fast-metrics.ts"
import { createMetrics } from "./metrics.ts"
import type { Observed } from "./state-metrics.ts"

const NOW = 1_800_000_000_000

const observed: Observed = {
  isReady: true,
  config: { version: "3.17", appliedAt: NOW - 2_500, isConnected: true, nacks: 2 },
  journal: {
    isWritable: false,
    bytes: 4096,
    openIntents: 3,
    sequence: 10,
    acknowledged: 4,
    dropped: 1,
    writeFailures: 5,
    torn: 1,
    quarantined: 0,
    lost: 2,
  },
  reportFailures: 7,
  memory: { usedBytes: 350, limitBytes: 384, isShort: true, ended: 6 },
  connections: 8,
  exchanges: 9,
  pools: 2,
}

function makeRecord(more: Partial<ExchangeRecord> = {}): ExchangeRecord {
  return {
    id: "req-1",
    surface: "openai-chat",
    operation: "chat",
    modelLabel: "smart",
    team: "search",
    application: "api",
    route: "search/chat",
    rule: "gold",
    provider: "openai",
    servedModel: "gpt-4o",
    configVersion: "3.17",
    isStream: false,
    status: 200,
    refusal: null,
    attempts: [
      { provider: "azure", model: "gpt-4o", outcome: "timeout", status: null, durationMs: 10 },
      { provider: "openai", model: "gpt-4o", outcome: "ok", status: 200, durationMs: 30 },
    ],
    usage: { inputTokens: 5, cachedInputTokens: 0, outputTokens: 70 },
    cost: 1_500_000,
    receivedAt: NOW,
    durationMs: 42,
    firstByteMs: 12,
    overheadMs: 0.2,
    isEstimated: false,
    isClientGone: false,
    ...more,
  }
}

async function scrape(records: readonly ExchangeRecord[]): Promise<readonly string[]> {
  const metrics = createMetrics({ release: "1.2.3", now: () => NOW, observe: () => observed })
  for (const record of records) metrics.exchange(record)
  metrics.refused("bad_host")
  metrics.bug()
  const { contentType, text } = await metrics.scrape()
  expect(contentType).toMatch(/^text\/plain; version=0\.0\.4/)
  return text.split("\n").filter((line) => /^(sidegate|gen_ai)/.test(line))
}

test("an exchange is counted under names of OpenTelemetry and ours", async () => {
  const lines = await scrape([makeRecord(), makeRecord()])
  const kind = `gen_ai_operation_name="chat",gen_ai_provider_name="openai"`
  const model = `gen_ai_request_model="smart"`
  for (const line of [
    `sidegate_requests_total{surface="openai-chat",model="smart",provider="openai",` +
      `status="200",code=""} 2`,
    `sidegate_upstream_attempts_total{provider="azure",outcome="timeout"} 2`,
    `sidegate_upstream_attempts_total{provider="openai",outcome="ok"} 2`,
    `sidegate_cost_usd_total{provider="openai",model="smart"} 0.003`,
    `gen_ai_client_operation_duration_seconds_bucket{le="0.025",${kind},${model}} 0`,
    `gen_ai_client_operation_duration_seconds_bucket{le="0.05",${kind},${model}} 2`,
    `gen_ai_client_operation_duration_seconds_bucket{le="+Inf",${kind},${model}} 2`,
    `gen_ai_client_operation_duration_seconds_count{${kind},${model}} 2`,
    `gen_ai_client_operation_duration_seconds_sum{${kind},${model}} 0.084`,
    `gen_ai_server_time_to_first_token_seconds_count{${kind},${model}} 2`,
    `gen_ai_client_token_usage_sum{${kind},${model},gen_ai_token_type="input"} 10`,
    `gen_ai_client_token_usage_sum{${kind},${model},gen_ai_token_type="output"} 140`,
    `sidegate_overhead_seconds_bucket{le="0.00025",surface="openai-chat"} 2`,
    `sidegate_refused_total{code="bad_host"} 1`,
    "sidegate_bugs_total 1",
  ]) {
    expect(lines).toContain(line)
  }
})

test("a request whose model has no price is counted as such, and one that used nothing is not", async () => {
  const lines = await scrape([
    makeRecord({ cost: null }),
    makeRecord({ cost: null, usage: null }),
    makeRecord({ cost: 0 }),
  ])
  expect(lines).toContain(`sidegate_unpriced_requests_total{provider="openai",model="smart"} 1`)
})

test("a request whose tokens are our own numbers is counted as such", async () => {
  const lines = await scrape([makeRecord(), makeRecord({ isEstimated: true })])
  expect(lines).toContain(`sidegate_estimated_requests_total{provider="openai",model="smart"} 1`)
})

test("what a call was for is told by its surface's operation", async () => {
  const lines = await scrape([
    makeRecord({ surface: "openai-embeddings", operation: "embeddings" }),
  ])
  const kinds = lines.filter((line) => line.includes("gen_ai_operation_name="))
  expect(kinds.length).toBeGreaterThan(0)
  expect(kinds.filter((line) => !line.includes('"embeddings"'))).toEqual([])
})

test("operations of one surface are counted apart", async () => {
  const surface = "openai-models"
  const lines = await scrape([
    makeRecord({ surface, operation: "list_models" }),
    makeRecord({ surface, operation: "retrieve_model" }),
  ])
  const counts = lines.filter((line) =>
    line.startsWith("gen_ai_client_operation_duration_seconds_count"),
  )
  expect(counts.map((line) => /name="(\w+)".* (\d+)$/.exec(line)?.slice(1))).toEqual([
    ["list_models", "1"],
    ["retrieve_model", "1"],
  ])
})

test("tokens are counted by category and modality, each once in its whole", async () => {
  const plain = makeRecord()
  const full = makeRecord({
    usage: {
      inputTokens: 100,
      cachedInputTokens: 20,
      cacheWriteTokens: 30,
      inputAudioTokens: 40,
      inputImageTokens: 10,
      outputTokens: 50,
      reasoningTokens: 25,
      outputAudioTokens: 5,
    },
  })
  const lines = (await scrape([plain, full, full])).filter((line) => /inference_usage/.test(line))
  const labels =
    'gen_ai_operation_name="chat",gen_ai_provider_name="openai",gen_ai_request_model="smart"'
  const line = (category: string, modality: string, value: number) =>
    `gen_ai_client_inference_usage_${category}_tokens_total{${labels},` +
    `gen_ai_token_modality="${modality}"} ${value}`
  expect(lines).toEqual([
    line("input", "unknown", 5),
    line("input", "audio", 80),
    line("input", "image", 20),
    line("input", "text", 100),
    line("output", "unknown", 70),
    line("output", "audio", 10),
    line("output", "text", 90),
    line("cache_read_input", "unknown", 40),
    line("cache_write_input", "unknown", 60),
    line("reasoning_output", "unknown", 50),
  ])
})

test("what was not reported is not counted as zero", async () => {
  const lines = await scrape([makeRecord({ usage: null, cost: null, firstByteMs: null })])
  expect(lines.filter((line) => line.startsWith("gen_ai_client_token_usage"))).toEqual([])
  expect(lines.filter((line) => line.startsWith("sidegate_cost_usd_total{"))).toEqual([])
  expect(lines.filter((line) => line.startsWith("gen_ai_server_time"))).toEqual([])
})

test("the parts say what they hold when somebody scrapes", async () => {
  const lines = await scrape([])
  for (const line of [
    "sidegate_ready 1",
    "sidegate_control_connected 1",
    "sidegate_config_age_seconds 2.5",
    `sidegate_config_info{version="3.17"} 1`,
    `sidegate_build_info{release="1.2.3"} 1`,
    "sidegate_config_nacks_total 2",
    "sidegate_journal_writable 0",
    "sidegate_journal_unacknowledged_records 6",
    "sidegate_journal_records_dropped_total 1",
    "sidegate_journal_lost_attempts_total 2",
    "sidegate_report_failures_total 7",
    "sidegate_connections 8",
    "sidegate_exchanges 9",
  ]) {
    expect(lines).toContain(line)
  }
})

test("a filled histogram reads as the client library's own", async () => {
  const shape = { name: "x_seconds", help: "h", labels: ["a"], buckets: [0.1, 1, 10] }
  const ours = new Registry()
  const bound = new HistogramFamily(ours, shape).bind("b")
  const theirs = new Registry()
  const { name, help, buckets } = shape
  const plain = new Histogram({ name, help, buckets, labelNames: ["a"], registers: [theirs] })
  for (const value of [0.05, 0.1, 0.5, 1, 3, 30]) {
    bound.observe(value)
    plain.observe({ a: "b" }, value)
  }
  expect(await ours.metrics()).toBe(await theirs.metrics())
  const [json] = await ours.getMetricsAsJSON()
  expect(json).toMatchObject({ name: "x_seconds", type: "histogram" })
})

test("a counter reads as the client library's own, scraped twice", async () => {
  const ours = new Registry()
  const family = new CounterFamily(ours, { name: "x_total", help: "h", labels: ["a"] })
  const theirs = new Registry()
  const plain = new Counter({ name: "x_total", help: "h", labelNames: ["a"], registers: [theirs] })
  family.bind("b").add(2)
  family.bind("b").add(1.5)
  plain.inc({ a: "b" }, 3.5)
  await ours.metrics()
  expect(await ours.metrics()).toBe(await theirs.metrics())
})

test("past the bound of label sets, everything more is counted as other", async () => {
  const registry = new Registry()
  const family = new CounterFamily(registry, { name: "x_total", help: "h", labels: ["a"] })
  for (let index = 0; index < SERIES_MAX + 50; index++) family.bind(`v${index}`).add(1)
  const lines = (await registry.metrics()).split("\n").filter((line) => line.startsWith("x_total{"))
  expect(lines.length).toBeLessThanOrEqual(SERIES_MAX + 1)
  expect(lines).toContain(`x_total{a="other"} 50`)
})
