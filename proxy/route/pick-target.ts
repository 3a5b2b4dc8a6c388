/**
 * The order of attempts: by weight within one priority, then the next priority.
 *
 * In: a rule's tiers, the set of targets that are out, and a uniform draw. Out: one target, or null
 * when none is left. Calling again with the pick added to the set gives the next one.
 */
import type { Target, TargetSet } from "#proxy/exchange/target.ts"

/** `draw` is uniform in [0, 1). A target of weight 0 is never picked. */
export function pickTarget(
  tiers: readonly (readonly Target[])[],
  out: TargetSet,
  draw: number,
): Target | null {
  for (const tier of tiers) {
    const total = weightLeft(tier, out)
    if (total > 0) return pickByWeight(tier, out, draw * total)
  }
  return null
}

export function withTarget(set: TargetSet, target: Target): TargetSet {
  return set | (1 << target.index)
}

export function hasTarget(set: TargetSet, target: Target): boolean {
  return (set & (1 << target.index)) !== 0
}

function weightLeft(tier: readonly Target[], out: TargetSet): number {
  let total = 0
  for (const target of tier) {
    if (!hasTarget(out, target)) total += target.weight
  }
  return total
}

function pickByWeight(tier: readonly Target[], out: TargetSet, point: number): Target | null {
  let rest = point
  let last: Target | null = null
  for (const target of tier) {
    if (hasTarget(out, target) || target.weight === 0) continue
    last = target
    rest -= target.weight
    if (rest < 0) return target
  }
  return last
}
