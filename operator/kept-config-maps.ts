/**
 * The ConfigMaps that the operator keeps in injected namespaces, as a watch shows them: what is as
 * it should be is not written, and what somebody changed or removed is mended at once.
 *
 * In: objects of the watches. Out: when a namespace's ConfigMap is to be written. Only a digest of
 * each is kept.
 */
import { createHash } from "node:crypto"
import { at, textAt } from "#operator/kube/json-path.ts"
import type { ObjectSink } from "#operator/kube/object-table.ts"

export type ConfigMapData = Readonly<Record<string, string>>

export interface KeptConfigMaps {
  /** For a watch of the ConfigMaps of one name, in all namespaces. */
  readonly sink: ObjectSink
  /**
   * In how many ms the namespace's is to be written; null while it has these data, or is as our
   * last write of them left it: keys that others add are theirs. Who changes it back each time is
   * answered every MEND_EVERY_MS.
   */
  dueIn(namespace: string, data: ConfigMapData, now: number): number | null
  /** What a write of these data gave back. */
  wrote(namespace: string, data: ConfigMapData, object: unknown, now: number): void
}

/** Between two writes of the same data in one namespace. */
export const MEND_EVERY_MS = 30_000

interface Seen {
  readonly version: string
  readonly digest: string
}

/** `onChange` is called for each namespace whose ConfigMap came, changed or went. */
export function createKeptConfigMaps(onChange: (namespace: string) => void): KeptConfigMaps {
  const seen = new Map<string, Seen>()
  const written = new Map<string, Seen & { readonly at: number }>()
  const take = (object: unknown): string => {
    const namespace = textAt(object, "metadata", "namespace") ?? ""
    seen.set(namespace, { version: versionOf(object), digest: digestOf(dataOf(object)) })
    return namespace
  }
  return {
    sink: {
      reset: (objects) => {
        seen.clear()
        for (const object of objects) onChange(take(object))
      },
      apply: (object) => onChange(take(object)),
      delete: ({ namespace }) => {
        seen.delete(namespace)
        onChange(namespace)
      },
    },
    dueIn: (namespace, data, now) => {
      const digest = digestOf(data)
      const there = seen.get(namespace)
      if (there?.digest === digest) return null
      const ours = written.get(namespace)
      if (ours?.digest !== digest) return 0
      return ours.version === there?.version ? null : Math.max(0, ours.at + MEND_EVERY_MS - now)
    },
    wrote: (namespace, data, object, now) => {
      written.set(namespace, { version: versionOf(object), digest: digestOf(data), at: now })
    },
  }
}

function versionOf(object: unknown): string {
  return textAt(object, "metadata", "resourceVersion") ?? ""
}

function dataOf(object: unknown): ConfigMapData {
  const entries = Object.entries(at(object, "data") ?? {})
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  )
}

function digestOf(data: ConfigMapData): string {
  const entries = Object.entries(data).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash("sha256").update(JSON.stringify(entries)).digest("base64")
}
