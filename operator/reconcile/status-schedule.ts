/**
 * When to write which status. In: what the API server has, what it should have, the time. Out: the
 * writes that may begin now. No clock, no timers, no client.
 *
 * Source  `api.md`, "Status", Writes: a change of generation or a refusal at once; the first usage
 *         after 30 quiet seconds at once, then every 30 s; counts every 60 s; at most 20 writes a
 *         second for the whole operator, oldest first; never a write without a change.
 */
import { createDueQueue } from "./due-queue.ts"
import type { ObjectStatus, StatusCondition } from "./ports.ts"

export const WRITES_PER_SECOND_MAX = 20
export const USAGE_EVERY_MS = 30_000
export const COUNTS_EVERY_MS = 60_000
/** Writes that may be under way at once. */
export const IN_FLIGHT_MAX = 8
const RETRY_MIN_MS = 1000
const RETRY_MAX_MS = 60_000

export interface StatusSchedule {
  /** This process writes from now on; counts that differ wait as if they had been written now. */
  start(now: number): void
  /** What the API server is known to hold for the object; null for none. */
  known(key: string): ObjectStatus | null
  /** A watch showed this status. One that is not ours is overwritten at once. */
  observe(key: string, status: ObjectStatus | null, now: number): void
  /** What it should be. Only the newest proposal counts. */
  propose(key: string, status: ObjectStatus, now: number): void
  forget(key: string): void
  /** The writes to begin now, oldest first; each must be followed by `finish`. */
  take(now: number): readonly { readonly key: string; readonly status: ObjectStatus }[]
  /** The API server asked for a pause: nothing begins before `until`. */
  pause(until: number): void
  /** `status` as `take` gave it: the write of an object that was forgotten since is nobody's. */
  finish(key: string, status: ObjectStatus, outcome: "written" | "failed", now: number): void
  /** When `take` may have something next; null when nothing waits. */
  wakeAt(now: number): number | null
  /** Objects whose status waits to be written. */
  backlog(): number
}

interface Entry {
  written: ObjectStatus | null
  /**
   * Its predecessor, null for none, until the watch shows `written`: an echo of it is late, not
   * foreign. Undefined afterwards.
   */
  previous: ObjectStatus | null | undefined
  desired: ObjectStatus | null
  inFlight: ObjectStatus | null
  /** The watch has shown `inFlight`; what it shows after that is somebody else's. */
  isEchoed: boolean
  overwrittenBy: { readonly status: ObjectStatus | null } | null
  /** Null before the first write. */
  countsAt: number | null
  usageAt: number
  failures: number
}

export function createStatusSchedule(): StatusSchedule {
  let startedAt = 0
  const entries = new Map<string, Entry>()
  const waiting = createDueQueue()
  /** Start times of the last writes, oldest first: a sliding window of one second. */
  const starts: number[] = []
  let inFlight = 0
  let pausedUntil = Number.NEGATIVE_INFINITY

  const entryOf = (key: string): Entry => {
    const entry = entries.get(key) ?? newEntry()
    entries.set(key, entry)
    return entry
  }
  /** An earlier time stays: what is due for one reason takes everything else along. */
  const plan = (key: string, at: number | null): void => {
    const before = waiting.dueAt(key)
    waiting.set(key, before !== null && at !== null ? Math.min(before, at) : at)
  }
  const due = (entry: Entry, now: number) => dueAt(entry, entry.countsAt ?? startedAt, now)
  return {
    start: (now) => {
      startedAt = now
    },
    known: (key) => entries.get(key)?.inFlight ?? entries.get(key)?.written ?? null,
    observe: (key, status, now) => {
      const entry = entryOf(key)
      if (entry.inFlight !== null) {
        const isEcho = isSame(entry.inFlight, status)
        if (isEcho) entry.isEchoed = true
        if (entry.isEchoed) entry.overwrittenBy = isEcho ? null : { status }
        return
      }
      if (entry.previous !== undefined && isSame(entry.previous, status)) return
      if (isSame(entry.written, status)) {
        entry.previous = undefined
        return
      }
      const isFirst = entry.written === null && entry.desired === null
      entry.written = status
      entry.previous = undefined
      if (isFirst || entry.desired === null) return
      plan(key, isSame(status, entry.desired) ? null : now)
    },
    propose: (key, status, now) => {
      const entry = entryOf(key)
      entry.desired = status
      if (entry.inFlight === null) plan(key, due(entry, now))
    },
    forget: (key) => {
      if (entries.get(key)?.inFlight) inFlight--
      entries.delete(key)
      waiting.set(key, null)
    },
    take: (now) => {
      while ((starts[0] ?? now) <= now - 1000) starts.shift()
      const taken: { readonly key: string; readonly status: ObjectStatus }[] = []
      if (now < pausedUntil) return taken
      for (;;) {
        const first = waiting.first()
        const isFull = starts.length >= WRITES_PER_SECOND_MAX || inFlight >= IN_FLIGHT_MAX
        if (first === null || first.dueAt > now || isFull) return taken
        const { key } = first
        waiting.set(key, null)
        const entry = entries.get(key)
        if (entry === undefined || entry.desired === null) continue
        entry.inFlight = entry.desired
        entry.isEchoed = false
        entry.overwrittenBy = null
        starts.push(now)
        inFlight++
        taken.push({ key, status: entry.desired })
      }
    },
    pause: (until) => {
      pausedUntil = Math.max(pausedUntil, until)
    },
    finish: (key, status, outcome, now) => {
      const entry = entries.get(key)
      if (entry === undefined || entry.inFlight !== status) return
      inFlight--
      entry.inFlight = null
      if (outcome === "failed") {
        entry.failures++
        const wait = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(entry.failures - 1, 10))
        plan(key, now + wait)
        return
      }
      // The first status shows where the month stands; the usage after it is the first that someone
      // waits for.
      const usage = entry.written?.usage
      if (usage !== undefined && !isSame(usage, status.usage)) entry.usageAt = now
      entry.countsAt = now
      entry.failures = 0
      const { overwrittenBy } = entry
      entry.previous = entry.isEchoed ? undefined : entry.written
      entry.written = overwrittenBy === null ? status : overwrittenBy.status
      plan(key, overwrittenBy === null ? due(entry, now) : now)
    },
    wakeAt: (now) => {
      const first = waiting.first()
      if (first === null || inFlight >= IN_FLIGHT_MAX) return null
      const [oldest] = starts
      const isFull = starts.length >= WRITES_PER_SECOND_MAX && oldest !== undefined
      return Math.max(first.dueAt, now, isFull ? oldest + 1000 : now, pausedUntil)
    },
    backlog: () => waiting.size(),
  }
}

