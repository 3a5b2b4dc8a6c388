/**
 * Objects as the API server or a file gives them, into the index and the vault.
 *
 * In    plain JSON values by kind. Out: the keys that a change affects, statuses that a watch
 *       showed, and the keys of Secrets. Only what is kept is copied; the value of a Secret goes to
 *       the vault alone.
 */
import { readAhead } from "#operator/compile/read-ahead.ts"
import {
  type ReadSecret,
  readSecret,
  type SecretObject,
} from "#operator/credentials/read-secret.ts"
import type { Vault } from "#operator/credentials/vault.ts"
import { type IndexEntry, isConfigEntry } from "#operator/index/entry.ts"
import type { Index } from "#operator/index/index.ts"
import { readObject } from "#operator/index/read-object.ts"
import { createSpecBudget } from "#operator/index/spec-budget.ts"
import { type ConfigObject, formatRef, type IndexedKind } from "#operator/index/view.ts"
import type { ObjectEvent } from "#operator/reconcile/ports.ts"
import { readStatus, STATUS_KINDS } from "#operator/reconcile/read-status.ts"
import type { Reconciler } from "#operator/reconcile/reconciler.ts"
import type { Log } from "#operator/telemetry/log.ts"
import type { ObjectFeed, ReadGuard } from "./control-plane.ts"

export interface FeedParts {
  readonly index: Index
  readonly vault: Vault
  readonly reconciler: Pick<Reconciler, "touch" | "observeStatus">
  readonly guard: ReadGuard
  readonly operatorNamespace: string
  readonly log: Log
  /** Keys of a new or changed Secret that lost a line end at their end. */
  readonly onTrimmed: (event: ObjectEvent) => void
}

export function createFeed(parts: FeedParts): ObjectFeed {
  const { index, vault, reconciler, log } = parts
  const reader = createReader(parts)
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
      if (kind === "AIRoute") reader.clear()
      const entries = objects.flatMap((raw) => {
        const one = read(kind, raw)
        return one === null ? [] : [{ ...one, entry: reader.admit(one.entry) }]
      })
      const affected = index.reset(
        kind,
        entries.map(({ entry }) => entry),
      )
      if (kind === "Secret") vault.retain(new Set(index.clusterView().secrets.keys()))
      for (const one of entries) {
        reader.read(one.entry)
        follow(kind, one)
      }
      reconciler.touch(affected)
    },
    apply: (kind, raw) => {
      const one = read(kind, raw)
      if (one === null) return
      const entry = reader.admit(one.entry)
      const affected = index.apply(entry)
      if (affected.length > 0) reader.read(entry)
      follow(kind, { ...one, entry })
      reconciler.touch(affected)
    },
    delete: (kind, ref) => {
      // Secrets come from one namespace only, and the index holds them by name.
      const namespace = kind === "Secret" ? "" : ref.namespace
      const affected = index.delete(kind, { namespace, name: ref.name })
      if (kind === "AIRoute") reader.forget(namespace, ref.name)
      if (kind === "Secret") vault.delete(ref.name)
      log.debug("an object is gone", { object: formatRef({ kind, ...ref }) })
      reconciler.touch(affected)
    },
  }
}

/**
 * Says of each object whether it may be read, and reads it alone, before it meets others: one that
 * does harm is known by then.
 */
function createReader({ index, guard, operatorNamespace, log }: FeedParts) {
  const budget = createSpecBudget()
  const whyUnread = (object: ConfigObject): Partial<ConfigObject> | null => {
    const { kind, namespace, name, spec } = object
    const large = kind === "AIRoute" ? budget.admit(namespace, name, spec) : undefined
    if (large !== undefined) return { unread: large, spec: null }
    const harmful = guard.whyUnread(object)
    return harmful === undefined ? null : { unread: harmful }
  }
  return {
    clear: () => budget.clear(),
    forget: (namespace: string, name: string) => budget.forget(namespace, name),
    admit: (entry: IndexEntry): IndexEntry => {
      if (!isConfigEntry(entry)) return entry
      const why = whyUnread(entry.value)
      if (why === null) return entry
      const { unread: reason = "" } = why
      log.error("an object is left unread", { object: formatRef(entry.value), reason })
      return { ...entry, value: { ...entry.value, ...why } }
    },
    /** The value that is held: what is made of it is remembered by its identity. */
    read: (entry: IndexEntry): void => {
      if (!isConfigEntry(entry)) return
      const held = index.object(entry.value)
      if (held === undefined || held.unread !== undefined) return
      guard.run(held, () => readAhead(held, operatorNamespace))
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
