/**
 * What reconcile needs of the outside, as values: the publisher, the vault, the ledger's totals,
 * and where statuses and events go (the API server, or the terminal of `sidegate run`).
 */
import type { NamespaceDetails } from "#operator/api/v1alpha1/ai-namespace.ts"
import type { CloudIdentity } from "#operator/compile/cloud-identity.ts"
import type { CompiledNamespace } from "#operator/compile/compiled.ts"
import type { NamespaceFacts, ObjectRef } from "#operator/index/view.ts"
import type { LedgerStore } from "#operator/ledger/store/store.ts"
import type { CredentialsPush, Nack, PodIdentity, Version } from "#proxy/contract/push.ts"
import type { Snapshot } from "#proxy/contract/snapshot.ts"
import type { ObjectWish } from "./namespace-object.ts"

/** Of a connected sidecar, what statuses are made from. */
export interface ConnectedSidecar {
  readonly identity: PodIdentity
  readonly heldHash: string | null
  readonly heldVersion: Version | null
  readonly nack: Nack | null
  /** Objects of which its release cannot do something; there that fails closed. */
  readonly withheld: readonly { readonly object: string; readonly feature: string }[]
  readonly pendingSinceMs: number | null
  readonly release: string
}

/** Who is there, and who should be. */
export interface Fleet {
  /** Those connected in a namespace. */
  sidecars(namespace: string): readonly ConnectedSidecar[]
  /** Pods of a namespace that run a sidecar, connected or not. */
  pods(namespace: string): number
}

export interface WantedIdentity {
  readonly provider: string
  readonly identity: CloudIdentity
}

/** `pending`: the first attempt is under way. `failed`: in the words of the cloud. */
export type TokenTrouble =
  | { readonly kind: "pending" }
  | {
      readonly kind: "failed"
      readonly message: string
      /** Of the token that is still in use, ms since the epoch; null without one. */
      readonly expiresAt: number | null
    }

export interface ReconcilePorts {
  readonly publisher: {
    publish(namespace: string, snapshot: Snapshot): { readonly hash: string }
    publishCredentials(namespace: string, credentials: CredentialsPush): void
    sidecars(namespace: string): readonly ConnectedSidecar[]
    updateIdentity(identity: PodIdentity): void
    retire(namespace: string): void
  }
  /** Each need with the origin that its key goes to. */
  readonly credentialsFor: (
    needs: readonly (CompiledNamespace["credentials"][number] & { readonly origin: string })[],
  ) => CredentialsPush
  /** Complete: the identities of clouds that providers take on now. */
  readonly wantIdentities: (wanted: readonly WantedIdentity[]) => void
  /** Why a provider has no fresh token of its cloud; null when it has one, or needs none. */
  readonly tokenTrouble: (provider: string) => TokenTrouble | null
  /** Ends what a pod that is gone, or shuts down, still has open. */
  readonly dropPod: (podUid: string) => void
  /** Whether sidecars of this namespace are served at all. */
  readonly isServed: (namespace: NamespaceFacts) => boolean
  readonly usageByTeam: LedgerStore["usageByTeam"]
  /** Makes or removes the AINamespace, sooner or later; the newest wish holds. Repeated freely. */
  readonly keepNamespaceObject: (namespace: string, wish: ObjectWish) => void
  applyStatus(write: StatusWrite): Promise<void>
  emitEvent(event: ObjectEvent): Promise<void>
  readonly report: (report: ReconcileReport) => void
}

/** For the log and the metrics. */
export type ReconcileReport =
  | { readonly kind: "compiled"; readonly namespace: string; readonly ms: number }
  /** The check found the result wrong: a bug. The Snapshot before stays in force. */
  | {
      readonly kind: "violations"
      readonly namespace: string
      readonly violations: readonly string[]
    }
  /** Something threw: a bug, or a Snapshot that is too large. Tried again later. */
  | { readonly kind: "failed"; readonly namespace: string; readonly error: unknown }
  | { readonly kind: "pushed"; readonly delayMs: number }
  | { readonly kind: "status-written" }
  | { readonly kind: "status-failed"; readonly object: ObjectRef; readonly error: unknown }
  | { readonly kind: "event-failed"; readonly object: ObjectRef; readonly error: unknown }
  | { readonly kind: "usage-unreadable"; readonly error: unknown }

/** `metav1.Condition`. */
export interface StatusCondition {
  readonly type: "Accepted" | "ResolvedRefs" | "Programmed" | "LedgerWritable" | "Ready"
  readonly status: "True" | "False" | "Unknown"
  readonly reason: string
  readonly message: string
  readonly observedGeneration: number
  /** RFC 3339 with seconds; moves only when `status` does. */
  readonly lastTransitionTime: string
}

export interface SidecarCounts {
  /** In scope and connected. */
  readonly connected: number
  /** Those that have acknowledged this generation. */
  readonly programmed: number
}

/** Only on TeamQuotas: the current UTC month. */
export interface UsageStatus {
  /** Safe integers; a sum beyond 2^53 - 1 stays there. */
  readonly inputTokens: number
  readonly outputTokens: number
  /** Both together. */
  readonly tokens: number
  /** Parts, as far as providers tell them. Absent in statuses of older releases. */
  readonly cachedInputTokens?: number
  readonly cacheWriteTokens?: number
  readonly reasoningTokens?: number
  /** Decimal text in US dollars. */
  readonly usd: string
  /** Attempts whose cost is not in it. Absent in statuses of older releases. */
  readonly unpriced?: number
  /** Start of the month, RFC 3339. */
  readonly since: string
}

/** The whole `status` of one of our objects; only an AINamespace has details. */
export interface ObjectStatus extends NamespaceDetails {
  readonly observedGeneration: number
  readonly conditions: readonly StatusCondition[]
  readonly sidecars?: SidecarCounts
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
