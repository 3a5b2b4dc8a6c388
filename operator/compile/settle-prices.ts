/** Prices as people write them, in dollars per million tokens, as the Snapshot says them. */
import { toEpochMs } from "#operator/api/v1alpha1/model-catalog.ts"
import { parseDecimal } from "#proxy/contract/money.ts"
import { OPTIONAL_PRICES, type Price, type PriceTier, type Tariff } from "#proxy/contract/prices.ts"
import type { DatedPrice, DollarTariff, Multiplier, TierPrice } from "./catalogue/tariff.ts"

/** Oldest first. */
export function settlePrices(prices: readonly DatedPrice[]): readonly Price[] {
  const settled = prices.map(({ from, tiers, multipliers, ...tariff }) => ({
    fromMs: from === undefined ? 0 : (toEpochMs(from) ?? 0),
    ...settleTariff(tariff),
    ...(tiers === undefined ? {} : { tiers: settleTiers(tiers) }),
    ...(multipliers === undefined ? {} : { multipliers: settleMultipliers(multipliers) }),
  }))
  return settled.sort((a, b) => a.fromMs - b.fromMs)
}

function settleMultipliers(multipliers: readonly Multiplier[]): Readonly<Record<string, number>> {
  return Object.fromEntries(multipliers.map(({ when, factor }) => [when, millionths(factor)]))
}

function settleTiers(tiers: readonly TierPrice[]): readonly PriceTier[] {
  const settled = tiers.map(({ aboveInputTokens, ...tariff }) => ({
    aboveInputTokens,
    ...settleTariff(tariff),
  }))
  return settled.sort((a, b) => a.aboveInputTokens - b.aboveInputTokens)
}

/** A price that is absent stays absent: what it falls back to is settled where money is made. */
function settleTariff(tariff: DollarTariff): Tariff {
  const { input, cachedInput, output } = tariff
  const settled: { -readonly [K in keyof Tariff]: Tariff[K] } = {
    input: millionths(input),
    cachedInput: cachedInput === undefined ? null : millionths(cachedInput),
    output: millionths(output),
  }
  for (const name of OPTIONAL_PRICES) {
    const price = tariff[name]
    if (price !== undefined) settled[name] = millionths(price)
  }
  return settled
}

/**
 * Six digits are kept exactly. Dollars per million tokens are pico-dollars a token times 10^6 over
 * 10^12, so that millionths of the one are the other.
 */
function millionths(decimal: string): number {
  const units = parseDecimal(decimal, 6)
  if (units === undefined) throw new Error("what passed its pattern must be decimal")
  return Number(units)
}
