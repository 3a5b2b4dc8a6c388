/**
 * The index: what the watches brought, ready to be read by namespace.
 *
 * In    objects of our own kinds, namespaces, pods and facts of Secrets, in any order, also
 * repeated or stale.
 * Out   the keys that a change affects (namespace names, "" for cluster-wide), and views whose
 * identity
 *       changes when, and only when, their content does.
 * Must not know where objects come from, what a spec means, or that there is a clock.
 */
import {
  type ConfigKind,
  type IndexEntry,
  isConfigEntry,
  isSameContent,
  isSharedRoute,
  keyOf,
  supersedes,
  versionOf,
} from "./entry.ts"
import type {
  ClusterView,
  ConfigObject,
  IndexedKind,
  NamespaceFacts,
  NamespaceView,
  ObjectRef,
  PodFacts,
  SecretFacts,
} from "./view.ts"

export interface IndexSettings {
  readonly operatorNamespace: string
}

/**
 * Namespace names, and "" for everything cluster-wide; sorted, without repeats, empty when nothing
 * changed.
 */
export type AffectedKeys = readonly string[]

export interface Index {
  /** Older than what is held (same uid: generation, else resource version) changes nothing. */
  apply(entry: IndexEntry): AffectedKeys
  /** With `uid`, only that object goes: a late delete never removes its successor. */
  delete(kind: IndexedKind, ref: Omit<ObjectRef, "kind">, uid?: string): AffectedKeys
  /**
   * All objects of a kind, replacing what was known. With `listVersion` (the list's resource
   * version), a list older than anything seen of this kind changes nothing: a lagging API server
   * never takes us back.
   */
  reset(kind: IndexedKind, all: readonly IndexEntry[], listVersion?: string): AffectedKeys
  /** Undefined while the namespace itself is unknown. */
  view(namespace: string): NamespaceView | undefined
  clusterView(): ClusterView
  /** Sorted by name; the same array while no namespace changed. */
  namespaces(): readonly NamespaceFacts[]
  podsOf(namespace: string): readonly PodFacts[]
  pod(uid: string): PodFacts | undefined
  /** The object as held, for statuses and events. */
  object(ref: ObjectRef): ConfigObject | undefined
}

/** Empty; memory is bounded by what the API server itself holds. */
export function createIndex(settings: IndexSettings): Index {
  const store = new Store(settings)
  return {
    apply: (entry) => sorted(store.apply(entry)),
    delete: (kind, ref, uid) => sorted(store.delete(kind, ref, uid)),
    reset: (kind, all, listVersion) => sorted(store.reset(kind, all, listVersion)),
    view: (namespace) => store.view(namespace),
    clusterView: () => store.clusterView(),
    namespaces: () => store.namespaces(),
    podsOf: (namespace) => store.podsOf(namespace),
    pod: (uid) => store.pod(uid),
    object: (ref) => store.object(ref),
  }
}

/** Held entries by kind and by `namespace/name`, with the views cut from them on demand. */
class Store {
  readonly #settings: IndexSettings
  readonly #held = new Map<IndexedKind, Map<string, IndexEntry>>()
  readonly #newest = new Map<IndexedKind, bigint>()
  readonly #routes = new Map<string, Map<string, ConfigObject>>()
  readonly #podsByNamespace = new Map<string, Map<string, PodFacts>>()
  readonly #podsByUid = new Map<string, PodFacts>()
  readonly #views = new Map<string, NamespaceView>()
  readonly #podLists = new Map<string, readonly PodFacts[]>()
  #cluster: ClusterView | undefined
  #namespaceList: readonly NamespaceFacts[] | undefined

  constructor(settings: IndexSettings) {
    this.#settings = settings
  }

  apply(entry: IndexEntry): ReadonlySet<string> {
    const key = keyOf(entry)
    this.#see(entry.kind, entry.resourceVersion)
    const held = this.#ofKind(entry.kind).get(key)
    if (held !== undefined && !supersedes(entry, held)) return new Set()
    if (held !== undefined && isSameContent(entry, held)) {
      this.#ofKind(entry.kind).set(key, { ...held, resourceVersion: entry.resourceVersion })
      return new Set()
    }
    this.#ofKind(entry.kind).set(key, entry)
    const affected = new Set<string>()
    if (held !== undefined) this.#remove(held, affected)
    this.#insert(entry, affected)
    return affected
  }

  delete(kind: IndexedKind, ref: Omit<ObjectRef, "kind">, uid?: string): ReadonlySet<string> {
    const affected = new Set<string>()
    const key = `${ref.namespace}/${ref.name}`
    const held = this.#ofKind(kind).get(key)
    if (held === undefined || (uid !== undefined && held.uid !== uid)) return affected
    this.#ofKind(kind).delete(key)
    this.#remove(held, affected)
    return affected
  }

