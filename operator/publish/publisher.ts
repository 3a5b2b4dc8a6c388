/**
 * What the publisher offers: to reconcile (what to publish, what is in force), and to a transport (hello,
 * subscribe, status). HTTPS and the in-memory pair of `sidegate run` are two transports of this one value.
 */
import type {
  ConfigEvent,
  CredentialsPush,
  Hello,
  HelloAnswer,
  PodIdentity,
  StatusReport,
  Nack,
} from "#proxy/contract/push.ts"
import type { Snapshot } from "#proxy/contract/snapshot.ts"

/** One connected sidecar as the operator sees it. */
export interface SidecarState {
  readonly identity: PodIdentity
  readonly session: string
  /** Hash in force there; null before its first Snapshot. */
  readonly heldHash: string | null
  /** The last refusal of the current Snapshot; null when there is none. */
  readonly nack: Nack | null
  /** When the push that is still unanswered was sent, on the operator's clock; null when none is. */
  readonly pendingSinceMs: number | null
  readonly release: string
}

export interface Publisher {
  /** Encodes once, sends to every session of the namespace whose hash differs. No-op for an equal hash. */
  publish(namespace: string, snapshot: Snapshot): { readonly hash: string }
  /** Sends to every session of the namespace whose revision differs; before any later Snapshot. */
  publishCredentials(namespace: string, credentials: CredentialsPush): void
  /** Cuts every session of a pod that is gone and refuses its session ids. */
  dropPod(podUid: string): void
  /** Sends `identity` to the pod's sessions when it differs from what they were told. */
  updateIdentity(identity: PodIdentity): void
  sidecars(namespace: string): readonly SidecarState[]
  /** Called when the answer of `sidecars(namespace)` may have changed. */
  onChange(listener: (namespace: string) => void): void

  hello(identity: PodIdentity, hello: Hello): HelloAnswer
  /** Starts the event stream of a session; the returned function ends it. Throws PublishError `unknown_session`. */
  subscribe(identity: PodIdentity, session: string, sink: EventSink): () => void
  status(identity: PodIdentity, report: StatusReport): void
}

/** Where a session's events go. */
export interface EventSink {
  /** `frame` is the event as one encoded SSE frame, shared between all receivers: never change it. */
  send(event: ConfigEvent, frame: () => Uint8Array): void
  /** The operator ends the stream: the pod is gone, its token expired, or leadership was lost. */
  end(reason: string): void
}

export class PublishError extends Error {
  readonly code: "unknown_session" | "not_leader" | "foreign_session" | "bad_message"
  constructor(code: PublishError["code"], message: string) {
    super(message)
    this.code = code
  }
}
