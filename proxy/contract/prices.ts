/**
 * Prices and the one place where tokens become money.
 *
 * Prices are integer pico-dollars a token (a thousandth of a nano-dollar: 0.0125 dollars per
 * million tokens is 12,500 pico-dollars a token and must not round). A cost is integer
 * nano-dollars, rounded up once.
 */
import type { EpochMs, NanoUsd } from "./money.ts"
import type { TokenUsage } from "./records.ts"

/** Keyed by `priceKey(schema, model)`; entries sorted by `fromMs`, oldest first. */
export type PriceTable = Readonly<Record<string, readonly Price[]>>

/** Pico-dollars a token, in force from `fromMs` until the next entry. */
export interface Price {
  readonly fromMs: EpochMs
  readonly input: number
  /** Cached input read; null means cached tokens cost what input costs. */
  readonly cachedInput: number | null
  readonly output: number
}

export function priceKey(schema: string, model: string): string {
  return `${schema}/${model}`
}

/** The entry in force at `at`; undefined when none is known (unpriced is never zero). */
export function priceAt(prices: readonly Price[] | undefined, at: EpochMs): Price | undefined {
  return prices?.findLast((price) => price.fromMs <= at)
}

/**
 * Cost of one attempt in nano-dollars, rounded up once; 2^53 - 1, nine million dollars, at most.
 * `usage.cachedInputTokens` is the part of
 * `inputTokens` read from the provider's cache and never more than it.
 */
export function costOf(price: Price, usage: TokenUsage): NanoUsd {
  const cached = Math.min(usage.cachedInputTokens, usage.inputTokens)
  const fresh = usage.inputTokens - cached
  const cachedPrice = price.cachedInput ?? price.input
  const pico = fresh * price.input + cached * cachedPrice + usage.outputTokens * price.output
  // Below 2^53 every step of the sum was exact, as it is for any ordinary request.
  if (pico < Number.MAX_SAFE_INTEGER - 999) return (pico + 999 - ((pico + 999) % 1000)) / 1000
  const exact =
    BigInt(fresh) * BigInt(price.input) +
    BigInt(cached) * BigInt(cachedPrice) +
    BigInt(usage.outputTokens) * BigInt(price.output)
  return Math.min(Number((exact + 999n) / 1000n), Number.MAX_SAFE_INTEGER)
}
