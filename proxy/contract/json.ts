/**
 * The one place that parses JSON, with a limit on bytes, depth and tokens, and the one canonical
 * form.
 */

import type { JsonFault, JsonLimits } from "./json-limits.ts"
import { scanJson } from "./json-scan.ts"

export type { JsonFault, JsonLimits } from "./json-limits.ts"

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
 * Bytes to a value, for messages that are small or trusted; what is refused is what `scanJson`
 * refuses. Objects have the ordinary prototype; `__proto__` comes out as an own property.
 */
export function parseJson(bytes: Uint8Array, limits: JsonLimits): JsonResult {
  const scanned = scanJson(bytes, limits)
  if (!scanned.ok) return scanned
  return { ok: true, value: JSON.parse(decoder.decode(bytes)) as unknown }
}

/**
 * Keys sorted by UTF-16 code units at every level, no white space: equal values give equal text.
 *
 * Almost every value is copied with its keys in order and written natively, three times as fast as
 * piece by piece; keys that an object does not keep in that order need the pieces.
 */
export function canonicalJson(value: unknown): string {
  const copy = { isOrdered: true }
  const ordered = orderKeys(value, copy)
  return copy.isOrdered ? JSON.stringify(ordered) : writePieces(value)
}

function orderKeys(value: unknown, copy: { isOrdered: boolean }): unknown {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map((item) => orderKeys(item, copy))
  const ordered: Record<string, unknown> = {}
  for (const key of Object.keys(value).sort()) {
    if (isMisplaced(key)) copy.isOrdered = false
    else ordered[key] = orderKeys(Object.getOwnPropertyDescriptor(value, key)?.value, copy)
  }
  return ordered
}

/** Integers come first in an object, whatever the order of insertion; the other is no property. */
function isMisplaced(key: string): boolean {
  const first = key.charCodeAt(0)
  return (first >= 0x30 && first <= 0x39) || key === "__proto__"
}

function writePieces(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(writePieces).join(",")}]`
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => `${JSON.stringify(key)}:${writePieces(inner)}`)
    return `{${entries.join(",")}}`
  }
  return JSON.stringify(value)
}
