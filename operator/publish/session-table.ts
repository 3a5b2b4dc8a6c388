/** Open sessions, found by id, namespace and pod; bounded in all and for each pod. */
import type { EpochMs } from "#proxy/contract/money.ts"
import type { PodIdentity } from "#proxy/contract/push.ts"
import type { EventSink } from "./publisher.ts"
import type { SessionState } from "./session.ts"

export interface Session {
  readonly id: string
  readonly namespace: string
  readonly podUid: string
  readonly openedAtMs: EpochMs
  state: SessionState
  /** Null until the sidecar subscribes. */
  sink: EventSink | null
}

/** At the bound a hello is refused. */
export const SESSIONS_MAX = 50_000
/** A third hello of one pod cuts its oldest session. */
export const SESSIONS_PER_POD_MAX = 2

export interface SessionTable {
  /** Null at SESSIONS_MAX. `displaced`: sessions of the pod that the caller must cut. */
  open(
    id: string,
    identity: PodIdentity,
    state: SessionState,
    now: EpochMs,
  ): { readonly displaced: readonly Session[] } | null
  get(id: string): Session | undefined
  remove(session: Session): void
  /** Copies, oldest first: sessions may leave while the caller walks them. */
  all(): readonly Session[]
  ofNamespace(namespace: string): readonly Session[]
  ofPod(podUid: string): readonly Session[]
}

export function createSessionTable(sessionsMax: number = SESSIONS_MAX): SessionTable {
  const byId = new Map<string, Session>()
  const byNamespace = new Map<string, Set<Session>>()
  const byPod = new Map<string, Set<Session>>()
  return {
    open(id, identity, state, now) {
      const { namespace, podUid } = identity
      const displaced = [...(byPod.get(podUid) ?? [])].slice(0, 1 - SESSIONS_PER_POD_MAX)
      if (byId.size - displaced.length >= sessionsMax) return null
      const session: Session = { id, namespace, podUid, openedAtMs: now, state, sink: null }
      byId.set(id, session)
      add(byNamespace, namespace, session)
      add(byPod, podUid, session)
      return { displaced }
    },
    get: (id) => byId.get(id),
    remove(session) {
      byId.delete(session.id)
      take(byNamespace, session.namespace, session)
      take(byPod, session.podUid, session)
    },
    all: () => [...byId.values()],
    ofNamespace: (namespace) => [...(byNamespace.get(namespace) ?? [])],
    ofPod: (podUid) => [...(byPod.get(podUid) ?? [])],
  }
}

function add(map: Map<string, Set<Session>>, key: string, session: Session): void {
  const known = map.get(key)
  if (known === undefined) map.set(key, new Set([session]))
  else known.add(session)
}

function take(map: Map<string, Set<Session>>, key: string, session: Session): void {
  const known = map.get(key)
  known?.delete(session)
  if (known?.size === 0) map.delete(key)
}
