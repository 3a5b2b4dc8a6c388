/**
 * One version of a namespace's Snapshot in each schema that some sidecar links: lowered, hashed and
 * encoded once, when the first of them asks, and shared by all.
 */
import { OLDER_SCHEMA_VERSION } from "#proxy/contract/older-snapshots.ts"
import {
  CONTROL_LIMITS,
  type ConfigEvent,
  type HeldVersion,
  type Version,
} from "#proxy/contract/push.ts"
import { SNAPSHOT_SCHEMA_VERSION, type Snapshot } from "#proxy/contract/snapshot.ts"
import { encodeOnce } from "./frames.ts"
import { lowerSnapshot, type Withheld } from "./lower-snapshot.ts"
import { snapshotText } from "./snapshot-text.ts"

/** An event and its bytes, made on demand and shared. */
export interface SharedEvent {
  readonly event: ConfigEvent
  readonly frame: () => Uint8Array
}

export type Encoding =
  | {
      readonly kind: "snapshot"
      readonly version: HeldVersion
      readonly shared: SharedEvent
      readonly withheld: readonly Withheld[]
    }
  /** Nothing that this sidecar could link; it goes on with what it holds. */
  | { readonly kind: "none"; readonly reason: string }

/** By the newest schema that a sidecar links, as its hello says. */
export type Encodings = (schemaVersion: number) => Encoding

/** `onLowered` hears the hash of the older schema, before it is given out. */
export function encodingsOf(
  { snapshot, hash }: { readonly snapshot: Snapshot; readonly hash: string },
  version: Version,
  digest: (text: string) => string,
  onLowered: (hash: string) => void,
): Encodings {
  const current = encodingOf({ ...version, hash }, snapshot, [])
  let older: Encoding | undefined
  return (schemaVersion) => {
    if (schemaVersion >= SNAPSHOT_SCHEMA_VERSION) return current
    if (schemaVersion !== OLDER_SCHEMA_VERSION) return tooOld(schemaVersion)
    older ??= lowered()
    return older
  }

  function lowered(): Encoding {
    const { snapshot: lower, withheld } = lowerSnapshot(snapshot)
    const text = snapshotText(lower)
    const problem = sizeProblem(text)
    if (problem !== null) return { kind: "none", reason: `too_large: the Snapshot ${problem}` }
    const lowerHash = digest(text)
    onLowered(lowerHash)
    return encodingOf({ ...version, hash: lowerHash }, lower, withheld)
  }
}

/** Null when a push can carry it. The frame adds version, hash and a few dozen bytes around it. */
export function sizeProblem(text: string): string | null {
  const limit = CONTROL_LIMITS.messageBytesMax - 512
  if (text.length * 3 <= limit) return null
  const size = new TextEncoder().encode(text).length
  return size > limit ? `has ${size} bytes, ${limit} at most` : null
}

function encodingOf(
  held: HeldVersion,
  snapshot: Extract<ConfigEvent, { event: "snapshot" }>["data"]["snapshot"],
  withheld: readonly Withheld[],
): Encoding {
  const { hash, ...version } = held
  const tombstone = snapshot.routes.length === 0 ? ({ tombstone: true } as const) : {}
  const data = { version, hash, snapshot, ...tombstone }
  const event: ConfigEvent = { event: "snapshot", data }
  return { kind: "snapshot", version: held, shared: { event, frame: encodeOnce(event) }, withheld }
}

function tooOld(schemaVersion: number): Encoding {
  const written = `the operator writes ${OLDER_SCHEMA_VERSION} and ${SNAPSHOT_SCHEMA_VERSION}`
  const linked = `the sidecar links Snapshot schema ${schemaVersion}`
  return { kind: "none", reason: `schema_unsupported: ${linked}, ${written}; restart the pod` }
}
