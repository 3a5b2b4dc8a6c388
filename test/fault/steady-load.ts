/**
 * Requests at a steady rate, whatever becomes of those before: a slow answer delays no later one.
 *
 * In: how to send one. Out: what each gave. Must not know what is sent.
 */

export interface SteadyLoad<T> {
  readonly sent: () => number
  /** Sends nothing more; resolves with all results once nothing is under way. */
  readonly stop: () => Promise<{ readonly results: readonly T[]; readonly perSecond: number }>
}

/** Between two looks at the clock, in ms; what is due by then is sent at once. */
const EVERY_MS = 5
/**
 * Requests under way at most, below the 1,024 connections that a sidecar takes: a machine that
 * stands still for seconds must not look like a sidecar that refuses. What is due waits meanwhile.
 */
const UNDER_WAY_MAX = 800

/** `send` never rejects; its number begins at 1. */
export function startSteadyLoad<T>(
  perSecond: number,
  send: (number: number) => Promise<T>,
): SteadyLoad<T> {
  const startedAt = performance.now()
  const running: Promise<T>[] = []
  let underWay = 0
  const timer = setInterval(() => {
    const due = ((performance.now() - startedAt) / 1000) * perSecond
    while (running.length < due && underWay < UNDER_WAY_MAX) {
      underWay++
      running.push(send(running.length + 1).finally(() => void underWay--))
    }
  }, EVERY_MS)
  return {
    sent: () => running.length,
    stop: async () => {
      clearInterval(timer)
      const tookMs = performance.now() - startedAt
      return { results: await Promise.all(running), perSecond: (running.length / tookMs) * 1000 }
    },
  }
}
