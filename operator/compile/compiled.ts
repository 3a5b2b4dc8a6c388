/** What compiling gives back: the Snapshot, the statuses, and which objects are in it. */
import type { ConfigObject, ObjectRef } from "#operator/index/view.ts"
import type { Snapshot } from "#proxy/contract/snapshot.ts"

export interface Condition {
  readonly type: "Accepted" | "ResolvedRefs" | "Programmed" | "Ready"
  readonly status: "True" | "False" | "Unknown"
  /** CamelCase, from a closed list documented in `docs/conditions.md`. */
  readonly reason: string
  readonly message: string
}

/** What compiling says of one object: `Accepted` and `ResolvedRefs`; reconcile adds the other two. */
export interface ObjectVerdict {
  readonly object: ConfigObject
  readonly accepted: Condition
  readonly resolvedRefs: Condition
}

/** Settings of the operator that decide (chart values). */
export interface CompileSettings {
  readonly operatorNamespace: string
  /** Key of the namespace label that names the team. */
  readonly teamLabel: string
  readonly unselected: "Allow" | "Deny"
  readonly unassigned: "Allow" | "Deny"
}

export interface CompiledNamespace {
  readonly snapshot: Snapshot
  /** Verdicts on the AIRoutes of this namespace. Cluster-scoped objects have theirs in CompiledCluster. */
  readonly verdicts: readonly ObjectVerdict[]
  /** Every object that the Snapshot was made from, with the generation that is in it. */
  readonly sources: readonly (ObjectRef & { readonly generation: number })[]
  /** Secrets whose keys the namespace's sidecars need: provider name to Secret name and key. */
  readonly credentials: readonly {
    readonly provider: string
    readonly secret: string
    readonly key: string
  }[]
}
