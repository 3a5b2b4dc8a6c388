/**
 * Where the next attempt of one exchange goes, if anywhere: triggers, attempts, targets, budget.
 */
import type { Target, TargetSet } from "#proxy/exchange/target.ts"
import type { LinkedRule } from "#proxy/route/linked-route.ts"
import { pickTarget, withTarget } from "#proxy/route/pick-target.ts"
import { type AttemptFailure, mayRepeat, triggerOf } from "./attempt-failure.ts"

export interface Retries {
  /** Null when no target takes traffic. */
  first(nowMs: number, draw: number): Target | null
  /** Null when the rule allows no further attempt. `delayMs` is 0 for a target not yet tried. */
  after(
    failure: AttemptFailure,
    nowMs: number,
    draw: () => number,
  ): { readonly target: Target; readonly delayMs: number } | null
  /** The next one where `target` cannot be told the request: no attempt, and never asked again. */
  skip(target: Target, draw: number): Target | null
  /** An answer reached the client: what its retry took of the budget comes back. */
  succeed(nowMs: number): void
}

/** `out` are the targets that take no traffic. Times are monotonic ms. */
export function createRetries(rule: LinkedRule, out: TargetSet, backoffMs: number): Retries {
  const { retry, retryBudget, tiers } = rule
  let tried = out
  /** Never asked again, whatever the round. */
  let never = out
  let attempts = 0
  let rounds = 0
  let isOnBudget = false

  return {
    first(nowMs, draw) {
      retryBudget.onRequest(nowMs)
      attempts = 1
      return pickTarget(tiers, out, draw)
    },
    after(failure, nowMs, draw) {
      tried = withTarget(tried, failure.target)
      if (!mayRepeat(failure)) never = withTarget(never, failure.target)
      const trigger = triggerOf(failure.kind)
      if (attempts >= retry.attempts) return null
      if (trigger !== null && !retry.triggers.includes(trigger)) return null
      let delayMs = 0
      let target = pickTarget(tiers, tried, draw())
      if (target === null) {
        // Everyone was asked: those that may have recovered are asked again, after a pause.
        tried = never
        target = pickTarget(tiers, tried, draw())
        delayMs = backoffMs * 2 ** rounds * (0.5 + draw())
        rounds++
      }
      if (target === null) return null
      // Without a credential nothing was sent: going on costs no upstream anything.
      if (failure.kind !== "no-credential") {
        if (!retryBudget.tryTake(nowMs)) return null
        isOnBudget = true
      }
      attempts++
      return { target, delayMs }
    },
    skip(target, draw) {
      tried = withTarget(tried, target)
      never = withTarget(never, target)
      return pickTarget(tiers, tried, draw)
    },
    succeed(nowMs) {
      if (isOnBudget) retryBudget.giveBack(nowMs)
      isOnBudget = false
    },
  }
}
