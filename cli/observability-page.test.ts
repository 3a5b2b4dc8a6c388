/** docs/observability.md names every metric and every field of a log line, and no other. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { createMetrics as createOperatorMetrics } from "#operator/telemetry/metrics.ts"
import { createWebhookMetrics } from "#operator/telemetry/webhook-metrics.ts"
import { USAGE_PARTS } from "#proxy/contract/token-usage.ts"
import type { ExchangeRecord } from "#proxy/exchange/exchange-record.ts"
import { exchangeLine } from "#proxy/telemetry/exchange-line.ts"
import { createMetrics as createProxyMetrics } from "#proxy/telemetry/metrics.ts"

const PAGE = readFileSync(join(import.meta.dirname, "../docs/observability.md"), "utf8")
const ALARMS = "## Worth an alarm"

/** Names in backticks in the first column of the tables. */
function firstColumn(text: string): readonly string[] {
  return [...text.matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell = ""]) =>
    [...cell.matchAll(/`([A-Za-z_]+)`/g)].map(([, name = ""]) => name),
  )
}

const namesIn = (scrape: string): readonly string[] =>
  [...scrape.matchAll(/^# TYPE (\S+)/gm)]
    .map(([, name = ""]) => name)
    .filter((name) => !/^(process|nodejs)_/.test(name))

test("every metric is on the page once, and none that there is not", async () => {
  const journal = {
    ...{ isWritable: true, bytes: 0, openIntents: 0, sequence: 0, acknowledged: 0, dropped: 0 },
    ...{ writeFailures: 0, torn: 0, quarantined: 0, lost: 0 },
  }
  const config = { version: null, appliedAt: null, isConnected: true, nacks: 0 }
  const memory = { usedBytes: 0, limitBytes: 0, isShort: false, ended: 0 }
  const load = { connections: 0, exchanges: 0, pools: 0, reportFailures: 0 }
  const proxy = createProxyMetrics({
    release: "1.2.3",
    now: () => 0,
    observe: () => ({ isReady: true, config, journal, memory, ...load }),
  })
  const scrapes = [
    (await proxy.scrape()).text,
    await createOperatorMetrics().registry.metrics(),
    await createWebhookMetrics().registry.metrics(),
  ]
  const [tables = ""] = PAGE.split(ALARMS)
  const named = firstColumn(tables.slice(tables.indexOf("## Metrics of a sidecar")))
  expect([...named].sort()).toEqual(scrapes.flatMap(namesIn).sort())
})

test("what an alarm looks at is a metric of the tables", () => {
  const [tables = "", alarms = ""] = PAGE.split(ALARMS)
  const looked = [...alarms.matchAll(/sidegate_[a-z_]+/g)].map(([name]) => name)
  expect(looked.length).toBeGreaterThan(5)
  expect(looked.filter((name) => !tables.includes(`\`${name}\``))).toEqual([])
})

test("every field of an exchange's line is on the page, and none that there is not", () => {
  const record: ExchangeRecord = {
    ...{ id: "a", surface: "openai-chat", operation: "chat", modelLabel: "a", team: "a" },
    ...{ application: "a", route: "a", rule: "a", provider: "a", servedModel: "a" },
    ...{ configVersion: "1", isStream: true, status: 502, refusal: "upstream_failed" },
    attempts: [{ provider: "a", model: "a", outcome: "timeout", status: null, durationMs: 1 }],
    usage: {
      ...{ inputTokens: 1, cachedInputTokens: 0, outputTokens: 1, reasoningTokens: 1 },
      terms: { service_tier: "flex" },
    },
    isEstimated: true,
    ...{ cost: 1, receivedAt: 1, durationMs: 1, firstByteMs: 1, overheadMs: 1 },
    isClientGone: true,
  }
  const line: object = JSON.parse(exchangeLine(record, "sidegate-proxy", 0))
  const always = ["level", "time", "program", "msg"]
  const parts: readonly string[] = USAGE_PARTS
  const fields = Object.keys(line).filter((name) => ![...always, ...parts].includes(name))
  const [, lines = ""] = PAGE.split("## The log line of a request")
  const named = firstColumn(lines.split("## Metrics")[0] ?? "")
  expect([...named].sort()).toEqual(fields.sort())
})
