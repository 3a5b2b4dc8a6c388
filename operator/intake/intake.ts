/**
 * Usage from sidecars into the ledger: checked, stamped with the caller's identity, acknowledged
 * once durable.
 *
 * In    a batch and the PodIdentity that the caller's token proved.
 * Out   a cumulative acknowledgement, or a refusal that says when to try again; events to count.
 * Must not know HTTP, tokens, or how the ledger stores. Nothing is acknowledged before the ledger
 * has it, and nothing in a record says whose it is.
 */
import {
  type AppendResult,
  LedgerError,
  type LedgerStore,
  type RecordOrigin,
} from "#operator/ledger/store/store.ts"
import type { EpochMs } from "#proxy/contract/money.ts"
import type { PodIdentity, UsageAnswer } from "#proxy/contract/push.ts"
import { type InvalidRow, type ParsedBatch, parseUsageBatch } from "./parse-usage.ts"

export type IntakeRefusalCode =
  | "bad_message"
  | "batch_too_large"
  | "seq_regression"
  /** This process does not lead, or has just lost the lead to a higher term. */
  | "not_leader"
  | "ledger_unavailable"
  /** The pod has as many batches in flight as it may. */
  | "overloaded"

export type IntakeReply =
  | { readonly kind: "acknowledged"; readonly answer: UsageAnswer }
  | {
      readonly kind: "refused"
      readonly code: IntakeRefusalCode
      readonly message: string
      /** Null when a repeat of the same batch cannot succeed. */
      readonly retryAfterSeconds: number | null
    }

/** For metrics and the log. Names come from the token, so no sidecar can mint one. */
export type IntakeEvent =
  | { readonly kind: "stored"; readonly identity: PodIdentity; readonly inserted: number }
  | {
      readonly kind: "invalid-usage"
      readonly identity: PodIdentity
      readonly rows: number
      readonly first: InvalidRow
    }
  /** Ids reused with other content: the first stays. A security event. */
  | { readonly kind: "conflict"; readonly identity: PodIdentity; readonly ids: readonly string[] }
  | {
      readonly kind: "gap"
      readonly identity: PodIdentity
      readonly after: number
      readonly before: number
    }
  | { readonly kind: "ledger-failed"; readonly error: LedgerError }

export interface Intake {
  /**
   * Never rejects for what a sidecar sent or the ledger could not do. Safe to repeat: a record is
   * stored once by its id.
   */
  accept(identity: PodIdentity, body: unknown): Promise<IntakeReply>
  /** Forgets what was acknowledged to a pod that is gone. */
  dropPod(podUid: string): void
}

export interface IntakeOptions {
  readonly store: Pick<LedgerStore, "appendUsage">
  /** The term this process leads under; null while it does not. */
  readonly term: () => number | null
  /** Who pays for a namespace; `unassigned` without a team label. */
  readonly teamOf: (namespace: string) => Pick<RecordOrigin, "team" | "costCenter">
  readonly now: () => EpochMs
  readonly report: (event: IntakeEvent) => void
}

/**
 * Batches of one pod that may wait for the ledger at once; the next is refused with `overloaded`.
 */
export const POD_BATCHES_MAX = 2
/** Pods remembered for gap detection; the one heard of least recently is forgotten at the bound. */
export const PODS_REMEMBERED_MAX = 50_000

/** What was last acknowledged to a pod, and the end of a gap that it was asked to fill. */
interface PodProgress {
  readonly acknowledged: number
  readonly askedBefore: number | null
}

export function createIntake(options: IntakeOptions): Intake {
  return new LedgerIntake(options)
}

