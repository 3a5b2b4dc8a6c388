/**
 * What the publisher offers: to reconcile (what to publish, what is in force), and to a transport
 * (hello, subscribe, status). HTTPS and the in-memory pair of `sidegate run` are two transports of
 * this one value.
 *
 * In    Snapshots and credentials of namespaces; sidecars that say hello, subscribe and answer.
 * Out   events to their sinks, and what each of them holds or refused.
 * Must not know tokens, sockets, Kubernetes objects, or how a Snapshot is made.
 */
import type {
  ConfigEvent,
  CredentialsPush,
  Hello,
  HelloAnswer,
  Nack,
  PodIdentity,
  StatusReport,
  Version,
} from "#proxy/contract/push.ts"
import type { Snapshot } from "#proxy/contract/snapshot.ts"
import type { Withheld } from "./lower-snapshot.ts"

/** One connected sidecar as the operator sees it. */
export interface SidecarState {
  readonly identity: PodIdentity
  readonly session: string
  /** Hash in force there; null before its first Snapshot. */
  readonly heldHash: string | null
  /** The version of it. */
  readonly heldVersion: Version | null
  /** The last refusal of the current Snapshot; null when there is none. */
  readonly nack: Nack | null
  /** What of the current Snapshot its release cannot do; there it fails closed. */
  readonly withheld: readonly Withheld[]
  /**
   * When the push that is still unanswered was sent, on the operator's clock; null when none is.
   */
  readonly pendingSinceMs: number | null
  readonly release: string
}

export interface Publisher {
  /**
   * Leads from now under `term` (from the ledger), or raises the term of a leader. Versions sent
   * from now on are {term, generation}; a session that waited for a term above the one it holds is
   * served.
   */
  lead(term: number): void
  /** Ends every session; until `lead` every call of a sidecar fails with `not_leader`. */
  standDown(reason: string): void
  /** The term it leads under; null while it does not lead. */
  term(): number | null
  /** Forgets a namespace that is gone or no longer injected, and ends its sessions. */
  retire(namespace: string): void
  /**
   * Resends what was not answered for 30 s, sends keys that waited, drops sessions that never
   * subscribed. Call once a second.
   */
  tick(): void

  /**
   * Encodes once, sends to every session of the namespace whose hash differs. No-op for an equal
   * hash. Throws PublishError `too_large` over CONTROL_LIMITS.messageBytesMax; the Snapshot before
   * stays in force.
   */
  publish(namespace: string, snapshot: Snapshot): { readonly hash: string }
  /**
   * Sends to every session of the namespace whose revision differs, at most once a second, the
   * newest last; before any later Snapshot.
   */
  publishCredentials(namespace: string, credentials: CredentialsPush): void
  /** Cuts every session of a pod that is gone and refuses its session ids. */
  dropPod(podUid: string): void
  /** Sends `identity` to the pod's sessions when it differs from what they were told. */
  updateIdentity(identity: PodIdentity): void
  sidecars(namespace: string): readonly SidecarState[]
  /** Called when the answer of `sidecars(namespace)` may have changed. */
  onChange(listener: (namespace: string) => void): void

  hello(identity: PodIdentity, hello: Hello): HelloAnswer
  /**
   * Starts the event stream of a session; the returned function ends it. Throws PublishError
   * `unknown_session`.
   */
  subscribe(identity: PodIdentity, session: string, sink: EventSink): () => void
  status(identity: PodIdentity, report: StatusReport): void
}

/** Where a session's events go. */
export interface EventSink {
  /**
   * `frame` is the event as one encoded SSE frame, shared between all receivers: never change it.
   */
  send(event: ConfigEvent, frame: () => Uint8Array): void
  /** The operator ends the stream: the pod is gone, its token expired, or leadership was lost. */
  end(reason: string): void
}

export type PublishErrorCode =
  | "unknown_session"
  | "not_leader"
  | "foreign_session"
  | "bad_message"
  /** The bound on sessions is reached: try again later. */
  | "overloaded"
  | "too_large"

export class PublishError extends Error {
  readonly code: PublishErrorCode
  constructor(code: PublishError["code"], message: string) {
    super(message)
    this.code = code
  }
}
