/**
 * Runs changed keys one after the other: debounced, in slices, again later when one failed.
 *
 * In    keys and what to do for one key. Out: calls of it, never two at a time. Key "" means
 *       everything: it runs first, then every namespace does.
 */
import { createDebounce, type DebounceSettings } from "./debounce.ts"

export interface WorkLoop {
  touch(keys: Iterable<string>): void
  /** Nothing runs before. */
  start(): void
  /** Something is due and has not run yet. */
  isBusy(): boolean
  /** Resolves when everything touched so far has run, failures included. */
  settled(): Promise<void>
  close(): void
}

export interface WorkLoopOptions {
  readonly now: () => number
  /**
   * `sinceMs`: when the first of the changes that led here arrived. Throws to be called again
   * later.
   */
  readonly run: (key: string, sinceMs: number) => void
  /** What "" stands for besides itself. */
  readonly namespaces: () => Iterable<string>
  readonly failed: (key: string, error: unknown) => void
  readonly debounce?: DebounceSettings
}

/** One slice; then acknowledgements and usage get their turn. */
const SLICE_MS = 15
/** Doubled with each failure in a row, up to the second. */
export const RETRY_MIN_MS = 1000
export const RETRY_MAX_MS = 300_000

export function createWorkLoop(options: WorkLoopOptions): WorkLoop {
  const { now } = options
  const debounce = createDebounce(options.debounce)
  /** Due, in order, each with the time of its first change. */
  const work = new Map<string, number>()
  const failures = new Map<string, number>()
  let waiters: (() => void)[] = []
  let state: "waiting" | "running" | "closed" = "waiting"
  let soon: NodeJS.Immediate | undefined
  let later: NodeJS.Timeout | undefined

  const plan = (): void => {
    if (state !== "running" || soon !== undefined) return
    clearTimeout(later)
    const wakeAt = debounce.wakeAt()
    if (work.size > 0 || (wakeAt !== null && wakeAt <= now())) {
      soon = setImmediate(slice)
    } else if (wakeAt !== null) {
      later = setTimeout(plan, wakeAt - now())
    }
  }
  const slice = (): void => {
    soon = undefined
    const end = now() + SLICE_MS
    for (const { key, since } of debounce.take(now())) add(key, since)
    for (const [key, since] of work) {
      work.delete(key)
      runOne(key, since)
      if (now() >= end) break
    }
    if (isIdle()) {
      const resolved = waiters
      waiters = []
      for (const resolve of resolved) resolve()
    }
    plan()
  }
  const add = (key: string, since: number): void => {
    if (!work.has(key)) work.set(key, since)
  }
  const runOne = (key: string, since: number): void => {
    try {
      options.run(key, since)
      failures.delete(key)
      if (key === "") for (const namespace of options.namespaces()) add(namespace, since)
    } catch (error) {
      const count = (failures.get(key) ?? 0) + 1
      failures.set(key, count)
      debounce.delay(
        key,
        now() + Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** Math.min(count - 1, 20)),
      )
      options.failed(key, error)
    }
  }
  /** A retry that waits is not work that someone waits for. */
  const isIdle = (): boolean => work.size === 0 && !debounce.hasTouched()

  return {
    touch: (keys) => {
      for (const key of keys) debounce.touch(key, now())
      plan()
    },
    start: () => {
      state = "running"
      plan()
    },
    isBusy: () => work.size > 0,
    settled: () =>
      isIdle() || state === "closed"
        ? Promise.resolve()
        : new Promise((resolve) => waiters.push(resolve)),
    close: () => {
      state = "closed"
      clearImmediate(soon)
      clearTimeout(later)
      for (const resolve of waiters) resolve()
    },
  }
}
