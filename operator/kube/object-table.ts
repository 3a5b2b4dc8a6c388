/**
 * Which objects are there, by name, uid and version: turns complete lists into differences, so that
 * a relist tells of every deletion that was missed and is silent about everything else.
 */
import { textAt } from "./json-path.ts"

/** Where changes go. `reset` comes once, first; a throw ends the reflector, since it is a bug. */
export interface ObjectSink {
  reset(objects: readonly unknown[]): void
  apply(object: unknown): void
  delete(ref: DeletedRef): void
}

export interface DeletedRef {
  readonly namespace: string
  readonly name: string
}

export interface ObjectTable {
  collect(object: unknown): void
  discard(): void
  replace(): void
  apply(object: unknown): void
  delete(object: unknown): void
  size(): number
}

interface Known extends DeletedRef {
  readonly uid: string
  readonly resourceVersion: string
}

export function createObjectTable(sink: ObjectSink): ObjectTable {
  let known = new Map<string, Known>()
  let collected = new Map<string, { readonly facts: Known; readonly object: unknown }>()
  let isFirst = true
  const discard = (): void => {
    collected = new Map()
  }
  const apply = (object: unknown): void => {
    const facts = factsOf(object)
    const before = known.get(keyOf(facts))
    if (before?.uid === facts.uid && before.resourceVersion === facts.resourceVersion) return
    known.set(keyOf(facts), facts)
    // A successor of the same name is another object: its predecessor was deleted.
    if (before !== undefined && before.uid !== facts.uid) sink.delete(refOf(before))
    sink.apply(object)
  }
  return {
    collect: (object) => {
      const facts = factsOf(object)
      collected.set(keyOf(facts), { facts, object })
    },
    discard,
    replace: () => {
      const all = collected
      discard()
      if (isFirst) {
        isFirst = false
        known = new Map([...all].map(([key, { facts }]) => [key, facts]))
        sink.reset([...all.values()].map(({ object }) => object))
        return
      }
      for (const [key, facts] of known) {
        if (all.has(key)) continue
        known.delete(key)
        sink.delete(refOf(facts))
      }
      for (const { object } of all.values()) apply(object)
    },
    apply,
    delete: (object) => {
      const facts = factsOf(object)
      if (known.delete(keyOf(facts))) sink.delete(refOf(facts))
    },
    size: () => known.size,
  }
}

function factsOf(object: unknown): Known {
  return {
    namespace: textAt(object, "metadata", "namespace") ?? "",
    name: textAt(object, "metadata", "name") ?? "",
    uid: textAt(object, "metadata", "uid") ?? "",
    resourceVersion: textAt(object, "metadata", "resourceVersion") ?? "",
  }
}

function keyOf({ namespace, name }: Known): string {
  return `${namespace}/${name}`
}

function refOf({ namespace, name }: Known): DeletedRef {
  return { namespace, name }
}
