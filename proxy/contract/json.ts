/**
 * The one place that parses JSON, with a limit on bytes, depth and tokens, and the one canonical form.
 */

export interface JsonLimits {
  readonly bytesMax: number
  readonly depthMax: number
  /** Commas, colons and brackets: many tiny values cost more than their bytes. */
  readonly tokensMax: number
}

export interface JsonFault {
  readonly code:
    | "invalid_json"
    | "duplicate_key"
    | "json_too_deep"
    | "json_too_large"
    | "json_too_many_tokens"
  readonly message: string
  /** Byte offset where it was noticed. */
  readonly offset: number
  /** JSON pointer, e.g. `/messages/0/role`; empty at the top. */
  readonly path: string
}

export type JsonResult =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: JsonFault }

export const CONTROL_JSON: JsonLimits = Object.freeze({
  bytesMax: 8 * 1024 * 1024,
  depthMax: 64,
  tokensMax: 2_000_000,
})

/** Strict RFC 8259 on UTF-8 bytes; objects get a null prototype is not promised, keys are checked unique. */
export function parseJson(bytes: Uint8Array, limits: JsonLimits): JsonResult {
  if (bytes.length > limits.bytesMax) {
    return fault(
      "json_too_large",
      `JSON of ${bytes.length} bytes is over the limit of ${limits.bytesMax}`,
      limits.bytesMax,
    )
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)
    return { ok: true, value: JSON.parse(text) as unknown }
  } catch {
    return fault("invalid_json", "the text is not valid JSON", 0)
  }
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

function fault(code: JsonFault["code"], message: string, offset: number): JsonResult {
  return { ok: false, fault: { code, message, offset, path: "" } }
}
