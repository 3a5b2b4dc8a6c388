/**
 * Objects as the API server or a file gives them, into the index and the vault.
 *
 * In    plain JSON values by kind. Out: the keys that a change affects, statuses that a watch
 *       showed, and the keys of Secrets. Only what is kept is copied; the value of a Secret goes to
 *       the vault alone.
 */
import {
  type ReadSecret,
  readSecret,
  type SecretObject,
} from "#operator/credentials/read-secret.ts"
import type { Vault } from "#operator/credentials/vault.ts"
import type { IndexEntry } from "#operator/index/entry.ts"
import type { Index } from "#operator/index/index.ts"
import { readObject } from "#operator/index/read-object.ts"
import { formatRef, type IndexedKind } from "#operator/index/view.ts"
import type { ObjectEvent } from "#operator/reconcile/ports.ts"
import { readStatus, STATUS_KINDS } from "#operator/reconcile/read-status.ts"
import type { Reconciler } from "#operator/reconcile/reconciler.ts"
import type { Log } from "#operator/telemetry/log.ts"
import type { ObjectFeed } from "./control-plane.ts"

export interface FeedParts {
  readonly index: Index
  readonly vault: Vault
  readonly reconciler: Pick<Reconciler, "touch" | "observeStatus">
  readonly log: Log
  /** Keys of a new or changed Secret that lost a line end at their end. */
  readonly onTrimmed: (event: ObjectEvent) => void
}

export function createFeed(parts: FeedParts): ObjectFeed {
  const { index, vault, reconciler, log } = parts
  const read = (kind: IndexedKind, raw: unknown): ReadEntry | null => {
    const result = kind === "Secret" ? readSecretEntry(raw) : readPlain(kind, raw)
    if (typeof result !== "string") return result
    log.warn("an object was refused", { kind, reason: result })
    return null
  }
  /** The vault follows the index, which takes nothing older than what it has. */
  const keep = ({ uid }: IndexEntry, secret: ReadSecret, namespace: string): void => {
    const held = index.clusterView().secrets.get(secret.facts.name)
    if (held?.fingerprint !== secret.facts.fingerprint) return
    const isNew = vault.put(secret)
    if (!isNew || secret.trimmed.length === 0) return
    parts.onTrimmed({
      type: "Warning",
      object: { kind: "Secret", namespace, name: secret.facts.name },
      uid,
      reason: "CredentialTrimmed",
      note: `line ends at the end of ${secret.trimmed.join(", ")} were cut off`,
    })
  }
  const follow = (kind: IndexedKind, { entry, secret, raw }: ReadEntry): void => {
    if (secret !== null) keep(entry, secret.read, secret.namespace)
    if (!STATUS_KINDS.has(kind) || !("spec" in entry.value)) return
    const { namespace, name, uid } = entry.value
    reconciler.observeStatus({ kind, namespace, name }, uid, readStatus(raw))
  }
  return {
    reset: (kind, objects) => {
      const entries = objects.flatMap((raw) => read(kind, raw) ?? [])
      const affected = index.reset(
        kind,
        entries.map(({ entry }) => entry),
      )
      if (kind === "Secret") vault.retain(new Set(index.clusterView().secrets.keys()))
      for (const one of entries) follow(kind, one)
      reconciler.touch(affected)
    },
    apply: (kind, raw) => {
      const one = read(kind, raw)
      if (one === null) return
      const affected = index.apply(one.entry)
      follow(kind, one)
      reconciler.touch(affected)
    },
    delete: (kind, ref) => {
      // Secrets come from one namespace only, and the index holds them by name.
      const namespace = kind === "Secret" ? "" : ref.namespace
      const affected = index.delete(kind, { namespace, name: ref.name })
      if (kind === "Secret") vault.delete(ref.name)
      log.debug("an object is gone", { object: formatRef({ kind, ...ref }) })
      reconciler.touch(affected)
    },
  }
}

interface ReadEntry {
  readonly entry: IndexEntry
  /** Only of a Secret. */
  readonly secret: { readonly read: ReadSecret; readonly namespace: string } | null
  readonly raw: unknown
}

function readPlain(kind: Exclude<IndexedKind, "Secret">, raw: unknown): ReadEntry | string {
  const result = readObject(kind, raw)
  return result.ok ? { entry: result.entry, secret: null, raw } : result.message
}

function readSecretEntry(raw: unknown): ReadEntry | string {
  const metadata = fieldOf(raw, "metadata")
  const name = fieldOf(metadata, "name")
  const uid = fieldOf(metadata, "uid")
  if (typeof name !== "string" || typeof uid !== "string") return "Secret without name or uid"
  const type = fieldOf(raw, "type")
  const object: SecretObject = {
    name,
    uid,
    type: typeof type === "string" ? type : "Opaque",
    annotations: textMap(fieldOf(metadata, "annotations")),
    data: textMap(fieldOf(raw, "data")),
    stringData: textMap(fieldOf(raw, "stringData")),
  }
  const version = fieldOf(metadata, "resourceVersion")
  const resourceVersion = typeof version === "string" ? version : ""
  const read = readSecret(object)
  const namespace = fieldOf(metadata, "namespace")
  return {
    entry: { kind: "Secret", uid, resourceVersion, value: read.facts },
    secret: { read, namespace: typeof namespace === "string" ? namespace : "" },
    raw: null,
  }
}

function textMap(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null) return {}
  return Object.fromEntries(
    Object.entries(value).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  )
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}
