/** A sink that holds what a reflector told it, and refuses to be told nonsense. */
import { textAt } from "#operator/kube/json-path.ts"
import type { ObjectSink } from "#operator/kube/object-table.ts"

export interface Mirror {
  readonly sink: ObjectSink
  /** `name` to `resourceVersion`. */
  readonly objects: ReadonlyMap<string, string>
  readonly resets: () => number
  /** Names that were told to be deleted, in order. */
  readonly deleted: readonly string[]
}

export function createMirror(): Mirror {
  const objects = new Map<string, string>()
  const deleted: string[] = []
  let resets = 0
  const put = (object: unknown): void => {
    const name = textAt(object, "metadata", "name") ?? ""
    objects.set(name, textAt(object, "metadata", "resourceVersion") ?? "")
  }
  const sink: ObjectSink = {
    reset: (all) => {
      resets += 1
      objects.clear()
      for (const object of all) put(object)
    },
    apply: (object) => {
      if (resets === 0) throw new Error("an object before the first complete list")
      put(object)
    },
    delete: ({ name }) => {
      if (!objects.delete(name)) throw new Error(`${name} was deleted but never there`)
      deleted.push(name)
    },
  }
  return { sink, objects, resets: () => resets, deleted }
}
