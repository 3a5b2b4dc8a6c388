/**
 * The control channel between sidecar and operator: what is said, in both directions.
 *
 * The sidecar dials. `POST /v1/hello` opens a session, `GET /v1/config?session=ID` streams
 * ConfigEvents as server-sent events, `POST /v1/status` carries ACK or NACK, `POST /v1/usage`
 * numbered batches. Nothing in a payload says who the caller is: that is the token's.
 */
import type { AnySnapshot } from "./older-snapshots.ts"
import type { UsageRecord } from "./records.ts"

/** Compared in this order. A higher term wins whatever the generation. */
export interface Version {
  readonly term: number
  readonly generation: number
}

/** Negative when `a` is older than `b`. */
export function compareVersions(a: Version, b: Version): number {
  return a.term - b.term || a.generation - b.generation
}

/** As in `x-sidegate-config`: `3.17`. */
export function formatVersion(version: Version): string {
  return `${version.term}.${version.generation}`
}

export interface HeldVersion extends Version {
  readonly hash: string
}

export interface Hello {
  /** Random, new at every start of the process. */
  readonly boot: string
  /** What the sidecar serves from now; null with no Snapshot at all. */
  readonly held: HeldVersion | null
  /** Revision of the credentials it holds; null with none. */
  readonly credentials: string | null
  /** Highest sequence in its journal; 0 with an empty one. */
  readonly journalSequence: number
  /** Newest Snapshot schema it can link; it links the one before too. */
  readonly schemaVersion: number
  readonly release: string
}

/** The pod as the operator sees it. Never taken from the sidecar. */
export interface PodIdentity {
  readonly namespace: string
  readonly pod: string
  readonly podUid: string
  /** `app.kubernetes.io/name`, else the name of the pod's controller, else the pod's name. */
  readonly application: string
  readonly labels: Readonly<Record<string, string>>
}

export interface HelloAnswer {
  readonly session: string
  readonly identity: PodIdentity
}

export interface SnapshotPush {
  readonly version: Version
  /** Lower-case hex SHA-256 of the canonical JSON of `snapshot`. */
  readonly hash: string
  readonly snapshot: AnySnapshot
  /**
   * With a Snapshot that has no routes, and only then: that everything is taken away is said twice.
   * Operators of an older schema do not say it.
   */
  readonly tombstone?: true
}

/**
 * What opens the providers of the namespace; complete, so a provider that is missing has lost its
 * key. Each goes to its origin only: they come before the Snapshot that needs them, and one of a
 * new origin must not reach the old one meanwhile.
 */
export interface CredentialsPush {
  /** Changes with any value; tells nothing about one. */
  readonly revision: string
  /** In the one shape that every release reads. */
  readonly entries: readonly KeyCredential[]
  /**
   * Those that expire, in a list of their own: a release that knows none of them, or not this kind,
   * still reads the keys. Absent means none.
   */
  readonly temporary: readonly TemporaryCredential[]
  /**
   * Providers whose first token this operator has yet to get: what is held for them of an operator
   * before it stays in use until it expires. Absent means none.
   */
  readonly pending: readonly string[]
}

export type CredentialEntry = KeyCredential | TemporaryCredential
export type TemporaryCredential = BearerCredential | AwsCredential

interface CredentialPlace {
  readonly provider: string
  /** As in its ProviderConfig. */
  readonly origin: string
}

/** A provider's own key, sent as it is where the schema's adapter says. */
export interface KeyCredential extends CredentialPlace {
  /** Absent means `key`. */
  readonly kind: "key"
  readonly value: string
}

/** An OAuth access token. */
export interface BearerCredential extends CredentialPlace {
  readonly kind: "bearer"
  readonly value: string
  /** Wall clock in ms; it is not sent any more shortly before. */
  readonly expiresAt: number
}

/** Temporary security credentials of AWS: requests are signed with them (Signature Version 4). */
export interface AwsCredential extends CredentialPlace {
  readonly kind: "aws"
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string | null
  /** Both are part of the signature, e.g. `eu-central-1` and `bedrock`. */
  readonly region: string
  readonly service: string
  /** Wall clock in ms; nothing is signed with it any more shortly before. */
  readonly expiresAt: number
}

export type ConfigEvent =
  | { readonly event: "snapshot"; readonly data: SnapshotPush }
  /** Sent before the Snapshot that needs them. */
  | { readonly event: "credentials"; readonly data: CredentialsPush }
  /** The pod's labels changed. */
  | { readonly event: "identity"; readonly data: PodIdentity }

/** Answer to one push. `held` is what is in force now; a NACK changes nothing. */
export interface StatusReport {
  readonly session: string
  readonly version: Version
  readonly held: HeldVersion | null
  readonly nack: Nack | null
}

export interface Nack {
  readonly reason: string
  /**
   * The object at fault as the Snapshot names it, e.g. `AIRoute search/chat`; null when unknown.
   */
  readonly object: string | null
  readonly path: string | null
}

export interface UsageBatch {
  readonly boot: string
  /** In order of `sequence`; at most 1,000. */
  readonly records: readonly UsageRecord[]
}

export interface UsageAnswer {
  /** Every record up to this sequence is stored; the sidecar may forget it. */
  readonly acknowledged: number
}

export const CONTROL_LIMITS = Object.freeze({
  /** One event or one request body. */
  messageBytesMax: 8 * 1024 * 1024,
  usageRecordsMax: 1000,
  /**
   * A comment line is sent this often on a quiet stream; a stream silent for three of them is dead.
   */
  keepAliveMs: 10_000,
  jsonDepthMax: 64,
})
