/** Chance that can be had again: a failing run prints its seed. */

/** mulberry32: numbers from 0 up to 1; the same seed gives the same numbers. */
export function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** `SIDEGATE_SEED` if it is set, else a new one. */
export function pickSeed(): number {
  const given = process.env["SIDEGATE_SEED"]
  return given === undefined ? Date.now() % 1_000_000 : Number(given)
}

export function shuffled<T>(items: readonly T[], draw: () => number): readonly T[] {
  return items
    .map((item) => ({ item, at: draw() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
