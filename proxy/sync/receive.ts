/**
 * The sidecar's side of the push, as a reducer: what we hold plus what came gives what we hold next
 * plus the answer. No sockets inside, no clock.
 *
 * A stale, reused, foreign, corrupt or unlinkable push never replaces what is in force, and is
 * answered with a reason (`reliability.md` 4.4, P3 and P4).
 */
import {
  compareVersions,
  formatVersion,
  type HeldVersion,
  type Nack,
  type PodIdentity,
  type SnapshotPush,
  type StatusReport,
} from "#proxy/contract/push.ts"
import { SNAPSHOT_SCHEMA_VERSION } from "#proxy/contract/snapshot.ts"

export interface Held<R> {
  /** Null until the first Snapshot; then always that of `push` and `identity`. */
  readonly runtime: R | null
  readonly push: SnapshotPush | null
  readonly identity: PodIdentity | null
}

export type Linked<R> =
  | { readonly ok: true; readonly runtime: R }
  | { readonly ok: false; readonly nack: Nack }

export type Link<R> = (push: SnapshotPush, identity: PodIdentity) => Linked<R>

export type Answer = Omit<StatusReport, "session">

/** `actualHash` is the digest of the canonical JSON of what came. */
export function receiveSnapshot<R>(
  held: Held<R>,
  push: SnapshotPush,
  actualHash: string,
  link: Link<R>,
): { readonly held: Held<R>; readonly answer: Answer } {
  const no = (nack: Nack): { held: Held<R>; answer: Answer } => ({
    held,
    answer: { version: push.version, held: heldVersion(held), nack },
  })
  const fault = judge(held, push, actualHash)
  if (fault !== null) return no(fault)
  const { identity } = held
  if (identity === null) return no(reason("no_identity: a Snapshot came before the pod's identity"))
  const linked = link(push, identity)
  if (!linked.ok) return no(linked.nack)
  const next = { runtime: linked.runtime, push, identity }
  return { held: next, answer: { version: push.version, held: heldVersion(next), nack: null } }
}

/**
 * The pod as the operator sees it. A Snapshot of another namespace is let go: whoever left it here,
 * it is not this pod's. One that no longer links stays in force under the old identity; `nack` says
 * why.
 */
export function receiveIdentity<R>(
  held: Held<R>,
  identity: PodIdentity,
  link: Link<R>,
): { readonly held: Held<R>; readonly nack: Nack | null } {
  const { push } = held
  if (push === null || push.snapshot.namespace !== identity.namespace) {
    return { held: { runtime: null, push: null, identity }, nack: null }
  }
  const linked = link(push, identity)
  if (!linked.ok) return { held: { ...held, identity }, nack: linked.nack }
  return { held: { runtime: linked.runtime, push, identity }, nack: null }
}

export function heldVersion<R>({ push }: Held<R>): HeldVersion | null {
  return push === null ? null : { ...push.version, hash: push.hash }
}

function judge<R>(held: Held<R>, push: SnapshotPush, actualHash: string): Nack | null {
  const said = formatVersion(push.version)
  if (push.hash !== actualHash) {
    return reason(
      `hash_mismatch: the Snapshot of ${said} hashes to ${actualHash}, not ${push.hash}`,
    )
  }
  const namespace = held.identity?.namespace
  if (namespace !== undefined && push.snapshot.namespace !== namespace) {
    const whose = `the Snapshot is of namespace ${push.snapshot.namespace}`
    return reason(`wrong_namespace: ${whose}, this pod is in ${namespace}`, "/namespace")
  }
  if (held.push === null) return null
  if (takesAllAway(held.push, push)) {
    const before = formatVersion(held.push.version)
    return reason(
      `empty_snapshot: ${said} has no routes, ${before} has some, and no tombstone says so`,
      "/routes",
    )
  }
  const order = compareVersions(push.version, held.push.version)
  if (order < 0) {
    return reason(`stale_version: ${said} is older than ${formatVersion(held.push.version)}`)
  }
  if (order === 0 && push.hash !== held.push.hash) {
    return reason(`hash_mismatch: version ${said} is held with another hash`)
  }
  return null
}

/** Operators of an older schema have no word for it, so theirs are believed. */
function takesAllAway(held: SnapshotPush, push: SnapshotPush): boolean {
  const isSaid = push.tombstone === true || push.snapshot.schemaVersion < SNAPSHOT_SCHEMA_VERSION
  return !isSaid && routesIn(push) === 0 && routesIn(held) > 0
}

/** The link looks at what came only after this. */
function routesIn({ snapshot }: SnapshotPush): number {
  return Array.isArray(snapshot.routes) ? snapshot.routes.length : 0
}

function reason(text: string, path: string | null = null): Nack {
  return { reason: text, object: null, path }
}
