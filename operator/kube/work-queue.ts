/**
 * Runs `process(key)` for keys that changed: each once at a time, two at a time, again after a
 * failure with a growing delay, and every ten minutes anyway. `queue-state.ts` decides; this shell
 * has the timer.
 */
import {
  addKey,
  createQueueState,
  endRun,
  isIdle,
  nextDueMs,
  QUEUE_DEFAULTS,
  type QueueOptions,
  type RunOutcome,
  takeDue,
} from "./queue-state.ts"

export interface WorkQueueOptions extends Partial<QueueOptions> {
  /** A rejection is a failure: reported, and tried again after the backoff. */
  readonly process: (key: string, signal: AbortSignal) => Promise<ProcessResult>
  readonly onFailure: (key: string, error: unknown) => void
  /** Monotonic, in ms. */
  readonly now?: () => number
  /** In [0, 1). */
  readonly draw?: () => number
}

export type ProcessResult = Exclude<RunOutcome, { kind: "failed" }>

export interface WorkQueue {
  /** Cheap and safe to repeat; `delayMs` is 0 when left out. */
  add(key: string, delayMs?: number): void
  /**
   * Resolves when nothing runs and nothing is due; delayed keys, backoffs and resyncs do not count.
   */
  idle(): Promise<void>
  /** Aborts the signal of running keys and waits for them; later adds do nothing. */
  close(): Promise<void>
}

/** Node's timers hold no more; a later key just wakes the timer early. */
const TIMER_MAX_MS = 2 ** 31 - 1

export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { process, onFailure, now = () => performance.now(), draw = Math.random } = options
  const queue = createQueueState({ ...QUEUE_DEFAULTS, ...options })
  const closing = new AbortController()
  const running = new Set<Promise<void>>()
  let waiters: (() => void)[] = []
  let timer: NodeJS.Timeout | undefined
  let isTurnPlanned = false

  const run = async (key: string): Promise<void> => {
    let outcome: RunOutcome = { kind: "failed" }
    try {
      outcome = await process(key, closing.signal)
    } catch (error) {
      if (!closing.signal.aborted) onFailure(key, error)
    }
    endRun(queue, key, outcome, now(), draw())
  }
  const start = (key: string): void => {
    const done = run(key).finally(() => {
      running.delete(done)
      planTurn()
    })
    running.add(done)
  }
  /** Starts what is due and sets the timer for the rest. */
  const turn = (): void => {
    clearTimeout(timer)
    isTurnPlanned = false
    if (closing.signal.aborted) return
    for (const key of takeDue(queue, now())) start(key)
    const next = nextDueMs(queue)
    if (next !== null) {
      timer = setTimeout(turn, Math.min(TIMER_MAX_MS, Math.max(0, next - now())))
      timer.unref()
    }
    if (isIdle(queue, now())) wake()
  }
  /** One turn for any number of adds: it looks at every key. */
  const planTurn = (): void => {
    if (isTurnPlanned) return
    isTurnPlanned = true
    queueMicrotask(turn)
  }
  const wake = (): void => {
    const woken = waiters
    waiters = []
    for (const resolve of woken) resolve()
  }
  return {
    add: (key, delayMs = 0) => {
      if (closing.signal.aborted) return
      addKey(queue, key, now(), delayMs)
      planTurn()
    },
    idle: () => {
      if (closing.signal.aborted || isIdle(queue, now())) return Promise.resolve()
      return new Promise((resolve) => waiters.push(resolve))
    },
    close: async () => {
      closing.abort()
      clearTimeout(timer)
      await Promise.all(running)
      wake()
    },
  }
}
