/**
 * What the API server said of a token, kept by the SHA-256 of the token and never by the token.
 *
 * Pure. Accepted tokens stay until their own expiry, refused ones for ten seconds. At the bound the
 * entry asked for least recently is evicted: it costs one more question, never an answer that is
 * wrong.
 */
import type { EpochMs } from "#proxy/contract/money.ts"

export interface TokenCache<T> {
  get(hash: string, now: EpochMs): T | undefined
  set(hash: string, value: T, untilMs: EpochMs): void
  size(): number
}

export function createTokenCache<T>(entriesMax: number): TokenCache<T> {
  const entries = new Map<string, { readonly value: T; readonly untilMs: EpochMs }>()
  return {
    get(hash, now) {
      const entry = entries.get(hash)
      if (entry === undefined) return undefined
      entries.delete(hash)
      if (entry.untilMs <= now) return undefined
      entries.set(hash, entry)
      return entry.value
    },
    set(hash, value, untilMs) {
      entries.delete(hash)
      const [oldest] = entries.keys()
      if (entries.size >= entriesMax && oldest !== undefined) entries.delete(oldest)
      entries.set(hash, { value, untilMs })
    },
    size: () => entries.size,
  }
}
