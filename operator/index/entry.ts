/** One object as a watch or a file brings it, and which of two versions of it holds. */
import type { ConfigObject, IndexedKind, NamespaceFacts, PodFacts, SecretFacts } from "./view.ts"

export type ConfigKind = Exclude<IndexedKind, "Namespace" | "Secret" | "Pod">

/**
 * One object as it arrives. `resourceVersion` is the API server's; any growing decimal text will
 * do.
 */
export type IndexEntry =
  | (EntryVersion & { readonly kind: ConfigKind; readonly value: ConfigObject })
  | (EntryVersion & { readonly kind: "Namespace"; readonly value: NamespaceFacts })
  | (EntryVersion & { readonly kind: "Secret"; readonly value: SecretFacts })
  | (EntryVersion & { readonly kind: "Pod"; readonly value: PodFacts })

export interface EntryVersion {
  readonly uid: string
  readonly resourceVersion: string
}

/**
 * Whether an AIRoute of the operator's namespace may serve others: its raw spec has `namespaces`.
 */
export function isSharedRoute(object: ConfigObject, operatorNamespace: string): boolean {
  if (object.kind !== "AIRoute" || object.namespace !== operatorNamespace) return false
  const { spec } = object
  return typeof spec === "object" && spec !== null && "namespaces" in spec
}

/**
 * Same object: the newer generation, else the newer resource version. Another object: the newer
 * one.
 */
export function supersedes(entry: IndexEntry, held: IndexEntry): boolean {
  if (entry.uid === held.uid && isConfigEntry(entry) && isConfigEntry(held)) {
    if (entry.value.generation !== held.value.generation) {
      return entry.value.generation > held.value.generation
    }
  }
  return versionOf(entry.resourceVersion) >= versionOf(held.resourceVersion)
}

/** For our own kinds the generation says it: status writes and labels change nothing here. */
export function isSameContent(entry: IndexEntry, held: IndexEntry): boolean {
  if (entry.uid !== held.uid) return false
  if (isConfigEntry(entry) && isConfigEntry(held)) {
    return entry.value.generation === held.value.generation
  }
  return stableText(entry.value) === stableText(held.value)
}

export function isConfigEntry(
  entry: IndexEntry,
): entry is Extract<IndexEntry, { kind: ConfigKind }> {
  return entry.kind !== "Namespace" && entry.kind !== "Secret" && entry.kind !== "Pod"
}

export function keyOf(entry: IndexEntry): string {
  switch (entry.kind) {
    case "Namespace":
    case "Secret":
      return `/${entry.value.name}`
    case "Pod":
      return `${entry.value.namespace}/${entry.value.pod}`
    default:
      return `${entry.value.namespace}/${entry.value.name}`
  }
}

/** Not a number (never so from an API server): older than everything. */
export function versionOf(text: string): bigint {
  return /^\d{1,20}$/.test(text) ? BigInt(text) : -1n
}

function stableText(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
