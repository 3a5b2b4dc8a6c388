/** Prices as people write them: in the built-in catalogue and, the same, in ModelCatalogs. */

/** US dollars per million tokens, as decimal text. */
export interface DollarTariff {
  readonly input: string
  readonly cachedInput?: string | undefined
  readonly cacheWrite?: string | undefined
  readonly cacheWrite1h?: string | undefined
  readonly inputAudio?: string | undefined
  readonly inputImage?: string | undefined
  readonly output: string
  readonly outputAudio?: string | undefined
  readonly outputImage?: string | undefined
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
