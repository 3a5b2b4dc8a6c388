/** What reconcile hands to the outside: one status write, one event. Implemented by operator/kube and the CLI. */
import type { ObjectRef } from "#operator/index/view.ts"

/** `metav1.Condition`. */
export interface StatusCondition {
  readonly type: "Accepted" | "ResolvedRefs" | "Programmed" | "Ready"
  readonly status: "True" | "False" | "Unknown"
  readonly reason: string
  readonly message: string
  readonly observedGeneration: number
  /** RFC 3339 with seconds; moves only when `status` does. */
  readonly lastTransitionTime: string
}

/** Only on TeamQuotas: the current UTC month. */
export interface UsageStatus {
  /** Safe integers; a sum beyond 2^53 - 1 stays there. */
  readonly inputTokens: number
  readonly outputTokens: number
  /** Decimal text in US dollars. */
  readonly usd: string
  /** Start of the month, RFC 3339. */
  readonly since: string
}

/** The whole `status` of one of our objects. */
export interface ObjectStatus {
  readonly observedGeneration: number
  readonly conditions: readonly StatusCondition[]
  readonly usage?: UsageStatus
}

export interface StatusWrite {
  readonly object: ObjectRef
  /** Of the object that was judged: a successor of the same name must not get this status. */
  readonly uid: string
  readonly status: ObjectStatus
}

/** One transition worth a line in `kubectl describe`. `note` holds no secret and at most 1 KiB. */
export interface ObjectEvent {
  readonly type: "Normal" | "Warning"
  readonly object: ObjectRef
  readonly uid: string
  readonly reason: string
  readonly note: string
}
