/**
 * When to look at a key again: an isolated change at once, churn after it was quiet for `quietMs`,
 * but never later than `maxMs` after its first change. No clock and no timers: the caller brings
 * the time (ms).
 */

export interface DebounceSettings {
  readonly quietMs: number
  readonly maxMs: number
}

export const DEBOUNCE: DebounceSettings = Object.freeze({ quietMs: 100, maxMs: 1000 })

export interface Debounce {
  touch(key: string, now: number): void
  /** As `touch`, but not before `at`: for a retry after a failure. */
  delay(key: string, at: number): void
  /** The keys whose time has come, each with the time of its first change; they are taken. */
  take(now: number): readonly { readonly key: string; readonly since: number }[]
  /** True when a touched key waits; one that is only delayed does not count. */
  hasTouched(): boolean
  /** When `take` has something next; null when nothing waits. */
  wakeAt(): number | null
}

interface Waiting {
  readonly since: number
  readonly dueAt: number
  readonly isDelayed?: true
}

/** Memory is bounded by the number of keys touched in the last `quietMs` and those waiting. */
export function createDebounce({ quietMs, maxMs }: DebounceSettings = DEBOUNCE): Debounce {
  const waiting = new Map<string, Waiting>()
  const taken = new Map<string, number>()
  return {
    touch: (key, now) => {
      const before = waiting.get(key)
      const lastTaken = taken.get(key)
      const isChurn = lastTaken !== undefined && now - lastTaken < quietMs
      if (before === undefined || before.isDelayed) {
        waiting.set(key, { since: now, dueAt: isChurn ? now + quietMs : now })
      } else if (before.dueAt > now) {
        const dueAt = Math.min(now + quietMs, before.since + maxMs)
        waiting.set(key, { since: before.since, dueAt })
      }
    },
    delay: (key, at) => {
      if (!waiting.has(key)) waiting.set(key, { since: at, dueAt: at, isDelayed: true })
    },
    take: (now) => {
      for (const [key, at] of taken) if (now - at >= quietMs) taken.delete(key)
      const due: { readonly key: string; readonly since: number }[] = []
      for (const [key, { since, dueAt }] of waiting) {
        if (dueAt > now) continue
        waiting.delete(key)
        taken.set(key, now)
        due.push({ key, since })
      }
      return due
    },
    hasTouched: () => [...waiting.values()].some(({ isDelayed }) => isDelayed !== true),
    wakeAt: () => {
      let earliest: number | null = null
      for (const { dueAt } of waiting.values()) {
        if (earliest === null || dueAt < earliest) earliest = dueAt
      }
      return earliest
    },
  }
}