class LedgerIntake implements Intake {
  readonly #options: IntakeOptions
  readonly #progress = new Map<string, PodProgress>()
  readonly #inFlight = new Map<string, number>()

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  async accept(identity: PodIdentity, body: unknown): Promise<IntakeReply> {
    const { podUid } = identity
    const term = this.#options.term()
    if (term === null) return refuse("not_leader", "this operator does not lead", 1)
    const waiting = this.#inFlight.get(podUid) ?? 0
    if (waiting >= POD_BATCHES_MAX)
      return refuse("overloaded", `${waiting} batches of this pod are being stored`, 1)
    const batch = parseUsageBatch(body, this.#options.now())
    if (batch.kind === "refused") return refuse(batch.code, batch.message, null)
    if (batch.kind === "empty") {
      const acknowledged = this.#progress.get(podUid)?.acknowledged ?? 0
      return { kind: "acknowledged", answer: { acknowledged } }
    }
    this.#inFlight.set(podUid, waiting + 1)
    try {
      const result = await this.#append(term, identity, batch)
      return result.kind === "refused" ? result : this.#acknowledge(identity, batch, result)
    } finally {
      this.#leave(podUid)
    }
  }

  dropPod(podUid: string): void {
    this.#progress.delete(podUid)
  }

  async #append(
    term: number,
    identity: PodIdentity,
    batch: Batch,
  ): Promise<(AppendResult & { readonly kind: "appended" }) | Refused> {
    if (batch.records.length === 0) return { kind: "appended", inserted: 0, conflicts: [] }
    const { namespace, pod, podUid, application } = identity
    const origin = { namespace, pod, podUid, application, ...this.#options.teamOf(namespace) }
    try {
      const result = await this.#options.store.appendUsage(term, origin, batch.records)
      return { kind: "appended", ...result }
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error
      this.#options.report({ kind: "ledger-failed", error })
      if (error.code === "stale_term") return refuse("not_leader", "another operator leads", 1)
      return refuse("ledger_unavailable", "the ledger cannot be written; keep the records", 5)
    }
  }

  #acknowledge(identity: PodIdentity, batch: Batch, result: AppendResult): IntakeReply {
    const { report } = this.#options
    const [first] = batch.invalid
    const { inserted, conflicts } = result
    report({ kind: "stored", identity, inserted })
    if (first !== undefined)
      report({ kind: "invalid-usage", identity, rows: batch.invalid.length, first })
    if (conflicts.length > 0) report({ kind: "conflict", identity, ids: conflicts })
    const { acknowledged, askedBefore } = advance(this.#progress.get(identity.podUid), batch)
    if (askedBefore !== null)
      report({ kind: "gap", identity, after: acknowledged, before: askedBefore })
    this.#remember(identity.podUid, { acknowledged, askedBefore })
    return { kind: "acknowledged", answer: { acknowledged } }
  }

  #remember(podUid: string, next: PodProgress): void {
    this.#progress.delete(podUid)
    const [oldest] = this.#progress.keys()
    if (this.#progress.size >= PODS_REMEMBERED_MAX && oldest !== undefined)
      this.#progress.delete(oldest)
    this.#progress.set(podUid, next)
  }

  #leave(podUid: string): void {
    const left = (this.#inFlight.get(podUid) ?? 1) - 1
    if (left > 0) this.#inFlight.set(podUid, left)
    else this.#inFlight.delete(podUid)
  }
}

type Batch = Extract<ParsedBatch, { kind: "batch" }>
type Refused = Extract<IntakeReply, { kind: "refused" }>

/**
 * What to acknowledge after `batch` is stored. A batch that begins after a hole is stored and
 * answered with what came before the hole, which asks for the missing rows; if it begins there
 * again, they are lost and it is acknowledged. Never above the batch's last row: the sidecar would
 * forget what was not yet sent.
 */
function advance(known: PodProgress | undefined, batch: Batch): PodProgress {
  const isGap = known !== undefined && batch.first > known.acknowledged + 1
  if (isGap && known.askedBefore !== batch.first)
    return { acknowledged: known.acknowledged, askedBefore: batch.first }
  return { acknowledged: batch.last, askedBefore: null }
}

function refuse(
  code: IntakeRefusalCode,
  message: string,
  retryAfterSeconds: number | null,
): Refused {
  return { kind: "refused", code, message, retryAfterSeconds }
}
