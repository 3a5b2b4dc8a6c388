/**
 * The operator's metrics. Labels come from closed sets only, so no client and no tenant can mint
 * one.
 *
 * In: counts and gauges from every part. Out: the Prometheus text of `/metrics`. Must not know the
 * parts.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client"

export interface OperatorMetrics {
  readonly registry: Registry
  /** `error` is a bug: the namespace keeps what it had and is tried again. */
  readonly reconciles: Counter<"result">
  readonly reconcileSeconds: Histogram
  /** From the arrival of a change to its Snapshot being handed to the sidecars. */
  readonly pushDelaySeconds: Histogram
  /** What sidecars were sent; one that holds the current Snapshot and keys is sent neither. */
  readonly pushes: Counter<"event">
  readonly checkViolations: Counter
  readonly sidecars: Gauge
  readonly sidecarsRejecting: Gauge
  readonly statusWrites: Counter<"result">
  readonly statusBacklog: Gauge
  readonly events: Counter<"result">
  readonly authRejected: Counter<"reason">
  readonly usageRecords: Counter<"result">
  readonly ledgerWritable: Gauge
  readonly leader: Gauge
  readonly term: Gauge
  readonly apiServerUp: Gauge
  readonly watchRestarts: Counter<"kind">
  readonly tokens: Counter<"cloud" | "result">
}

/** One registry per call, so that tests and a one-process install do not share counts. */
export function createMetrics(): OperatorMetrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name, help, labelNames: [...labelNames], registers })
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers })
  const histogram = (name: string, help: string, buckets: readonly number[]) =>
    new Histogram({ name, help, buckets: [...buckets], registers })
  return {
    registry,
    reconciles: counter("sidegate_reconciles_total", "Namespaces compiled, by result.", ["result"]),
    reconcileSeconds: histogram(
      "sidegate_reconcile_seconds",
      "Time to compile, check and publish one namespace.",
      [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5],
    ),
    pushDelaySeconds: histogram(
      "sidegate_push_delay_seconds",
      "From the arrival of a change to its Snapshot being sent.",
      [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    ),
    pushes: counter("sidegate_pushes_total", "Events sent to sidecars, by kind.", ["event"]),
    checkViolations: counter(
      "sidegate_check_violations_total",
      "Snapshots held back because a check found them wrong: a bug.",
    ),
    sidecars: gauge("sidegate_sidecars", "Connected sidecars."),
    sidecarsRejecting: gauge(
      "sidegate_sidecars_rejecting",
      "Connected sidecars that refused the current Snapshot.",
    ),
    statusWrites: counter("sidegate_status_writes_total", "Status writes, by result.", ["result"]),
    statusBacklog: gauge("sidegate_status_backlog", "Objects whose status waits to be written."),
    events: counter("sidegate_events_total", "Events, by result.", ["result"]),
    authRejected: counter("sidegate_auth_rejected_total", "Callers refused, by reason.", [
      "reason",
    ]),
    usageRecords: counter("sidegate_usage_records_total", "Usage records, by result.", ["result"]),
    ledgerWritable: gauge("sidegate_ledger_writable", "1 when the last ledger write succeeded."),
    leader: gauge("sidegate_leader", "1 while this process leads."),
    term: gauge("sidegate_term", "Term of this leader; 0 before it leads."),
    apiServerUp: gauge("sidegate_apiserver_up", "1 while the API server answers."),
    watchRestarts: counter("sidegate_watch_restarts_total", "Watches begun again, by kind.", [
      "kind",
    ]),
    tokens: counter("sidegate_tokens_total", "Tokens asked of clouds, by cloud and result.", [
      "cloud",
      "result",
    ]),
  }
}
