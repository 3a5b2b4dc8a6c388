/**
 * What the watches tell, as log lines and metrics.
 *
 * In: reports of the reflectors, by kind. Out: lines in the log, the gauge of the API server, the
 * counter of restarts. Must not know how a watch goes on.
 */
import type { IndexedKind } from "#operator/index/view.ts"
import type { ReflectorReport } from "#operator/kube/reflector.ts"
import type { Log } from "#operator/telemetry/log.ts"
import type { OperatorMetrics } from "#operator/telemetry/metrics.ts"

/** A kind, or the ConfigMaps of one name. */
export type WatchedKind = IndexedKind | `ConfigMap ${string}`

export function createWatchReports({
  log,
  metrics,
}: {
  readonly log: Log
  readonly metrics: Pick<OperatorMetrics, "watchRestarts" | "apiServerUp">
}): (kind: WatchedKind, report: ReflectorReport) => void {
  const failing = new Set<WatchedKind>()
  /** Words that were a warning since the kind was last up to date: an outage is told once. */
  const warned = new Map<WatchedKind, string>()
  return (kind, report) => {
    if (report.kind === "failed") {
      const wait = { kind, error: report.message, durationMs: Math.round(report.retryInMs) }
      // The API server opens the store of a kind at the first watch and asks to come back. Once is
      // how it should be; again is trouble.
      const isExpected = report.isAskedToWait && !failing.has(kind)
      failing.add(kind)
      metrics.watchRestarts.inc({ kind })
      if (isExpected) log.info("the API server asked a watch to come back later", wait)
      else if (warned.get(kind) === report.message) log.debug("a watch begins again", wait)
      else {
        warned.set(kind, report.message)
        log.warn("a watch was cut and begins again", wait)
      }
    } else {
      failing.delete(kind)
      if (warned.delete(kind)) log.info("a watch is up to date again", { kind })
      else log.debug("a watch is up to date", { kind })
    }
    metrics.apiServerUp.set(failing.size === 0 ? 1 : 0)
  }
}
