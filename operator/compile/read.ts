/**
 * Reads an object's spec, and remembers by the identity of the object what was made of it.
 *
 * Whatever goes wrong in here is the fault of that one object: it is told on it as any other, and
 * the rest of the cluster is compiled.
 */
import type { KindDefinition } from "#operator/api/v1alpha1/kind-definition.ts"
import type { Parsed } from "#operator/api/v1alpha1/parse.ts"
import type { ConfigObject } from "#operator/index/view.ts"

/**
 * A reader of one kind: rules over the whole object first, then the spec. Whoever reads an object
 * more than once remembers it.
 */
export function readerOf<T>(
  definition: KindDefinition,
  parse: (spec: unknown) => Parsed<T>,
): (object: ConfigObject) => Parsed<T> {
  return contained((object) => {
    const shape = { metadata: { name: object.name }, spec: object.spec }
    const broken = definition.rules.find((rule) => !rule.holds(shape))
    if (broken === undefined) return parse(object.spec)
    const path = (broken.fieldPath ?? "").slice(1)
    return { ok: false, path, message: broken.message }
  })
}

/** Why an object cannot be read, as `Parsed` says it. */
export interface Unreadable {
  readonly ok: false
  readonly path: string
  readonly message: string
}

/** `read` of objects that may be read; a bug that one of them brings out is a fault of that one. */
export function contained<R extends { readonly ok: boolean }>(
  read: (object: ConfigObject) => R,
): (object: ConfigObject) => R | Unreadable {
  return (object) => {
    if (object.unread !== undefined) return { ok: false, path: "spec", message: object.unread }
    try {
      return read(object)
    } catch (error) {
      const what = error instanceof Error ? error.message : String(error)
      return {
        ok: false,
        path: "spec",
        message: `a bug of the operator, please report it: ${what}`,
      }
    }
  }
}

/** One result for one object, kept as long as the object is. */
export function remembering<K extends object, V extends object | null>(
  make: (key: K) => V,
): (key: K) => V {
  const known = new WeakMap<K, V>()
  return (key) => {
    const held = known.get(key)
    if (held !== undefined) return held
    const value = make(key)
    known.set(key, value)
    return value
  }
}

/** The last result again, as long as it is asked for the same objects in the same order. */
export function keeping<T, V>(make: (items: readonly T[]) => V): (items: readonly T[]) => V {
  let last: { readonly items: readonly T[]; readonly value: V } | null = null
  return (items) => {
    const held = last
    const isSame =
      held !== null &&
      held.items.length === items.length &&
      held.items.every((item, at) => item === items[at])
    if (isSame) return held.value
    const value = make(items)
    last = { items, value }
    return value
  }
}

/** Different values that `sharing` keeps; at the bound all are let go, and made again. */
const SHARED_MAX = 1024

/** One value for equal keys; the key must say all that the value is made from. */
export function sharing<V extends object>(): (key: string, make: () => V) => V {
  const known = new Map<string, V>()
  return (key, make) => {
    const held = known.get(key)
    if (held !== undefined) return held
    if (known.size >= SHARED_MAX) known.clear()
    const value = make()
    known.set(key, value)
    return value
  }
}

/** How messages name a field: `spec.rules[0].backends: at least one ...`. */
export function describeFault(fault: { readonly path: string; readonly message: string }): string {
  return `${fault.path}: ${fault.message}`
}
