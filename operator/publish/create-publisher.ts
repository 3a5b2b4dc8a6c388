/**
 * The publisher: keeps what every namespace should hold, and carries the session reducer's outputs
 * out.
 *
 * In    Snapshots and credentials from reconcile; hello, subscribe and status from a transport.
 * Out   events to sinks, the state of every connected sidecar, the higher terms it hears of.
 * Must not know sockets, tokens or Kubernetes: time, chance and digests are values given to it.
 */
import type { EpochMs } from "#proxy/contract/money.ts"
import type {
  ConfigEvent,
  CredentialsPush,
  HeldVersion,
  Hello,
  HelloAnswer,
  Nack,
  PodIdentity,
  StatusReport,
} from "#proxy/contract/push.ts"
import type { Snapshot } from "#proxy/contract/snapshot.ts"
import { createCredentialsPace } from "./credentials-pace.ts"
import { type Encoding, type SharedEvent, sizeProblem } from "./encodings.ts"
import { encodeFrame } from "./frames.ts"
import {
  emptyTarget,
  encodingFor,
  isOurs,
  type NamespaceTarget,
  publishedHash,
  sessionTarget,
  withCredentials,
  withSnapshot,
  withTerm,
} from "./namespace-target.ts"
import { type EventSink, PublishError, type Publisher, type SidecarState } from "./publisher.ts"
import { openSession, type SessionInput, type SessionState, stepSession } from "./session.ts"
import { createSessionTable, type Session } from "./session-table.ts"
import { snapshotText } from "./snapshot-text.ts"

export interface PublisherOptions {
  readonly now: () => EpochMs
  /** Lower-case hex SHA-256 of the UTF-8 of `text`. */
  readonly digest: (text: string) => string
  /** Unguessable and never repeated, e.g. 128 random bits in hex. */
  readonly nextSessionId: () => string
  /**
   * A sidecar holds a version at or above this leader's term that it did not give out (a restored
   * or lost ledger): take a term above `term` from the ledger and call `lead` with it. Called again
   * on every tick until that has happened.
   */
  readonly onHigherTerm: (term: number) => void
  /** Called for each event handed to a sidecar, before it is sent. */
  readonly onSend?: (event: ConfigEvent["event"]) => void
}

/**
 * A sidecar that claims a term further above ours is refused: it must not be able to use up the
 * terms.
 */
export const TERM_AHEAD_MAX = 1_000_000
/** A session without a stream for so long is dropped. */
export const SUBSCRIBE_WITHIN_MS = 60_000

export function createPublisher(options: PublisherOptions): Publisher {
  return new LivePublisher(options)
}

class LivePublisher implements Publisher {
  readonly #options: PublisherOptions
  readonly #targets = new Map<string, NamespaceTarget>()
  readonly #sessions = createSessionTable()
  readonly #pace = createCredentialsPace()
  readonly #listeners: ((namespace: string) => void)[] = []
  #term: number | null = null
  #heardTerm = 0
  /** Generations up to it were given out for namespaces that are gone. */
  #retiredFloor = 0

  constructor(options: PublisherOptions) {
    this.#options = options
  }

