/**
 * Money and time as numbers. Inside, money is integer nano-dollars: one request or price is a safe
 * integer `number`, sums are `bigint`; outside it is decimal text in US dollars.
 */

/** Milliseconds since the Unix epoch. */
export type EpochMs = number
/** Integer nano-dollars (1e-9 US dollar), a safe integer. */
export type NanoUsd = number

const DECIMAL = /^(\d{1,12})(?:\.(\d{1,12}))?$/

/**
 * Decimal text to integer units of 10^-`scale` dollars (9: nano, 12: pico). Undefined when the text
 * is not plain decimal (`10,5`, `$5`, `1e3`, `-1`) or has more digits after the point than the
 * scale keeps.
 */
export function parseDecimal(text: string, scale: number): bigint | undefined {
  const match = DECIMAL.exec(text)
  if (match === null) return undefined
  const fraction = (match[2] ?? "").replace(/0+$/, "")
  if (fraction.length > scale) return undefined
  return BigInt(match[1] ?? "0") * 10n ** BigInt(scale) + BigInt(fraction.padEnd(scale, "0") || "0")
}

/** Nano-dollars as decimal text without trailing zeros: 123456700000n is `123.4567`. */
export function formatUsd(nano: bigint): string {
  const sign = nano < 0n ? "-" : ""
  const units = nano < 0n ? -nano : nano
  const fraction = (units % 1_000_000_000n).toString().padStart(9, "0").replace(/0+$/, "")
  const whole = (units / 1_000_000_000n).toString()
  return fraction === "" ? `${sign}${whole}` : `${sign}${whole}.${fraction}`
}

/** As `formatUsd`, for the amount of one request: a safe integer >= 0. */
export function formatNanoUsd(nano: NanoUsd): string {
  const fraction = nano % 1_000_000_000
  const whole = (nano - fraction) / 1_000_000_000
  if (fraction === 0) return String(whole)
  return `${whole}.${String(fraction).padStart(9, "0").replace(/0+$/, "")}`
}
