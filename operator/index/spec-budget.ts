/**
 * How much of a namespace's AIRoutes the operator keeps: application teams write them, and one team
 * must not fill the memory that all share. Pure.
 *
 * In: AIRoutes as they come and go. Out: why the spec of one is not kept. Eight times what a
 * namespace may have in force, so whoever meets this limit has met `LimitExceeded` long before.
 */

/** Characters of JSON of all specs of one namespace; the next one is left unread. */
export const SPECS_MAX = 16 * 1024 * 1024

export interface SpecBudget {
  /** Undefined when it is kept. */
  admit(namespace: string, name: string, spec: unknown): string | undefined
  forget(namespace: string, name: string): void
  clear(): void
}

export function createSpecBudget(most: number = SPECS_MAX): SpecBudget {
  const sizes = new Map<string, Map<string, number>>()
  const totals = new Map<string, number>()
  const forget = (namespace: string, name: string): void => {
    const size = sizes.get(namespace)?.get(name)
    if (size === undefined) return
    sizes.get(namespace)?.delete(name)
    totals.set(namespace, (totals.get(namespace) ?? 0) - size)
    if (sizes.get(namespace)?.size !== 0) return
    sizes.delete(namespace)
    totals.delete(namespace)
  }
  return {
    admit: (namespace, name, spec) => {
      forget(namespace, name)
      const size = JSON.stringify(spec ?? null).length
      const total = (totals.get(namespace) ?? 0) + size
      if (total > most) {
        return (
          `the AIRoutes of namespace ${namespace} are over ${most} characters together and this ` +
          "one is left unread; delete some, then delete and make it again"
        )
      }
      const held = sizes.get(namespace) ?? new Map<string, number>()
      sizes.set(namespace, held.set(name, size))
      totals.set(namespace, total)
      return undefined
    },
    forget,
    clear: () => {
      sizes.clear()
      totals.clear()
    },
  }
}
