/**
 * What the operator says, from JSON to typed values: shape only, meaning is the reducer's and the
 * link's.
 *
 * In: parsed JSON. Out: the value, or undefined for anything that is not one of ours.
 */
import type {
  AwsCredential,
  BearerCredential,
  ConfigEvent,
  CredentialsPush,
  HelloAnswer,
  KeyCredential,
  PodIdentity,
  SnapshotPush,
  TemporaryCredential,
  UsageAnswer,
  Version,
} from "#proxy/contract/push.ts"
import type { Snapshot } from "#proxy/contract/snapshot.ts"

/** An event this version does not know is undefined as well. */
export function readConfigEvent(event: string, data: unknown): ConfigEvent | undefined {
  switch (event) {
    case "snapshot": {
      const push = readSnapshotPush(data)
      return push === undefined ? undefined : { event, data: push }
    }
    case "credentials": {
      const push = readCredentials(data)
      return push === undefined ? undefined : { event, data: push }
    }
    case "identity": {
      const identity = readIdentity(data)
      return identity === undefined ? undefined : { event, data: identity }
    }
    default:
      return undefined
  }
}

export function readHelloAnswer(value: unknown): HelloAnswer | undefined {
  const fields = fieldsOf(value)
  const identity = readIdentity(fields?.["identity"])
  const session = fields?.["session"]
  if (identity === undefined || typeof session !== "string" || session === "") return undefined
  return { session, identity }
}

export function readUsageAnswer(value: unknown): UsageAnswer | undefined {
  const acknowledged = fieldsOf(value)?.["acknowledged"]
  return isCount(acknowledged) ? { acknowledged } : undefined
}

export function readSnapshotPush(value: unknown): SnapshotPush | undefined {
  const fields = fieldsOf(value)
  const version = readVersion(fields?.["version"])
  const hash = fields?.["hash"]
  const snapshot = fields?.["snapshot"]
  if (version === undefined || typeof hash !== "string" || !/^[0-9a-f]{64}$/.test(hash)) {
    return undefined
  }
  if (!isSnapshot(snapshot)) return undefined
  const tombstone = fields?.["tombstone"] === true ? ({ tombstone: true } as const) : {}
  return { version, hash, snapshot, ...tombstone }
}

/** An entry of a kind that this release does not know is left out: its provider has no key. */
export function readCredentials(value: unknown): CredentialsPush | undefined {
  const fields = fieldsOf(value)
  const revision = fields?.["revision"]
  const keys = readList(fields?.["entries"], readKey)
  const temporary = readList(fields?.["temporary"] ?? [], readTemporary)
  const pending = fields?.["pending"] ?? []
  if (!isText(revision) || !Array.isArray(pending) || !pending.every(isText)) return undefined
  if (keys === undefined || temporary === undefined) return undefined
  const known = temporary.filter((entry) => entry !== "unknown")
  return { revision, entries: keys, temporary: known, pending }
}

export function readIdentity(value: unknown): PodIdentity | undefined {
  const fields = fieldsOf(value)
  if (fields === undefined) return undefined
  const { namespace, pod, podUid, application } = fields
  const labels = fieldsOf(fields["labels"])
  if (typeof namespace !== "string" || typeof pod !== "string") return undefined
  if (typeof podUid !== "string" || typeof application !== "string") return undefined
  if (labels === undefined || !isTextMap(labels)) return undefined
  return { namespace, pod, podUid, application, labels }
}

function readKey({ provider, origin, value }: Fields): KeyCredential | undefined {
  if (!isText(provider) || !isText(origin) || !isText(value)) return undefined
  return { kind: "key", provider, origin, value }
}

function readTemporary(fields: Fields): TemporaryCredential | "unknown" | undefined {
  switch (fields["kind"]) {
    case "bearer":
      return readBearer(fields)
    case "aws":
      return readAws(fields)
    default:
      return isText(fields["kind"]) ? "unknown" : undefined
  }
}

function readBearer(fields: Fields): BearerCredential | undefined {
  const { provider, origin, value, expiresAt } = fields
  if (!isText(provider) || !isText(origin) || !isText(value)) return undefined
  return isCount(expiresAt) ? { kind: "bearer", provider, origin, value, expiresAt } : undefined
}

function readAws(fields: Fields): AwsCredential | undefined {
  const { provider, origin, accessKeyId, secretAccessKey, region, service, expiresAt } = fields
  const sessionToken = fields["sessionToken"]
  if (!isText(provider) || !isText(origin) || !isText(region) || !isText(service)) return undefined
  if (!isText(accessKeyId) || !isText(secretAccessKey) || !isCount(expiresAt)) return undefined
  if (!isText(sessionToken) && sessionToken !== null) return undefined
  const keys = { accessKeyId, secretAccessKey, sessionToken }
  return { kind: "aws", provider, origin, ...keys, region, service, expiresAt }
}

/** Undefined as soon as one of the list is no such value. */
function readList<T>(
  value: unknown,
  read: (fields: Fields) => T | undefined,
): readonly T[] | undefined {
  if (!Array.isArray(value)) return undefined
  const list: T[] = []
  for (const one of value) {
    const fields = fieldsOf(one)
    const entry = fields === undefined ? undefined : read(fields)
    if (entry === undefined) return undefined
    list.push(entry)
  }
  return list
}

function readVersion(value: unknown): Version | undefined {
  const fields = fieldsOf(value)
  const term = fields?.["term"]
  const generation = fields?.["generation"]
  return isCount(term) && isCount(generation) ? { term, generation } : undefined
}

/** Only what the reducer reads; the link checks the rest and names what is wrong. */
function isSnapshot(value: unknown): value is Snapshot {
  return typeof fieldsOf(value)?.["namespace"] === "string"
}

type Fields = Readonly<Record<string, unknown>>

function fieldsOf(value: unknown): Fields | undefined {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value)
  return isObject ? (value as Fields) : undefined
}

function isTextMap(fields: Fields): fields is Readonly<Record<string, string>> {
  return Object.values(fields).every((value) => typeof value === "string")
}

function isText(value: unknown): value is string {
  return typeof value === "string"
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
}
