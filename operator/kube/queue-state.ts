/**
 * Which keys wait, which run and when each is due: a work queue as values, without timers.
 *
 * A key is in the queue at most once. While it runs it is not started again; a change that comes
 * meanwhile makes it due when the run ends. So a run sees every change that came before it began,
 * and none is lost.
 */

export interface QueueOptions {
  /** Runs at one time. */
  readonly inFlightMax: number
  readonly backoffBaseMs: number
  readonly backoffMaxMs: number
  /**
   * Each key runs again after this long without a run, shortened by up to a fifth so that they
   * spread.
   */
  readonly resyncMs: number
}

export const QUEUE_DEFAULTS: QueueOptions = Object.freeze({
  inFlightMax: 2,
  backoffBaseMs: 200,
  backoffMaxMs: 30_000,
  resyncMs: 600_000,
})

interface KeyState {
  /** When it may start, in ms on the caller's clock; null while it runs and nothing came since. */
  readonly dueMs: number | null
  readonly isRunning: boolean
  /** Failures in a row. */
  readonly failures: number
}

/** Changed in place by the functions below, which are its only writers: it may hold 10,000 keys. */
export interface QueueState {
  readonly options: QueueOptions
  readonly keys: Map<string, KeyState>
  inFlight: number
}

export type RunOutcome =
  /** Due again after `againAfterMs`, or at the resync when that is null. */
  | { readonly kind: "done"; readonly againAfterMs: number | null }
  | { readonly kind: "failed" }
  /** The key has ceased to exist. */
  | { readonly kind: "forget" }

export function createQueueState(options: QueueOptions): QueueState {
  return { options, keys: new Map(), inFlight: 0 }
}

/** Makes `key` due at `nowMs + delayMs`, or earlier if it was; a new change ends a backoff. */
export function addKey(queue: QueueState, key: string, nowMs: number, delayMs: number): void {
  const before = queue.keys.get(key)
  const dueMs = Math.min(nowMs + delayMs, before?.dueMs ?? Number.POSITIVE_INFINITY)
  queue.keys.set(key, {
    dueMs,
    isRunning: before?.isRunning ?? false,
    failures: before?.failures ?? 0,
  })
}

/** Marks the keys that are to start now as running and returns them, the longest due first. */
export function takeDue(queue: QueueState, nowMs: number): readonly string[] {
  const free = queue.options.inFlightMax - queue.inFlight
  if (free <= 0) return []
  const due = [...queue.keys]
    .filter(([, { dueMs, isRunning }]) => !isRunning && dueMs !== null && dueMs <= nowMs)
    .sort(([, a], [, b]) => (a.dueMs ?? 0) - (b.dueMs ?? 0))
    .slice(0, free)
  for (const [key, state] of due) {
    queue.keys.set(key, { ...state, dueMs: null, isRunning: true })
    queue.inFlight += 1
  }
  return due.map(([key]) => key)
}

/** The run of `key` has ended. `draw` is in [0, 1). */
export function endRun(
  queue: QueueState,
  key: string,
  outcome: RunOutcome,
  nowMs: number,
  draw: number,
): void {
  const before = queue.keys.get(key)
  if (before?.isRunning !== true) return
  queue.inFlight -= 1
  const { options } = queue
  if (outcome.kind === "forget") {
    if (before.dueMs === null) queue.keys.delete(key)
    else queue.keys.set(key, { ...before, isRunning: false, failures: 0 })
    return
  }
  const failures = outcome.kind === "failed" ? before.failures + 1 : 0
  const delayMs =
    outcome.kind === "failed"
      ? backoff(options, failures, draw)
      : Math.min(outcome.againAfterMs ?? Infinity, options.resyncMs * (1 - draw / 5))
  // What came during a failed run waits for its backoff too: the failure is the newer fact.
  const isChanged = before.dueMs !== null && outcome.kind === "done"
  const dueMs = isChanged ? Math.min(before.dueMs ?? 0, nowMs + delayMs) : nowMs + delayMs
  queue.keys.set(key, { dueMs, isRunning: false, failures })
}

/** When the next key falls due; null when none waits or no run is free. */
export function nextDueMs(queue: QueueState): number | null {
  if (queue.inFlight >= queue.options.inFlightMax) return null
  let next: number | null = null
  for (const { dueMs, isRunning } of queue.keys.values()) {
    if (!isRunning && dueMs !== null && (next === null || dueMs < next)) next = dueMs
  }
  return next
}

/** Nothing runs and nothing is due by `nowMs`. */
export function isIdle(queue: QueueState, nowMs: number): boolean {
  if (queue.inFlight > 0) return false
  return ![...queue.keys.values()].some(({ dueMs }) => dueMs !== null && dueMs <= nowMs)
}

function backoff(options: QueueOptions, failures: number, draw: number): number {
  const full = Math.min(
    options.backoffMaxMs,
    options.backoffBaseMs * 2 ** Math.min(failures - 1, 20),
  )
  return full * (0.5 + draw / 2)
}
