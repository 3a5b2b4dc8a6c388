/** Prices as people write them: in the built-in catalogue and, the same, in ModelCatalogs. */

import type { OptionalPrice } from "#proxy/contract/prices.ts"

/** US dollars per million tokens, as decimal text. */
export interface DollarTariff
  extends Readonly<Partial<Record<OptionalPrice | "cachedInput", string | undefined>>> {
  readonly input: string
  readonly output: string
}

export interface DatedPrice extends DollarTariff {
  readonly from?: string | undefined
  readonly tiers?: readonly TierPrice[] | undefined
  readonly multipliers?: readonly Multiplier[] | undefined
}

/** What all of a price is multiplied with at a term of service. */
export interface Multiplier {
  /** One of `PRICE_TERMS`. */
  readonly when: string
  /** Decimal text. */
  readonly factor: string
}

export interface TierPrice extends DollarTariff {
  readonly aboveInputTokens: number
}
