/**
 * What an attempt costs: before it, from the estimate; after it, from what was reported or seen.
 *
 * In: a target, the prices, token counts and the moment of admission. Out: nano-dollars, or
 * null for unpriced, which is never zero. It must not know clocks or journals.
 */
import type { EpochMs, NanoUsd } from "#proxy/contract/money.ts"
import { type PriceLookup, priceSource, pricesNamed } from "#proxy/contract/price-lookup.ts"
import { isUnbilled, settleTerms } from "#proxy/contract/price-terms.ts"
import { costBound, costOf, type Price, priceAt } from "#proxy/contract/prices.ts"
import type { AttemptFinal, AttemptIntent, TokenUsage } from "#proxy/contract/records.ts"
import type { Target } from "#proxy/exchange/target.ts"

/** This very value means that nothing was billed: it costs nothing at an unpriced model too. */
export const NO_USAGE: TokenUsage = Object.freeze({
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
})

/** The price in force at admission for the model that serves; a later change does not touch it. */
export function priceOf(
  target: Target,
  servedModel: string,
  prices: PriceLookup,
  admittedAt: EpochMs,
): Price | undefined {
  if (target.model !== null) return priceAt(target.prices, admittedAt)
  return priceAt(pricesNamed(prices.get(priceSource(target.provider)), servedModel), admittedAt)
}

/** The most that an attempt can cost that uses no more than `estimate`. */
export function boundWith(price: Price | undefined, estimate: TokenUsage): NanoUsd | null {
  if (price === undefined) return estimate === NO_USAGE ? 0 : null
  return costBound(price, estimate)
}

type End = Pick<AttemptFinal, "endedAt" | "outcome" | "status" | "source">

/** An attempt that is over: what it used, at the terms that its answer told, and what that cost. */
export function settledAt(
  { intent, price }: { readonly intent: AttemptIntent; readonly price: Price | undefined },
  told: TokenUsage,
  end: End,
): AttemptFinal {
  const usage = withTerms(told, intent.estimate)
  const { endedAt, outcome, status, source } = end
  return { id: intent.id, endedAt, outcome, status, usage, source, cost: costWith(price, usage) }
}

function withTerms(usage: TokenUsage, { terms: asked }: TokenUsage): TokenUsage {
  const isPlain = usage.terms === undefined && asked === undefined
  if (usage === NO_USAGE || isPlain) return usage
  const { terms: told, ...counts } = usage
  const terms = settleTerms(asked, told)
  return terms === undefined ? counts : { ...counts, terms }
}

function costWith(price: Price | undefined, usage: TokenUsage): NanoUsd | null {
  if (isUnbilled(usage.terms)) return 0
  if (price === undefined) return usage === NO_USAGE ? 0 : null
  return costOf(price, usage)
}
