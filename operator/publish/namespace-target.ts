/**
 * What one namespace's sidecars should hold, with the events that carry it and the hashes given
 * out.
 *
 * Generations only rise. The events are made once a version and schema, so that a frame is encoded
 * once for everybody.
 */
import type { ConfigEvent, CredentialsPush, HeldVersion } from "#proxy/contract/push.ts"
import type { Snapshot } from "#proxy/contract/snapshot.ts"
import { type Encoding, type Encodings, encodingsOf, type SharedEvent } from "./encodings.ts"
import { encodeOnce } from "./frames.ts"
import type { Target } from "./session.ts"

export interface NamespaceTarget {
  /** Null until there is a Snapshot and a term to give it a version. */
  readonly encodings: Encodings | null
  /** Revision; null until the first credentials are published. */
  readonly credentials: string | null
  readonly credentialsEvent: SharedEvent | null
  readonly published: { readonly snapshot: Snapshot; readonly hash: string } | null
  /** The highest generation given out here; the next is one above. */
  readonly generation: number
  /**
   * What was given out under the current term, by generation: at most HISTORY_MAX, the oldest
   * leaves.
   */
  readonly history: ReadonlyMap<number, GivenOut>
}

interface GivenOut {
  readonly hash: string
  /** Hashes of the same in an older schema, as far as some sidecar was sent it. */
  readonly lowered: Set<string>
}

/** Older generations than these are taken to be ours without a look at their hash. */
export const HISTORY_MAX = 64

type Digest = (text: string) => string

/**
 * `floor`: generations up to it were given out before for a namespace that may have had this name.
 */
export function emptyTarget(floor: number): NamespaceTarget {
  return {
    encodings: null,
    credentials: null,
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
  published: { readonly snapshot: Snapshot; readonly hash: string },
  term: number | null,
  digest: Digest,
): NamespaceTarget {
  const next = { ...target, published, generation: target.generation + 1 }
  return term === null ? next : withVersion(next, term, target.history, digest)
}

/**
 * The same Snapshot under a new term. What older terms gave out is older than everything of this
 * one.
 */
export function withTerm(target: NamespaceTarget, term: number, digest: Digest): NamespaceTarget {
  return withVersion(target, term, new Map(), digest)
}

export function withCredentials(target: NamespaceTarget, push: CredentialsPush): NamespaceTarget {
  const event: ConfigEvent = { event: "credentials", data: push }
  return {
    ...target,
    credentials: push.revision,
    credentialsEvent: { event, frame: encodeOnce(event) },
  }
}

/** For a sidecar that links `schemaVersion` and the one before; null while there is nothing. */
export function encodingFor(target: NamespaceTarget, schemaVersion: number): Encoding | null {
  return target.encodings === null ? null : target.encodings(schemaVersion)
}

export function sessionTarget({ credentials }: NamespaceTarget, encoding: Encoding | null): Target {
  return { snapshot: encoding?.kind === "snapshot" ? encoding.version : null, credentials }
}

/** Whether this leader gave `held`, which is of its own term, out here. */
export function isOurs(target: NamespaceTarget, held: HeldVersion): boolean {
  if (held.generation > target.generation) return false
  const given = target.history.get(held.generation)
  if (given !== undefined) return given.hash === held.hash || given.lowered.has(held.hash)
  const [oldest] = target.history.keys()
  return oldest === undefined || held.generation < oldest
}

/** The hash of what a sidecar holds as it was published, whatever the schema it was sent in. */
export function publishedHash(
  { history, published }: NamespaceTarget,
  encoding: Encoding | null,
  held: HeldVersion,
): string {
  const isCurrent = encoding?.kind === "snapshot" && encoding.version.hash === held.hash
  if (isCurrent && published !== null) return published.hash
  const given = history.get(held.generation)
  return given?.lowered.has(held.hash) === true ? given.hash : held.hash
}

function withVersion(
  target: NamespaceTarget,
  term: number,
  history: ReadonlyMap<number, GivenOut>,
  digest: Digest,
): NamespaceTarget {
  const { generation, published } = target
  if (published === null) return { ...target, history }
  const given: GivenOut = { hash: published.hash, lowered: new Set() }
  const onLowered = (hash: string): void => void given.lowered.add(hash)
  return {
    ...target,
    encodings: encodingsOf(published, { term, generation }, digest, onLowered),
    history: new Map([...history, [generation, given] as const].slice(-HISTORY_MAX)),
  }
}
