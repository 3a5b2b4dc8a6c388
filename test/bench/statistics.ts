/** Medians, and the two orders that keep a drifting machine from favouring one side. Pure. */

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? Number.NaN
  if (!Number.isInteger(middle)) return upper
  return ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/**
 * `[a, b]`, `[b, a]`, `[a, b]`, ...: neighbours in time are compared, and nobody is always first.
 */
export function interleaved<T>(items: readonly T[], rounds: number): readonly (readonly T[])[] {
  return Array.from({ length: rounds }, (_, round) =>
    round % 2 === 0 ? items : items.toReversed(),
  )
}
