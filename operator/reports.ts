/**
 * What the parts tell, as log lines and metrics: one place, so that every part says the same things
 * the same way.
 */
import { cloudOf } from "#operator/compile/hosts.ts"
import type { TokenAttempt } from "#operator/credentials/tokens.ts"
import { formatRef } from "#operator/index/view.ts"
import type { IntakeEvent } from "#operator/intake/intake.ts"
import type { ControlEvent } from "#operator/publish/control-app.ts"
import type { Publisher } from "#operator/publish/publisher.ts"
import { rfc3339 } from "#operator/reconcile/assemble-status.ts"
import type { ObjectEvent, ReconcileReport } from "#operator/reconcile/ports.ts"
import type { Reconciler } from "#operator/reconcile/reconciler.ts"
import { errorText } from "#operator/telemetry/log.ts"
import type { ControlPlaneOptions } from "./control-plane.ts"
import type { RetentionReport } from "./retention.ts"

/** Quiet for so long, the next failure is of another outage. */
const ANOTHER_OUTAGE_MS = 60_000

/** What intake did with a batch. */
export function reportIntake(
  event: IntakeEvent,
  { log, metrics, onDeposed }: ControlPlaneOptions,
  reconciler: Pick<Reconciler, "usageChanged" | "ledgerChanged">,
): void {
  if (event.kind === "ledger-failed") {
    metrics.ledgerWritable.set(0)
    reconciler.ledgerChanged(event.error)
    log.error("usage was not stored", { code: event.error.code, error: event.error.message })
    if (event.error.code === "stale_term") onDeposed?.(event.error.message)
    return
  }
  const { namespace, pod, podUid } = event.identity
  const from = { namespace, pod, podUid }
  switch (event.kind) {
    case "stored":
      metrics.ledgerWritable.set(1)
      reconciler.ledgerChanged(null)
      metrics.usageRecords.inc({ result: "stored" }, event.inserted)
      if (event.inserted > 0) reconciler.usageChanged()
      return
    case "invalid-usage":
      metrics.usageRecords.inc({ result: "invalid" }, event.rows)
      log.warn("usage records were set aside as invalid", { ...from, count: event.rows })
      return
    case "conflict":
      metrics.usageRecords.inc({ result: "conflict" }, event.ids.length)
      log.warn("usage records reuse ids with other content", { ...from, count: event.ids.length })
      return
    case "gap":
      metrics.usageRecords.inc({ result: "gap" })
      log.warn("usage records are missing between two sequences", {
        ...from,
        count: event.before - event.after - 1,
      })
      return
    default:
      event satisfies never
  }
}

/** What became of records that were kept long enough. */
export function reportRetention(
  report: RetentionReport,
  { log, metrics, onDeposed }: ControlPlaneOptions,
): void {
  switch (report.kind) {
    case "deleted":
      metrics.usageRecords.inc({ result: "deleted" }, report.records)
      log.info("usage records that were kept long enough are deleted", { count: report.records })
      return
    case "failed":
      log.warn("old usage records were not deleted", { error: errorText(report.error) })
      return
    case "deposed":
      onDeposed?.(report.error.message)
      return
    default:
      report satisfies never
  }
}

/** What came of asking a cloud for a token. */
export function reportToken(
  { identity, fault, expiresAt }: TokenAttempt,
  { log, metrics }: Pick<ControlPlaneOptions, "log" | "metrics">,
): void {
  const cloud = cloudOf(identity)
  metrics.tokens.inc({ cloud, result: fault === null ? "obtained" : "failed" })
  const { kind } = identity
  const held = expiresAt === null ? "none is held" : `one is held until ${rfc3339(expiresAt)}`
  if (fault === null) log.info("a cloud gave a token", { kind, reason: held })
  else log.warn("a cloud gave no token", { kind, error: fault, reason: held })
}

