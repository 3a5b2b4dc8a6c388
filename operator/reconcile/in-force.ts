/**
 * Which generation of which object is in force where: per namespace, what the published Snapshot
 * was made from, and the same for every hash that some sidecar still holds.
 *
 * A hash does not hold generations, so a change that compiles to the same Snapshot is in force
 * wherever that hash is: the newest sources of a hash count.
 */
import type { CompiledNamespace } from "#operator/compile/compiled.ts"
import { formatRef } from "#operator/index/view.ts"

/**
 * Older hashes of one namespace that are remembered; what holds none of them counts as not
 * programmed.
 */
export const HASHES_MAX = 16

export interface InForce {
  /** `heldHashes`: those in force at some sidecar; others but the newest are forgotten. */
  published(
    namespace: string,
    hash: string,
    sources: CompiledNamespace["sources"],
    heldHashes: ReadonlySet<string>,
  ): void
  forget(namespace: string): void
  /** Namespaces whose published Snapshot was made from this object. */
  scope(object: string): ReadonlySet<string>
  /**
   * Generation of the object in the Snapshot of that hash; undefined when it is not in it or
   * unknown. A predecessor of the same name is another object, and its generations say nothing.
   */
  generation(namespace: string, hash: string, object: string, uid: string): number | undefined
  /** Hash of what is published; null when nothing is. */
  hash(namespace: string): string | null
  /** `formatRef` of all sources of what is published. */
  sources(namespace: string): Iterable<string>
}

const NOWHERE: ReadonlySet<string> = new Set()

type Sources = ReadonlyMap<string, { readonly uid: string; readonly generation: number }>

interface Published {
  readonly hash: string
  /** Oldest first; the published one is last. */
  readonly byHash: Map<string, Sources>
}

export function createInForce(): InForce {
  const namespaces = new Map<string, Published>()
  const scopes = new Map<string, Set<string>>()
  const current = (namespace: string): Sources => {
    const published = namespaces.get(namespace)
    return published?.byHash.get(published.hash) ?? new Map()
  }
  const leave = (namespace: string, objects: Iterable<string>) => {
    for (const object of objects) {
      const scope = scopes.get(object)
      scope?.delete(namespace)
      if (scope?.size === 0) scopes.delete(object)
    }
  }
  return {
    published: (namespace, hash, sources, heldHashes) => {
      const next = new Map(sources.map((source) => [formatRef(source), source]))
      const before = current(namespace)
      leave(
        namespace,
        [...before.keys()].filter((object) => !next.has(object)),
      )
      for (const object of next.keys()) {
        const scope = scopes.get(object) ?? new Set()
        scopes.set(object, scope.add(namespace))
      }
      const byHash = new Map(namespaces.get(namespace)?.byHash)
      byHash.delete(hash)
      for (const old of byHash.keys()) {
        if (!heldHashes.has(old) || byHash.size >= HASHES_MAX) byHash.delete(old)
      }
      namespaces.set(namespace, { hash, byHash: byHash.set(hash, next) })
    },
    forget: (namespace) => {
      leave(namespace, current(namespace).keys())
      namespaces.delete(namespace)
    },
    scope: (object) => scopes.get(object) ?? NOWHERE,
    generation: (namespace, hash, object, uid) => {
      const source = namespaces.get(namespace)?.byHash.get(hash)?.get(object)
      return source?.uid === uid ? source.generation : undefined
    },
    hash: (namespace) => namespaces.get(namespace)?.hash ?? null,
    sources: (namespace) => current(namespace).keys(),
  }
}
