/**
 * The one settlement of an attempt: what it used, once, in the journal behind its intent.
 *
 * In: the plan, the journal's entry when it has one, and how the attempt ended. Out: the final
 * record. It may end before the journal has its intent: then both are there when the entry is. It
 * must not know the upstream nor the client.
 */
import type { AttemptFinal, AttemptOutcome, TokenUsage } from "#proxy/contract/records.ts"
import type { OpenIntent, Ports } from "#proxy/exchange/ports.ts"
import { settledAt } from "#proxy/quota/attempt-cost.ts"
import type { AttemptPlan } from "./attempt-plan.ts"

/** What was used, and whose number that is. */
export interface Used {
  readonly usage: TokenUsage
  readonly source: AttemptFinal["source"]
}

export class Settlement {
  final: AttemptFinal | null = null
  readonly #plan: AttemptPlan
  readonly #now: Ports["now"]
  #entry: OpenIntent | null = null

  constructor(plan: AttemptPlan, { now }: Pick<Ports, "now">) {
    this.#plan = plan
    this.#now = now
  }

  /** The journal has the intent, or has said that it cannot. */
  open(entry: OpenIntent): void {
    this.#entry = entry
    if (this.final !== null) entry.settle(this.final)
  }

  /** A second call is a bug of the caller: it throws. */
  settle(outcome: AttemptOutcome, { usage, source }: Used, status: number | null): void {
    if (this.final !== null) throw new Error(`attempt ${this.#plan.intent.id} settles twice`)
    const end = { endedAt: this.#now(), outcome, status, source }
    this.final = settledAt(this.#plan, usage, end)
    this.#entry?.settle(this.final)
  }
}
