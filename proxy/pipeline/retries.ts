/**
 * Where the next attempt of one exchange goes, if anywhere: triggers, attempts, targets, budget.
 */
import type { Target, TargetSet } from "#proxy/exchange/target.ts"
import type { LinkedRule } from "#proxy/route/linked-route.ts"
import { pickTarget, withTarget } from "#proxy/route/pick-target.ts"
import { type AttemptFailure, mayFollow, mayRepeat, triggerOf } from "./attempt-failure.ts"

export class Retries {
  readonly #rule: LinkedRule
  readonly #backoffMs: number
  readonly #out: TargetSet
  #tried: TargetSet
  /** Never asked again, whatever the round. */
  #never: TargetSet
  #attempts = 0
  #rounds = 0
  #isOnBudget = false

  /** `out` are the targets that take no traffic. All times are monotonic ms. */
  constructor(rule: LinkedRule, out: TargetSet, backoffMs: number) {
    this.#rule = rule
    this.#backoffMs = backoffMs
    this.#out = out
    this.#tried = out
    this.#never = out
  }

  /** Null when no target takes traffic. */
  first(nowMs: number, draw: number): Target | null {
    const { retryBudget, tiers } = this.#rule
    retryBudget.onRequest(nowMs)
    this.#attempts = 1
    return pickTarget(tiers, this.#out, draw)
  }

  /** Null when the rule allows no further attempt. `delayMs` is 0 for a target not yet tried. */
  after(
    failure: AttemptFailure,
    nowMs: number,
    draw: () => number,
  ): { readonly target: Target; readonly delayMs: number } | null {
    const { retry, retryBudget, tiers } = this.#rule
    this.#tried = withTarget(this.#tried, failure.target)
    if (!mayRepeat(failure)) this.#never = withTarget(this.#never, failure.target)
    const trigger = triggerOf(failure.kind)
    if (this.#attempts >= retry.attempts || !mayFollow(failure)) return null
    if (trigger !== null && !retry.triggers.includes(trigger)) return null
    let delayMs = 0
    let target = pickTarget(tiers, this.#tried, draw())
    if (target === null) {
      // Everyone was asked: those that may have recovered are asked again, after a pause.
      this.#tried = this.#never
      target = pickTarget(tiers, this.#tried, draw())
      delayMs = this.#backoffMs * 2 ** this.#rounds * (0.5 + draw())
      this.#rounds++
    }
    if (target === null) return null
    // Without a credential nothing was sent: going on costs no upstream anything.
    if (failure.kind !== "no-credential") {
      if (!retryBudget.tryTake(nowMs)) return null
      this.#isOnBudget = true
    }
    this.#attempts++
    return { target, delayMs }
  }

  /** The next one where `target` cannot be told the request: no attempt, and never asked again. */
  skip(target: Target, draw: number): Target | null {
    this.#tried = withTarget(this.#tried, target)
    this.#never = withTarget(this.#never, target)
    return pickTarget(this.#rule.tiers, this.#tried, draw)
  }

  /** An answer reached the client: what its retry took of the budget comes back. */
  succeed(nowMs: number): void {
    if (this.#isOnBudget) this.#rule.retryBudget.giveBack(nowMs)
    this.#isOnBudget = false
  }
}
