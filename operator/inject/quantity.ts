/** Amounts as Kubernetes writes them (`20m`, `0.5`, `384Mi`, `1e9`), as numbers to compare. */

const QUANTITY = /^(\d{1,15}(?:\.\d{0,9})?|\.\d{1,9})(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d\d?))?$/

/** Divisors below one, so that `1100m` is exactly `1.1`. */
const DIVISORS: Readonly<Record<string, number>> = { n: 1e9, u: 1e6, m: 1e3 }
const DECIMAL = "kMGTPE"
const BINARY = "KMGTPE"

/** Cores, or bytes; null when it is no quantity of zero or more. */
export function parseQuantity(text: string): number | null {
  const match = QUANTITY.exec(text)
  if (match === null) return null
  const [, digits = "", suffix = "", exponent] = match
  if (exponent !== undefined) return Number(`${digits}e${exponent}`)
  const divisor = DIVISORS[suffix]
  if (divisor !== undefined) return Number(digits) / divisor
  if (suffix.endsWith("i")) return Number(digits) * 1024 ** (BINARY.indexOf(suffix.charAt(0)) + 1)
  if (suffix !== "") return Number(digits) * 1000 ** (DECIMAL.indexOf(suffix) + 1)
  return Number(digits)
}