/**
 * When the difference between what is and what should be is to be written; null when there is none.
 */
function dueAt({ written, desired, usageAt }: Entry, countsAt: number, now: number): number | null {
  if (desired === null || isSame(written, desired)) return null
  if (written === null || isUrgent(written, desired)) return now
  const { usage: wasUsage, ...wasRest } = written
  const { usage, ...rest } = desired
  const usageDue = isSame(wasUsage, usage) ? Number.POSITIVE_INFINITY : usageAt + USAGE_EVERY_MS
  const countsDue = isSame(wasRest, rest) ? Number.POSITIVE_INFINITY : countsAt + COUNTS_EVERY_MS
  return Math.max(now, Math.min(usageDue, countsDue))
}

/**
 * A new generation, team, model or policy; a condition that turns False, changes its reason for it,
 * or stops being False; a remark on references that are in order, or its end; and the answer that
 * the writer of the change waits for: Programmed turns True, or its first sidecars come.
 */
function isUrgent(written: ObjectStatus, desired: ObjectStatus): boolean {
  if (written.observedGeneration !== desired.observedGeneration) return true
  if (!isSame(factsOf(written), factsOf(desired))) return true
  return desired.conditions.some((condition) => {
    const before = written.conditions.find(({ type }) => type === condition.type)
    if (before === undefined) return true
    const isRemarked = condition.type === "ResolvedRefs" && before.reason !== condition.reason
    return isRemarked || turnsFalse(before, condition) || becomesProgrammed(before, condition)
  })
}

/** Of an AINamespace, what is no count: a person changed it, and waits to see it. */
function factsOf({ injection, team, models, policies }: ObjectStatus): object {
  return { injection, team, models, policies }
}

function turnsFalse(before: StatusCondition, now: StatusCondition): boolean {
  if (before.status !== "False" && now.status !== "False") return false
  return before.status !== now.status || before.reason !== now.reason
}

function becomesProgrammed(before: StatusCondition, now: StatusCondition): boolean {
  if (now.type !== "Programmed" || now.status !== "True" || now.reason === "NoSidecars")
    return false
  return before.status !== "True" || before.reason === "NoSidecars"
}

/** Equal as JSON; the order of keys does not matter. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isSame(item, b[index]))
  }
  const [one, other] = [Object.entries(a), new Map(Object.entries(b))]
  return one.length === other.size && one.every(([key, value]) => isSame(value, other.get(key)))
}

function newEntry(): Entry {
  return {
    written: null,
    previous: undefined,
    desired: null,
    inFlight: null,
    isEchoed: false,
    overwrittenBy: null,
    countsAt: null,
    usageAt: Number.NEGATIVE_INFINITY,
    failures: 0,
  }
}
