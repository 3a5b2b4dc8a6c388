/** When to ask a cloud again. Pure: the clock and chance are arguments. */

/** Before this share of its life is over, a token is asked for anew. */
const REFRESH_AT = 0.8
/** And up to so much sooner, so that tokens of one moment are not renewed in one moment. */
const JITTER = 0.05
/** However short a life a cloud gives: it is asked once in so long. */
const REFRESH_MIN_MS = 5_000
/**
 * However long a life a cloud gives, it counts as no longer: an end told as a moment is judged by a
 * clock of ours, and if that is slow the token ends while it still seems to have time. Nobody asks
 * for more than an hour.
 */
const LIFE_MAX_MS = 3_600_000
const RETRY_MIN_MS = 1_000
const RETRY_MAX_MS = 60_000

/** From `now` on, in ms. `draw` is uniform in [0, 1). */
export function refreshInMs(expiresAt: number, now: number, draw: number): number {
  const left = Math.min(expiresAt - now, LIFE_MAX_MS)
  return Math.max(REFRESH_MIN_MS, Math.round(left * (REFRESH_AT - JITTER * draw)))
}

/** After so many failures in a row, at least one: doubled up to a minute, with jitter. */
export function retryInMs(failures: number, draw: number): number {
  const most = Math.min(RETRY_MAX_MS, RETRY_MIN_MS * 2 ** (failures - 1))
  return Math.round(most * (0.5 + 0.5 * draw))
}
