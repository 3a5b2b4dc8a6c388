/**
 * Which credential a provider's requests carry; a key, a token and the keys of AWS alike.
 *
 * In: the complete credentials of the namespace, each with the one origin it may go to. Out: that
 * of a linked provider. One that is replaced is replaced at once. One that is gone still serves
 * what began under the configuration before, for `KEY_GRACE_MS`: credentials come ahead of the
 * Snapshot that drops their provider, and an exchange keeps the Snapshot it began with.
 */
import type { CredentialEntry } from "#proxy/contract/push.ts"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import { Secret } from "./secret.ts"

export const KEY_GRACE_MS = 30_000

interface Key {
  readonly origin: string
  readonly secret: Secret
  /** When it is forgotten, on the monotonic clock; infinite while it is in the complete list. */
  readonly until: number
}

export class KeyRing {
  readonly #monotonic: () => number
  /** By provider: one for its present origin, and those of the last `KEY_GRACE_MS`. */
  #keys: ReadonlyMap<string, readonly Key[]> = new Map()
  #sweep: NodeJS.Timeout | undefined

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
  }

  /** Also one that has expired: that is for the wall clock to say. */
  get({ name, origin }: ProviderConfig): Secret | undefined {
    const key = this.#keys.get(name)?.find((one) => one.origin === origin)
    if (key === undefined || key.until <= this.#monotonic()) return undefined
    return key.secret
  }

  /** Complete: what is not among them leaves. An equal key keeps its Secret, and so its pools. */
  set(entries: readonly CredentialEntry[]): void {
    const before = this.#keys
    const keys = new Map<string, Key[]>()
    for (const entry of entries) {
      const { provider, origin } = entry
      const held = before.get(provider)?.find((one) => one.origin === origin)?.secret
      const secret = held?.holds(entry) === true ? held : new Secret(entry)
      keys.set(provider, [{ origin, secret, until: Number.POSITIVE_INFINITY }])
    }
    const leaveAt = this.#monotonic() + KEY_GRACE_MS
    for (const [provider, held] of before) {
      const kept = keys.get(provider) ?? []
      for (const { origin, secret, until } of held) {
        if (until <= leaveAt - KEY_GRACE_MS || kept.some((one) => one.origin === origin)) continue
        kept.push({ origin, secret, until: Math.min(until, leaveAt) })
      }
      if (kept.length > 0) keys.set(provider, kept)
    }
    this.#keys = keys
    this.#sweepLater()
  }

  close(): void {
    clearTimeout(this.#sweep)
    this.#keys = new Map()
  }

  /** What has left is out of memory too, also when nothing more is pushed. */
  #sweepLater(): void {
    clearTimeout(this.#sweep)
    const isLeaving = [...this.#keys.values()].flat().some(({ until }) => Number.isFinite(until))
    if (!isLeaving) return
    this.#sweep = setTimeout(() => this.#forget(), KEY_GRACE_MS)
    this.#sweep.unref()
  }

  #forget(): void {
    const now = this.#monotonic()
    const keys = new Map<string, readonly Key[]>()
    for (const [provider, held] of this.#keys) {
      const kept = held.filter(({ until }) => until > now)
      if (kept.length > 0) keys.set(provider, kept)
    }
    this.#keys = keys
    this.#sweepLater()
  }
}
