/**
 * The control plane as one value: what the operator in a cluster and `sidegate run` on a laptop
 * both drive.
 *
 * In    objects as the API server or a file gives them (`feed`), sidecars (`publisher`, `intake`).
 * Out   Snapshots and credentials to sidecars, statuses and events through the two ports.
 * Knows nothing of Kubernetes clients, sockets, tokens, TLS or files.
 *
 * `createControlPlane(options: ControlPlaneOptions): ControlPlane` in `compose.ts` makes it.
 */
import type { CompileSettings } from "#operator/compile/compiled.ts"
import type { CloudSettings } from "#operator/credentials/cloud-settings.ts"
import type { Mint } from "#operator/credentials/mint.ts"
import type {
  ConfigObject,
  IndexedKind,
  NamespaceFacts,
  ObjectRef,
  PodFacts,
} from "#operator/index/view.ts"
import type { Intake } from "#operator/intake/intake.ts"
import type { LedgerStore } from "#operator/ledger/store/store.ts"
import type { Publisher } from "#operator/publish/publisher.ts"
import type { DebounceSettings } from "#operator/reconcile/debounce.ts"
import type { ObjectWish } from "#operator/reconcile/namespace-object.ts"
import type { ObjectEvent, StatusWrite } from "#operator/reconcile/ports.ts"
import type { Log } from "#operator/telemetry/log.ts"
import type { OperatorMetrics } from "#operator/telemetry/metrics.ts"

export interface ControlPlaneOptions {
  readonly store: LedgerStore
  readonly settings: CompileSettings
  readonly ports: ControlPlanePorts
  readonly log: Log
  readonly metrics: OperatorMetrics
  /** Wall clock, ms since the epoch. */
  readonly now: () => number
  /** The operator's identity in clouds; without it, none but those of Secrets can be taken on. */
  readonly cloud: CloudSettings
  /** How tokens of clouds are obtained, in place of the clouds' own SDKs: for tests. */
  readonly mint?: Mint
  /**
   * Whether sidecars of a namespace are served; all when left out. Others hold no configuration.
   */
  readonly isServed?: (namespace: NamespaceFacts) => boolean
  /** How long a namespace under churn waits to be compiled; `DEBOUNCE` when left out. */
  readonly debounce?: DebounceSettings
  /** How long usage records are kept; `RECORD_DAYS` when left out. */
  readonly recordDays?: number
  /** Remembers what ended the process; nothing does when left out. */
  readonly guard?: ReadGuard
  /** The ledger belongs to a leader of a higher term: this process must stop at once. */
  readonly onDeposed?: (reason: string) => void
}

/** Stands beside each object of ours while it is read, and knows of those that did harm before. */
export interface ReadGuard {
  /** Why the object must not be read; undefined when it may. */
  whyUnread(object: ConfigObject): string | undefined
  run(object: ConfigObject, read: () => void): void
}

/** What leaves the control plane besides pushes. A rejection is retried with the newest value. */
export interface ControlPlanePorts {
  /** Absent where no AINamespaces are kept: without Kubernetes nobody would read them. */
  readonly keepNamespaceObject?: (namespace: string, wish: ObjectWish) => void
  applyStatus(write: StatusWrite): Promise<void>
  emitEvent(event: ObjectEvent): Promise<void>
}

export interface ControlPlane {
  readonly feed: ObjectFeed
  readonly publisher: Publisher
  readonly intake: Intake
  /** A pod as the feed last showed it; undefined when it is gone. */
  pod(uid: string): PodFacts | undefined
  /** A namespace as the feed last showed it; undefined when it is gone. */
  namespace(name: string): NamespaceFacts | undefined
  namespaces(): readonly NamespaceFacts[]
  /**
   * Takes the next term from the ledger and starts to publish, to accept usage and to write
   * statuses. Before it nothing is compiled and every sidecar is told `not_leader`. Call it once,
   * after the first `reset` of every kind. Rejects with a LedgerError.
   */
  lead(): Promise<{ readonly term: number }>
  /**
   * Whether the ledger still knows this process as its leader; also true while it cannot be read,
   * as then nobody else can become one.
   */
  isUndisputed(): Promise<boolean>
  /**
   * Resolves when every change fed so far is compiled and published; not when it is acknowledged.
   */
  settled(): Promise<void>
  /** Ends timers and sessions; the store is the caller's to close. */
  close(): Promise<void>
}

/**
 * Objects in, as plain JSON values with `metadata` {name, namespace, uid, generation,
 * resourceVersion, creationTimestamp, labels, annotations}: the shape of the API server. Kind
 * `Secret` only from the credentials namespace. An object without a name or uid is refused with a
 * log line and changes nothing.
 */
export interface ObjectFeed {
  /** All objects of a kind, replacing what was known. */
  reset(kind: IndexedKind, objects: readonly unknown[]): void
  apply(kind: IndexedKind, object: unknown): void
  delete(kind: IndexedKind, ref: Omit<ObjectRef, "kind">): void
}
