/**
 * How many retries a rule may have going wrong: what keeps a storm of failures from doubling
 * itself.
 *
 * A retry takes one unit and gets it back when it succeeds, so failing over from a dead backend to
 * a healthy one is never used up, while retries that fail too stop at the share. Units fade with
 * the window they were taken in.
 */

export interface RetryBudget {
  /** Counts one request. */
  onRequest(nowMs: number): void
  /** Takes a unit; false when none is left, and then nothing may be retried. */
  tryTake(nowMs: number): boolean
  /** The retry helped: its unit comes back. */
  giveBack(nowMs: number): void
}

/** Two halves of it are kept, so between 10 and 20 seconds are looked back on. */
const WINDOW_MS = 10_000
/** So many are free in a window: a share of little traffic would be none. */
const RETRIES_MIN = 10

/** `percent` of the requests of the window; 0 allows none, not even the free ones. */
export function createRetryBudget(percent: number): RetryBudget {
  let startedAt = Number.NEGATIVE_INFINITY
  let requests = 0
  let taken = 0
  let requestsBefore = 0
  let takenBefore = 0

  const roll = (nowMs: number): void => {
    if (nowMs - startedAt < WINDOW_MS) return
    const isAdjacent = nowMs - startedAt < 2 * WINDOW_MS
    requestsBefore = isAdjacent ? requests : 0
    takenBefore = isAdjacent ? taken : 0
    requests = 0
    taken = 0
    startedAt = nowMs
  }

  return {
    onRequest(nowMs) {
      roll(nowMs)
      requests++
    },
    tryTake(nowMs) {
      roll(nowMs)
      const share = ((requests + requestsBefore) * percent) / 100
      const allowed = percent === 0 ? 0 : Math.max(RETRIES_MIN, share)
      if (taken + takenBefore + 1 > allowed) return false
      taken++
      return true
    },
    giveBack(nowMs) {
      roll(nowMs)
      if (taken > 0) taken--
      else if (takenBefore > 0) takenBefore--
    },
  }
}
