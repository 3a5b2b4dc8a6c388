/**
 * The one place that parses JSON, with a limit on bytes, depth and tokens, and the one canonical form.
 */

import { type JsonFault, type JsonLimits, scanJson } from "./json-scan.ts"

export type { JsonFault, JsonLimits } from "./json-scan.ts"

export type JsonResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: JsonFault }

export const CONTROL_JSON: JsonLimits = Object.freeze({
  bytesMax: 8 * 1024 * 1024,
  depthMax: 64,
  tokensMax: 2_000_000,
})

const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

/**
 * Bytes to a value, for messages that are small or trusted; what is refused is what `scanJson` refuses.
 * Objects have the ordinary prototype; `__proto__` comes out as an own property.
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits): JsonResult {
  const scanned = scanJson(bytes, limits)
  if (!scanned.ok) return scanned
  return { ok: true, value: JSON.parse(decoder.decode(bytes)) as unknown }
}

/** Keys sorted by UTF-16 code units at every level, no white space: equal values give equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => `${JSON.stringify(key)}:${canonicalJson(inner)}`)
    return `{${entries.join(",")}}`
  }
  return JSON.stringify(value)
}
