/**
 * Prices of a Snapshot, checked as they arrive. In: a value of unknown shape and its JSON pointer.
 * Out: prices that hold only checked fields, or a LinkFault.
 */
import { PRICE_TERMS } from "#proxy/contract/price-terms.ts"
import { OPTIONAL_PRICES, type Price, type PriceTier, type Tariff } from "#proxy/contract/prices.ts"
import { type Fields, readInteger, readList, readNullable, readObject } from "./read-value.ts"

/** Of one model. */
const PRICES_MAX = 1024
const TIERS_MAX = 16
const SAFE = Number.MAX_SAFE_INTEGER

export function readPrices(value: unknown, path: string): readonly Price[] {
  return readList(value, path, PRICES_MAX).map((item, index) => {
    const at = `${path}/${index}`
    const fields = readObject(item, at)
    const { tiers, multipliers } = fields
    return {
      fromMs: readInteger(fields["fromMs"], `${at}/fromMs`, -SAFE, SAFE),
      ...readTariff(fields, at),
      ...(tiers === undefined ? {} : { tiers: readTiers(tiers, `${at}/tiers`) }),
      ...(multipliers === undefined
        ? {}
        : { multipliers: readMultipliers(multipliers, `${at}/multipliers`) }),
    }
  })
}

function readTiers(value: unknown, path: string): readonly PriceTier[] {
  return readList(value, path, TIERS_MAX).map((item, index) => {
    const at = `${path}/${index}`
    const fields = readObject(item, at)
    const above = readInteger(fields["aboveInputTokens"], `${at}/aboveInputTokens`, 0, SAFE)
    return { aboveInputTokens: above, ...readTariff(fields, at) }
  })
}

/** Those of terms that are known here; an attempt at any other is unpriced. */
function readMultipliers(value: unknown, path: string): Readonly<Record<string, number>> {
  const fields = readObject(value, path)
  const known = PRICE_TERMS.flatMap((term) => {
    const factor = fields[term]
    return factor === undefined ? [] : [[term, readPrice(factor, `${path}/${term}`)] as const]
  })
  return Object.fromEntries(known)
}

function readTariff(fields: Fields, path: string): Tariff {
  const tariff: { -readonly [K in keyof Tariff]: Tariff[K] } = {
    input: readPrice(fields["input"], `${path}/input`),
    cachedInput: readNullable(fields["cachedInput"], `${path}/cachedInput`, readPrice),
    output: readPrice(fields["output"], `${path}/output`),
  }
  for (const name of OPTIONAL_PRICES) {
    const price = fields[name]
    if (price !== undefined) tariff[name] = readPrice(price, `${path}/${name}`)
  }
  return tariff
}

function readPrice(value: unknown, path: string): number {
  return readInteger(value, path, 0, SAFE)
}
