/**
 * Keys by the time at which they are due: the earliest first, of equal times the one set first. A
 * key has one time; setting it again moves it. Every call takes logarithmic time.
 */

export interface DueQueue {
  /** Null takes the key out. */
  set(key: string, dueAt: number | null): void
  dueAt(key: string): number | null
  /** The earliest; null when there is none. It stays. */
  first(): { readonly key: string; readonly dueAt: number } | null
  size(): number
}

interface Item {
  readonly key: string
  readonly dueAt: number
  readonly order: number
}

/** A binary heap that may hold outdated items: they are skipped when they come to the top. */
export function createDueQueue(): DueQueue {
  const current = new Map<string, Item>()
  let heap: Item[] = []
  let order = 0
  const isCurrent = (item: Item): boolean => current.get(item.key) === item
  return {
    set: (key, dueAt) => {
      if (dueAt === null) {
        current.delete(key)
        return
      }
      if (current.get(key)?.dueAt === dueAt) return
      const item = { key, dueAt, order: order++ }
      current.set(key, item)
      push(heap, item)
      // Outdated items never outnumber the current ones for long.
      if (heap.length > 64 + 4 * current.size) {
        heap = []
        for (const kept of current.values()) push(heap, kept)
      }
    },
    dueAt: (key) => current.get(key)?.dueAt ?? null,
    first: () => {
      for (let top = heap[0]; top !== undefined; top = heap[0]) {
        if (isCurrent(top)) return top
        pop(heap)
      }
      return null
    },
    size: () => current.size,
  }
}

function isBefore(a: Item, b: Item): boolean {
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.order < b.order)
}

function push(heap: Item[], item: Item): void {
  let at = heap.length
  heap.push(item)
  while (at > 0) {
    const above = (at - 1) >> 1
    const parent = heap[above]
    if (parent === undefined || !isBefore(item, parent)) break
    heap[at] = parent
    at = above
  }
  heap[at] = item
}

function pop(heap: Item[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let at = 0
  for (;;) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]]
    const isRight = left !== undefined && right !== undefined && isBefore(right, left)
    const child = isRight ? right : left
    if (child === undefined || !isBefore(child, last)) break
    heap[at] = child
    at = 2 * at + (isRight ? 2 : 1)
  }
  heap[at] = last
}
