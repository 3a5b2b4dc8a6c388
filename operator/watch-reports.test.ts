import { expect, test } from "vitest"
import type { ReflectorReport } from "#operator/kube/reflector.ts"
import { createLog } from "#operator/telemetry/log.ts"
import { createMetrics } from "#operator/telemetry/metrics.ts"
import { createWatchReports } from "./watch-reports.ts"

const failed = (isAskedToWait: boolean): ReflectorReport => ({
  kind: "failed",
  message: "storage is (re)initializing",
  retryInMs: 1000,
  isAskedToWait,
})
const SYNCED: ReflectorReport = { kind: "synced", objects: 0 }

const cases: readonly {
  readonly name: string
  readonly reports: readonly ReflectorReport[]
  readonly want: readonly string[]
}[] = [
  {
    name: "a first watch that is asked to come back later is no trouble",
    reports: [failed(true), SYNCED, failed(true)],
    want: ["info", "debug", "info"],
  },
  {
    name: "asked again and again is",
    reports: [failed(true), failed(true)],
    want: ["info", "warn"],
  },
  { name: "a watch that is cut is", reports: [failed(false)], want: ["warn"] },
  {
    name: "an outage is told once, and its end",
    reports: [failed(false), failed(false), failed(false), { kind: "recovered" }, failed(false)],
    want: ["warn", "debug", "debug", "info", "warn"],
  },
]

test.each(cases)("$name", ({ reports, want }) => {
  const levels: unknown[] = []
  const log = createLog("debug", { write: (line) => void levels.push(JSON.parse(line).level) })
  const report = createWatchReports({ log, metrics: createMetrics() })
  for (const one of reports) report("AIRoute", one)
  expect(levels).toEqual(want)
})