/** Who was refused at the control port, and what went wrong there. */
export function reportControl(
  event: ControlEvent,
  { log, metrics }: Pick<ControlPlaneOptions, "log" | "metrics">,
): void {
  switch (event.kind) {
    case "rejected":
      metrics.authRejected.inc({ reason: event.reason })
      return
    case "slow-reader": {
      const { namespace, pod, podUid } = event.identity
      log.warn("a sidecar reads too slowly; its stream was cut", { namespace, pod, podUid })
      return
    }
    case "failed":
      log.error("a request of a sidecar failed", { error: errorText(event.error) })
      return
    default:
      event satisfies never
  }
}

/** What reconcile did, or could not do. */
export function reportReconcile(
  report: ReconcileReport,
  { log, metrics }: ControlPlaneOptions,
): void {
  switch (report.kind) {
    case "compiled":
      metrics.reconciles.inc({ result: "ok" })
      metrics.reconcileSeconds.observe(report.ms / 1000)
      return
    case "pushed":
      metrics.pushDelaySeconds.observe(report.delayMs / 1000)
      return
    case "violations":
      metrics.checkViolations.inc()
      log.error("a Snapshot was held back: the check found it wrong", {
        namespace: report.namespace,
        count: report.violations.length,
        reason: report.violations.slice(0, 3).join("; "),
      })
      return
    case "failed":
      metrics.reconciles.inc({ result: "error" })
      log.error("a namespace could not be brought up to date", {
        namespace: report.namespace,
        error: errorText(report.error),
      })
      return
    case "status-written":
      metrics.statusWrites.inc({ result: "ok" })
      return
    case "status-failed":
      metrics.statusWrites.inc({ result: "error" })
      log.warn("a status was not written", failure(report))
      return
    case "event-failed":
      metrics.events.inc({ result: "error" })
      log.warn("an event was not written", failure(report))
      return
    case "usage-unreadable":
      log.warn("usage could not be read for the statuses", { error: errorText(report.error) })
      return
    default:
      report satisfies never
  }
}

function failure({
  object,
  error,
}: Extract<ReconcileReport, { kind: "status-failed" | "event-failed" }>) {
  return { object: formatRef(object), error: errorText(error) }
}

/**
 * `echo KEY | base64` leaves a line end behind; it is cut off, and whoever wrote the Secret should
 * know.
 */
export function reportTrimmed(
  event: ObjectEvent,
  { ports, log }: ControlPlaneOptions,
  isLeader: boolean,
): void {
  const object = formatRef(event.object)
  log.warn("line ends after a key were cut off", { object, reason: event.note })
  if (!isLeader) return
  ports.emitEvent(event).catch((error: unknown) => {
    log.warn("an event was not written", { object, error: errorText(error) })
  })
}

/** Counts of sidecars, kept by namespace so that one acknowledgement does not count them all. */
export function createSidecarGauges(
  publisher: Pick<Publisher, "sidecars">,
  metrics: ControlPlaneOptions["metrics"],
) {
  const counts = new Map<string, { readonly all: number; readonly rejecting: number }>()
  const touched = new Set<string>()
  return {
    touch: (namespace: string) => void touched.add(namespace),
    refresh: () => {
      for (const namespace of touched) {
        const sidecars = publisher.sidecars(namespace)
        const rejecting = sidecars.filter(({ nack }) => nack !== null).length
        if (sidecars.length === 0) counts.delete(namespace)
        else counts.set(namespace, { all: sidecars.length, rejecting })
      }
      touched.clear()
      let [all, rejecting] = [0, 0]
      for (const count of counts.values()) {
        all += count.all
        rejecting += count.rejecting
      }
      metrics.sidecars.set(all)
      metrics.sidecarsRejecting.set(rejecting)
    },
  }
}

/** Failed renewals of the lease: an outage is told once, and again when it changes its words. */
export function reportLease(log: ControlPlaneOptions["log"]): (error: Error) => void {
  let last = { message: "", atMs: Number.NEGATIVE_INFINITY }
  return ({ message }) => {
    const atMs = performance.now()
    const isRepeated = message === last.message && atMs - last.atMs < ANOTHER_OUTAGE_MS
    last = { message, atMs }
    if (isRepeated) log.debug("the lease was not renewed", { error: message })
    else log.warn("the lease was not renewed", { error: message })
  }
}
