/**
 * Prices and the one place where tokens become money.
 *
 * Prices are integer pico-dollars a token (a thousandth of a nano-dollar: 0.0125 dollars per
 * million tokens is 12,500 pico-dollars a token and must not round). A cost is integer
 * nano-dollars, rounded up once.
 */
import type { EpochMs, NanoUsd } from "./money.ts"
import { namesOfTerms, type Terms } from "./price-terms.ts"
import type { TokenUsage } from "./records.ts"

/**
 * Keyed by `priceKey(source, model)`, where a model that ends in `*` stands for all names that
 * begin so; entries sorted by `fromMs`, oldest first. `price-lookup.ts` reads it.
 */
export type PriceTable = Readonly<Record<string, readonly Price[]>>

/** In force from `fromMs` until the next entry. */
export interface Price extends Tariff {
  readonly fromMs: EpochMs
  /** For long prompts, by rising `aboveInputTokens`: the last that applies prices the whole. */
  readonly tiers?: readonly PriceTier[]
  /** By term of `PRICE_TERMS`: what all of it is multiplied with, in millionths. */
  readonly multipliers?: Readonly<Partial<Record<string, number>>>
}

export interface PriceTier extends Tariff {
  /** Applies to a call with more input tokens than this, cached ones included. */
  readonly aboveInputTokens: number
}

/** Prices that a tariff may leave out: what they are of costs what the rest of its side does. */
export const OPTIONAL_PRICES = [
  // Input written to the provider's cache.
  "cacheWrite",
  // Of that, what is kept for an hour; what `cacheWrite` costs when absent.
  "cacheWrite1h",
  "inputAudio",
  "inputImage",
  "outputAudio",
  "outputImage",
] as const

export type OptionalPrice = (typeof OPTIONAL_PRICES)[number]

/** Pico-dollars a token, 2^53 - 1 at most. */
export interface Tariff extends Readonly<Partial<Record<OptionalPrice, number>>> {
  readonly input: number
  /** Input read from the provider's cache; null means that it costs what input costs. */
  readonly cachedInput: number | null
  /** Output, reasoning included. */
  readonly output: number
}

/** `source` as `priceSource` names it: it holds no slash, a model may. */
export function priceKey(source: string, model: string): string {
  return `${source}/${model}`
}

/** The entry in force at `at`; undefined when none is known (unpriced is never zero). */
export function priceAt(prices: readonly Price[] | undefined, at: EpochMs): Price | undefined {
  return prices?.findLast((price) => price.fromMs <= at)
}

/**
 * Cost of one attempt in nano-dollars, rounded up once; 2^53 - 1, nine million dollars, at most.
 * Null where it was had at terms whose price is not known. Of several prompts the longest picks the
 * tier for all: exact where all are on one side of it, and never too little.
 *
 * Audio and images are taken out first where they have a price of their own, then what was written
 * to and read from a cache: providers do not tell how much of the cached input was audio, and this
 * order never charges it at less than it costs. A part is never more than what is left of its
 * whole.
 */
export function costOf(price: Price, usage: TokenUsage): NanoUsd | null {
  const factors = factorsOf(price, usage.terms)
  if (factors === null) return null
  const prompt = usage.longestPrompt ?? usage.inputTokens
  const tier = price.tiers?.findLast((one) => prompt > one.aboveInputTokens)
  return sumUp(factors.reduce(multiplied, ratesOf(tier ?? price)), usage)
}

/**
 * The most that a call can cost that uses no more than `estimate`, in nano-dollars, rounded up
 * once: each token at the dearest price that may turn out to apply, of every tier that its input
 * may reach.
 *
 * `estimate` bounds input and output as a whole, and what of it may be audio, images or written for
 * an hour: what it does not tell is none. That a provider writes to its cache unasked, or answers
 * with audio or images, is always possible; so is that it serves at the regular terms.
 */
export function costBound(price: Price, estimate: TokenUsage): NanoUsd | null {
  const factors = factorsOf(price, estimate.terms)
  if (factors === null) return null
  const plain = ratesOf(price)
  let rates = plain
  for (const tier of price.tiers ?? NO_TIERS) {
    if (estimate.inputTokens > tier.aboveInputTokens) rates = dearer(rates, ratesOf(tier))
  }
  const bound = rates === plain ? remembered(DEAREST, plain, dearestOf) : dearestOf(rates)
  return sumUp(factors.filter(isSurcharge).reduce(multiplied, bound), estimate)
}

const isSurcharge = (factor: number): boolean => factor > 1_000_000
const NO_FACTORS: readonly number[] = Object.freeze([])

/** Of each term that is not regular, in millionths; null where one is not known. */
function factorsOf(price: Price, terms: Terms | undefined): readonly number[] | null {
  if (terms === undefined) return NO_FACTORS
  const factors: number[] = []
  for (const term of namesOfTerms(terms)) {
    const factor = price.multipliers?.[term]
    if (factor === undefined) return null
    factors.push(factor)
  }
  return factors
}

/** Each rounded up to a pico-dollar a token. */
function multiplied(rates: Rates, factor: number): Rates {
  const times = (rate: number): number => {
    const exact = BigInt(rate) * BigInt(factor)
    return Math.min(Number((exact + 999_999n) / 1_000_000n), Number.MAX_SAFE_INTEGER)
  }
  return {
    input: times(rates.input),
    cachedInput: times(rates.cachedInput),
    cacheWrite: times(rates.cacheWrite),
    cacheWrite1h: times(rates.cacheWrite1h),
    inputAudio: times(rates.inputAudio),
    inputImage: times(rates.inputImage),
    output: times(rates.output),
    outputAudio: times(rates.outputAudio),
    outputImage: times(rates.outputImage),
  }
}