  lead(next: number): void {
    if (this.#term !== null && next <= this.#term)
      throw new Error(`term ${next} is not above ${this.#term}`)
    this.#term = next
    for (const [namespace, target] of this.#targets)
      this.#setTarget(namespace, withTerm(target, next, this.#options.digest))
  }

  standDown(reason: string): void {
    this.#term = null
    this.#heardTerm = 0
    for (const session of this.#sessions.all()) this.#cut(session, reason)
  }

  term(): number | null {
    return this.#term
  }

  retire(namespace: string): void {
    this.#retiredFloor = Math.max(this.#retiredFloor, this.#targetOf(namespace).generation)
    this.#targets.delete(namespace)
    this.#pace.forget(namespace)
    for (const session of this.#sessions.ofNamespace(namespace))
      this.#cut(session, "the namespace is gone")
  }

  tick(): void {
    const now = this.#options.now()
    for (const namespace of this.#pace.due(now)) {
      const waiting = this.#pace.take(namespace)
      if (waiting !== undefined) this.publishCredentials(namespace, waiting)
    }
    if (this.#term !== null && this.#heardTerm >= this.#term)
      this.#options.onHigherTerm(this.#heardTerm)
    for (const session of this.#sessions.all()) {
      if (session.sink !== null) this.#step(session, { kind: "look-again" })
      else if (now - session.openedAtMs >= SUBSCRIBE_WITHIN_MS)
        this.#cut(session, "never subscribed")
    }
  }

  publish(namespace: string, snapshot: Snapshot): { readonly hash: string } {
    const target = this.#targetOf(namespace)
    if (target.published?.snapshot === snapshot) return { hash: target.published.hash }
    const text = snapshotText(snapshot)
    const hash = this.#options.digest(text)
    if (target.published?.hash === hash) return { hash }
    const problem = sizeProblem(text)
    if (problem !== null)
      throw new PublishError("too_large", `the Snapshot of namespace ${namespace} ${problem}`)
    const { digest } = this.#options
    // Keys go before the Snapshot that may need them, however short ago the last ones went.
    const waiting = this.#pace.take(namespace)
    const ready = waiting === undefined ? target : withCredentials(target, waiting)
    this.#setTarget(namespace, withSnapshot(ready, { snapshot, hash }, this.#term, digest))
    return { hash }
  }

  publishCredentials(namespace: string, credentials: CredentialsPush): void {
    const target = this.#targetOf(namespace)
    if (target.credentials === credentials.revision) {
      this.#pace.take(namespace)
      return
    }
    const isFirst = target.credentials === null
    if (!isFirst && !this.#pace.replace(namespace, credentials, this.#options.now())) return
    this.#setTarget(namespace, withCredentials(target, credentials))
  }

  dropPod(podUid: string): void {
    for (const session of this.#sessions.ofPod(podUid)) this.#cut(session, "the pod is gone")
  }

  updateIdentity(identity: PodIdentity): void {
    for (const session of this.#sessions.ofPod(identity.podUid))
      this.#step(session, { kind: "identity", identity })
  }

  sidecars(namespace: string): readonly SidecarState[] {
    return describeSidecars(this.#sessions.ofNamespace(namespace), this.#targetOf(namespace))
  }

  onChange(listener: (namespace: string) => void): void {
    this.#listeners.push(listener)
  }

  hello(identity: PodIdentity, hello: Hello): HelloAnswer {
    this.#refuseFarTerm(hello.held)
    const id = this.#options.nextSessionId()
    const state = openSession(identity, hello)
    const opened = this.#sessions.open(id, identity, state, this.#options.now())
    if (opened === null) throw new PublishError("overloaded", "too many sidecars are connected")
    for (const old of opened.displaced) this.#cut(old, "too many sessions of one pod")
    this.#hear(identity.namespace, hello.held)
    return { session: id, identity }
  }

  subscribe(identity: PodIdentity, id: string, sink: EventSink): () => void {
    const session = this.#find(identity, id)
    session.sink?.end("replaced by another stream of this session")
    session.sink = sink
    for (const other of this.#sessions.ofPod(session.podUid)) {
      if (other !== session && other.state.boot === session.state.boot)
        this.#cut(other, "replaced by a newer session of this sidecar")
    }
    this.#step(session, { kind: "subscribed", identity })
    this.#notify(session.namespace)
    return () => {
      if (session.sink !== sink) return
      session.sink = null
      this.#sessions.remove(session)
      this.#notify(session.namespace)
    }
  }

  status(identity: PodIdentity, report: StatusReport): void {
    this.#refuseFarTerm(report.held)
    this.#step(this.#find(identity, report.session), { kind: "answered", report })
  }

  #targetOf(namespace: string): NamespaceTarget {
    return this.#targets.get(namespace) ?? emptyTarget(this.#retiredFloor)
  }

  #setTarget(namespace: string, target: NamespaceTarget): void {
    this.#targets.set(namespace, target)
    for (const session of this.#sessions.ofNamespace(namespace))
      this.#step(session, { kind: "look-again" })
    this.#notify(namespace)
  }

  #step(session: Session, input: SessionInput): void {
    const target = this.#targetOf(session.namespace)
    const encoding = encodingFor(target, session.state.schemaVersion)
    const wanted = sessionTarget(target, encoding)
    const now = this.#options.now()
    const { state, send, problem } = stepSession(session.state, wanted, input, now)
    if (problem !== null) throw new PublishError("bad_message", problem)
    const isChanged = isVisiblyDifferent(session.state, state)
    // Stored before anything is sent: a sink may answer within the call.
    session.state = state
    for (const what of send) {
      this.#options.onSend?.(what)
      if (what === "credentials") deliver(session, target.credentialsEvent)
      else if (what === "identity") deliver(session, identityEvent(state.told))
      else if (encoding?.kind === "snapshot") deliver(session, encoding.shared)
    }
    this.#hear(session.namespace, state.held)
    if (isChanged) this.#notify(session.namespace)
  }

  /** Notes a version that must not have been possible, and asks for a term above it. */
  #hear(namespace: string, held: HeldVersion | null): void {
    const term = this.#term
    if (term === null || held === null) return
    if (held.term < term || held.term <= this.#heardTerm) return
    if (held.term === term && isOurs(this.#targetOf(namespace), held)) return
    this.#heardTerm = held.term
    this.#options.onHigherTerm(held.term)
  }

  #notify(namespace: string): void {
    for (const listener of this.#listeners) listener(namespace)
  }

  #cut(session: Session, reason: string): void {
    this.#sessions.remove(session)
    const { sink } = session
    session.sink = null
    sink?.end(reason)
    if (sink !== null) this.#notify(session.namespace)
  }

  #leaderTerm(): number {
    if (this.#term === null) throw new PublishError("not_leader", "this operator does not lead")
    return this.#term
  }

  #refuseFarTerm(held: HeldVersion | null): void {
    const limit = this.#leaderTerm() + TERM_AHEAD_MAX
    if (held !== null && held.term > limit)
      throw new PublishError("bad_message", `/held/term: ${held.term} is over ${limit}`)
  }

  #find(identity: PodIdentity, id: string): Session {
    this.#leaderTerm()
    const session = this.#sessions.get(id)
    if (session === undefined)
      throw new PublishError("unknown_session", "no such session: say hello again")
    if (session.podUid !== identity.podUid)
      throw new PublishError("foreign_session", "this session belongs to another pod")
    return session
  }
}

function deliver(session: Session, shared: SharedEvent | null): void {
  if (shared !== null) session.sink?.send(shared.event, shared.frame)
}

function identityEvent(identity: PodIdentity) {
  const event: ConfigEvent = { event: "identity", data: identity }
  return { event, frame: () => encodeFrame(event) }
}

function isVisiblyDifferent(before: SessionState, after: SessionState): boolean {
  return (
    before.held !== after.held ||
    before.refused !== after.refused ||
    before.pending?.sinceMs !== after.pending?.sinceMs ||
    before.told !== after.told
  )
}

/** One row a pod: the newest session that has a stream. */
function describeSidecars(
  sessions: readonly Session[],
  target: NamespaceTarget,
): readonly SidecarState[] {
  const byPod = new Map<string, SidecarState>()
  for (const { id, podUid, sink, state } of sessions) {
    if (sink === null) continue
    const { held, pending } = state
    const encoding = encodingFor(target, state.schemaVersion)
    byPod.set(podUid, {
      identity: state.told,
      session: id,
      heldHash: held === null ? null : publishedHash(target, encoding, held),
      heldVersion: held,
      nack: nackOf(state, encoding),
      withheld: encoding?.kind === "snapshot" ? encoding.withheld : [],
      pendingSinceMs: pending?.sinceMs ?? null,
      release: state.release,
    })
  }
  return [...byPod.values()]
}

/** Its refusal of the current Snapshot, or ours to send it one that it could not link. */
function nackOf({ refused }: SessionState, encoding: Encoding | null): Nack | null {
  if (encoding === null) return null
  if (encoding.kind === "none") return { reason: encoding.reason, object: null, path: null }
  return refused?.version.hash === encoding.version.hash ? refused.nack : null
}