  reset(kind: IndexedKind, all: readonly IndexEntry[], listVersion?: string): ReadonlySet<string> {
    const affected = new Set<string>()
    if (listVersion !== undefined) {
      if (versionOf(listVersion) < (this.#newest.get(kind) ?? -1n)) return affected
      this.#see(kind, listVersion)
    }
    const present = new Set(all.map(keyOf))
    for (const [key, held] of [...this.#ofKind(kind)]) {
      if (present.has(key)) continue
      this.#ofKind(kind).delete(key)
      this.#remove(held, affected)
    }
    for (const entry of all) for (const key of this.apply(entry)) affected.add(key)
    return affected
  }

  view(namespace: string): NamespaceView | undefined {
    const known = this.#views.get(namespace)
    if (known !== undefined) return known
    const entry = this.#ofKind("Namespace").get(`/${namespace}`)
    if (entry?.kind !== "Namespace") return undefined
    const routes = [...(this.#routes.get(namespace)?.values() ?? [])].sort(byName)
    const view: NamespaceView = { namespace: entry.value, routes }
    this.#views.set(namespace, view)
    return view
  }

  clusterView(): ClusterView {
    if (this.#cluster !== undefined) return this.#cluster
    const operatorNamespace = this.#settings.operatorNamespace
    const own = [...(this.#routes.get(operatorNamespace)?.values() ?? [])]
    const secrets = new Map<string, SecretFacts>()
    for (const entry of this.#ofKind("Secret").values()) {
      if (entry.kind === "Secret") secrets.set(entry.value.name, entry.value)
    }
    this.#cluster = {
      providers: this.#objects("AIProvider"),
      catalogs: this.#objects("ModelCatalog"),
      policies: this.#objects("ModelPolicy"),
      quotas: this.#objects("TeamQuota"),
      sharedRoutes: own.filter((route) => isSharedRoute(route, operatorNamespace)).sort(byName),
      secrets,
    }
    return this.#cluster
  }

  namespaces(): readonly NamespaceFacts[] {
    this.#namespaceList ??= [...this.#ofKind("Namespace").values()]
      .flatMap((entry) => (entry.kind === "Namespace" ? [entry.value] : []))
      .sort(byName)
    return this.#namespaceList
  }

  podsOf(namespace: string): readonly PodFacts[] {
    const known = this.#podLists.get(namespace)
    if (known !== undefined) return known
    const pods = [...(this.#podsByNamespace.get(namespace)?.values() ?? [])]
    pods.sort((a, b) => (a.pod < b.pod ? -1 : 1))
    this.#podLists.set(namespace, pods)
    return pods
  }

  pod(uid: string): PodFacts | undefined {
    return this.#podsByUid.get(uid)
  }

  object(ref: ObjectRef): ConfigObject | undefined {
    const entry = this.#ofKind(ref.kind).get(`${ref.namespace}/${ref.name}`)
    return entry === undefined || !isConfigEntry(entry) ? undefined : entry.value
  }

  #ofKind(kind: IndexedKind): Map<string, IndexEntry> {
    return getOrMake(this.#held, kind)
  }

  #objects(kind: ConfigKind): readonly ConfigObject[] {
    const entries = [...this.#ofKind(kind).values()]
    return entries.flatMap((entry) => (isConfigEntry(entry) ? [entry.value] : [])).sort(byName)
  }

  #see(kind: IndexedKind, resourceVersion: string): void {
    const version = versionOf(resourceVersion)
    if (version > (this.#newest.get(kind) ?? -1n)) this.#newest.set(kind, version)
  }

  /** Puts the entry into the tables that views are cut from. */
  #insert(entry: IndexEntry, affected: Set<string>): void {
    if (entry.kind === "Pod") {
      getOrMake(this.#podsByNamespace, entry.value.namespace).set(entry.value.pod, entry.value)
      this.#podsByUid.set(entry.value.podUid, entry.value)
    }
    if (entry.kind === "AIRoute") {
      getOrMake(this.#routes, entry.value.namespace).set(entry.value.name, entry.value)
    }
    this.#touch(entry, affected)
  }

  #remove(entry: IndexEntry, affected: Set<string>): void {
    if (entry.kind === "Pod") {
      this.#podsByNamespace.get(entry.value.namespace)?.delete(entry.value.pod)
      this.#podsByUid.delete(entry.value.podUid)
    }
    if (entry.kind === "AIRoute") {
      this.#routes.get(entry.value.namespace)?.delete(entry.value.name)
    }
    this.#touch(entry, affected)
  }

  /** Drops the views that the entry is part of and names the keys to look at again. */
  #touch(entry: IndexEntry, affected: Set<string>): void {
    switch (entry.kind) {
      case "Pod":
        this.#podLists.delete(entry.value.namespace)
        affected.add(entry.value.namespace)
        return
      case "AINamespace":
        affected.add(entry.value.namespace)
        return
      case "AIRoute":
        this.#views.delete(entry.value.namespace)
        affected.add(entry.value.namespace)
        if (!isSharedRoute(entry.value, this.#settings.operatorNamespace)) return
        this.#cluster = undefined
        affected.add("")
        return
      case "Namespace":
        this.#views.delete(entry.value.name)
        this.#namespaceList = undefined
        affected.add(entry.value.name)
        // Which shared routes collide depends on the namespaces that they select.
        if (this.clusterView().sharedRoutes.length > 0) affected.add("")
        return
      case "AIProvider":
      case "ModelCatalog":
      case "ModelPolicy":
      case "TeamQuota":
      case "Secret":
        this.#cluster = undefined
        affected.add("")
        return
      default:
        entry satisfies never
    }
  }
}

function getOrMake<K, A, B>(map: Map<K, Map<A, B>>, key: K): Map<A, B> {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = new Map<A, B>()
  map.set(key, made)
  return made
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
}

function sorted(keys: ReadonlySet<string>): AffectedKeys {
  return [...keys].sort()
}
