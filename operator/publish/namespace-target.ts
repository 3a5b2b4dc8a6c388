/**
 * What one namespace's sidecars should hold, with the events that carry it and the hashes given
 * out.
 *
 * Generations only rise. The events are made once a version, so that a frame is encoded once for
 * everybody.
 */
import type { ConfigEvent, CredentialsPush, HeldVersion } from "#proxy/contract/push.ts"
import type { Snapshot } from "#proxy/contract/snapshot.ts"
import { encodeOnce } from "./frames.ts"
import type { Target } from "./session.ts"

/** An event and its bytes, made on demand and shared. */
export interface SharedEvent {
  readonly event: ConfigEvent
  readonly frame: () => Uint8Array
}

export interface NamespaceTarget extends Target {
  readonly snapshotEvent: SharedEvent | null
  readonly credentialsEvent: SharedEvent | null
  readonly published: { readonly snapshot: Snapshot; readonly hash: string } | null
  /** The highest generation given out here; the next is one above. */
  readonly generation: number
  /**
   * Hashes given out under the current term, by generation: at most HISTORY_MAX, the oldest leaves.
   */
  readonly history: ReadonlyMap<number, string>
}

/** Older generations than these are taken to be ours without a look at their hash. */
export const HISTORY_MAX = 64

/**
 * `floor`: generations up to it were given out before for a namespace that may have had this name.
 */
export function emptyTarget(floor: number): NamespaceTarget {
  return {
    snapshot: null,
    credentials: null,
    snapshotEvent: null,
    credentialsEvent: null,
    published: null,
    generation: floor,
    history: new Map(),
  }
}

/**
 * `term` is null while nobody leads here: the Snapshot is kept and gets its version with the term.
 */
export function withSnapshot(
  target: NamespaceTarget,
  snapshot: Snapshot,
  hash: string,
  term: number | null,
): NamespaceTarget {
  const next = { ...target, published: { snapshot, hash }, generation: target.generation + 1 }
  return term === null ? next : withVersion(next, term, target.history)
}

/**
 * The same Snapshot under a new term. What older terms gave out is older than everything of this
 * one.
 */
export function withTerm(target: NamespaceTarget, term: number): NamespaceTarget {
  return withVersion(target, term, new Map())
}

export function withCredentials(target: NamespaceTarget, push: CredentialsPush): NamespaceTarget {
  const event: ConfigEvent = { event: "credentials", data: push }
  return {
    ...target,
    credentials: push.revision,
    credentialsEvent: { event, frame: encodeOnce(event) },
  }
}

/** Whether this leader gave `held`, which is of its own term, out here. */
export function isOurs(target: NamespaceTarget, held: HeldVersion): boolean {
  if (held.generation > target.generation) return false
  const hash = target.history.get(held.generation)
  if (hash !== undefined) return hash === held.hash
  const [oldest] = target.history.keys()
  return oldest === undefined || held.generation < oldest
}

function withVersion(
  target: NamespaceTarget,
  term: number,
  history: ReadonlyMap<number, string>,
): NamespaceTarget {
  if (target.published === null) return { ...target, history }
  const { snapshot, hash } = target.published
  const { generation } = target
  const version = { term, generation }
  const event: ConfigEvent = { event: "snapshot", data: { version, hash, snapshot } }
  return {
    ...target,
    snapshot: { ...version, hash },
    snapshotEvent: { event, frame: encodeOnce(event) },
    history: new Map([...history, [generation, hash] as const].slice(-HISTORY_MAX)),
  }
}
