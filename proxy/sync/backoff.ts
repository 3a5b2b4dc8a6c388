/**
 * How long to wait before trying again: full jitter, so that a thousand sidecars do not come back
 * at once.
 */

export interface BackoffLimits {
  readonly leastMs: number
  readonly mostMs: number
}

/**
 * `failures` in a row so far, 1 for the first. `draw` is uniform in [0, 1). The operator's own word
 * (`retryAfterSeconds`) is a lower bound.
 */
export function backoffMs(
  failures: number,
  draw: number,
  retryAfterSeconds: number | null,
  limits: BackoffLimits,
): number {
  const { leastMs, mostMs } = limits
  const ceiling = Math.min(mostMs, leastMs * 2 ** Math.min(failures, 30))
  const jittered = Math.max(leastMs, Math.floor(draw * ceiling))
  return Math.max(jittered, (retryAfterSeconds ?? 0) * 1000)
}
