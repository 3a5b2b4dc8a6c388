/**
 * What the operator says, from JSON to typed values: shape only, meaning is the reducer's and the
 * link's.
 *
 * In: parsed JSON. Out: the value, or undefined for anything that is not one of ours.
 */
import type {
  ConfigEvent,
  CredentialEntry,
  CredentialsPush,
  HelloAnswer,
  PodIdentity,
  SnapshotPush,
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
  return isSnapshot(snapshot) ? { version, hash, snapshot } : undefined
}

export function readCredentials(value: unknown): CredentialsPush | undefined {
  const fields = fieldsOf(value)
  const revision = fields?.["revision"]
  const list = fields?.["entries"]
  if (typeof revision !== "string" || !Array.isArray(list)) return undefined
  const entries: CredentialEntry[] = []
  for (const one of list) {
    const entry = fieldsOf(one)
    const provider = entry?.["provider"]
    const origin = entry?.["origin"]
    const key = entry?.["value"]
    if (typeof provider !== "string" || typeof origin !== "string") return undefined
    if (typeof key !== "string") return undefined
    entries.push({ provider, origin, value: key })
  }
  return { revision, entries }
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

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0
}