/** For each kind of token the most that one may turn out to cost. */
function dearestOf(rates: Rates): Rates {
  const input = Math.max(rates.input, rates.cachedInput, rates.cacheWrite)
  const output = Math.max(rates.output, rates.outputAudio, rates.outputImage)
  return {
    input,
    cachedInput: input,
    cacheWrite: input,
    cacheWrite1h: Math.max(rates.cacheWrite1h, input),
    inputAudio: Math.max(rates.inputAudio, input),
    inputImage: Math.max(rates.inputImage, input),
    output,
    outputAudio: output,
    outputImage: output,
  }
}

/** A tariff with every absence filled in. */
type Rates = { readonly [K in keyof Tariff]-?: number }

const NO_TIERS: readonly PriceTier[] = Object.freeze([])

/** Worked out once a tariff: this runs twice for every attempt. */
const FILLED = new WeakMap<Tariff, Rates>()
const DEAREST = new WeakMap<Rates, Rates>()

function remembered<K extends object>(
  known: WeakMap<K, Rates>,
  key: K,
  make: (key: K) => Rates,
): Rates {
  const found = known.get(key)
  if (found !== undefined) return found
  const made = make(key)
  known.set(key, made)
  return made
}

function ratesOf(tariff: Tariff): Rates {
  return remembered(FILLED, tariff, fillIn)
}

function fillIn(tariff: Tariff): Rates {
  const { input, output, cacheWrite = input } = tariff
  return {
    input,
    cachedInput: tariff.cachedInput ?? input,
    cacheWrite,
    cacheWrite1h: tariff.cacheWrite1h ?? cacheWrite,
    inputAudio: tariff.inputAudio ?? input,
    inputImage: tariff.inputImage ?? input,
    output,
    outputAudio: tariff.outputAudio ?? output,
    outputImage: tariff.outputImage ?? output,
  }
}

function dearer(a: Rates, b: Rates): Rates {
  return {
    input: Math.max(a.input, b.input),
    cachedInput: Math.max(a.cachedInput, b.cachedInput),
    cacheWrite: Math.max(a.cacheWrite, b.cacheWrite),
    cacheWrite1h: Math.max(a.cacheWrite1h, b.cacheWrite1h),
    inputAudio: Math.max(a.inputAudio, b.inputAudio),
    inputImage: Math.max(a.inputImage, b.inputImage),
    output: Math.max(a.output, b.output),
    outputAudio: Math.max(a.outputAudio, b.outputAudio),
    outputImage: Math.max(a.outputImage, b.outputImage),
  }
}

/**
 * Every token of the usage once, at its price. Plain numbers as far as they are exact, since this
 * runs for every attempt.
 */
function sumUp(rates: Rates, usage: TokenUsage): NanoUsd {
  const { inputTokens, outputTokens } = usage
  const audio = partOf(usage.inputAudioTokens, inputTokens, rates.inputAudio, rates.input)
  const image = partOf(usage.inputImageTokens, inputTokens - audio, rates.inputImage, rates.input)
  const text = inputTokens - audio - image
  const written = Math.min(usage.cacheWriteTokens ?? 0, text)
  const hour = Math.min(usage.cacheWrite1hTokens ?? 0, written)
  const cached = Math.min(usage.cachedInputTokens, text - written)
  const speech = partOf(usage.outputAudioTokens, outputTokens, rates.outputAudio, rates.output)
  const room = outputTokens - speech
  const drawn = partOf(usage.outputImageTokens, room, rates.outputImage, rates.output)
  const plain = text - written - cached
  const said = room - drawn
  const pico =
    plain * rates.input +
    cached * rates.cachedInput +
    (written - hour) * rates.cacheWrite +
    hour * rates.cacheWrite1h +
    audio * rates.inputAudio +
    image * rates.inputImage +
    said * rates.output +
    speech * rates.outputAudio +
    drawn * rates.outputImage
  // Below 2^53 every step of the sum was exact, as it is for any ordinary request.
  if (pico < Number.MAX_SAFE_INTEGER - 999) return (pico + 999 - ((pico + 999) % 1000)) / 1000
  return sumExactly([
    [plain, rates.input],
    [cached, rates.cachedInput],
    [written - hour, rates.cacheWrite],
    [hour, rates.cacheWrite1h],
    [audio, rates.inputAudio],
    [image, rates.inputImage],
    [said, rates.output],
    [speech, rates.outputAudio],
    [drawn, rates.outputImage],
  ])
}

/** Of counts, each at its rate in pico-dollars. */
function sumExactly(parts: readonly (readonly [count: number, rate: number])[]): NanoUsd {
  const exact = parts.reduce((sum, [count, rate]) => sum + BigInt(count) * BigInt(rate), 0n)
  return Math.min(Number((exact + 999n) / 1000n), Number.MAX_SAFE_INTEGER)
}

/** What costs the same as the rest stays with the rest. */
function partOf(count: number | undefined, whole: number, price: number, rest: number): number {
  return price === rest || count === undefined ? 0 : Math.min(count, whole)
}
