/**
 * Keeps a short-lived token for every identity that a provider asks for: obtains it, renews it at
 * 80 % of its life, and keeps the old one until it expires while the cloud refuses.
 *
 * In: which identities are wanted, a mint, a clock, chance, a timer. Out: the tokens, why one could
 * not be had, and a call whenever either changed. Must not know providers' endpoints, nor who is
 * sent a token.
 */
import type { CloudIdentity } from "#operator/compile/cloud-identity.ts"
import type { Mint } from "./mint.ts"
import type { MintedToken } from "./minted-token.ts"
import { refreshInMs, retryInMs } from "./plan-refresh.ts"

/** How often the clock is looked at while a token lives. */
const LOOK_EVERY_MS = 15_000

export interface WantedIdentity {
  readonly provider: string
  readonly identity: CloudIdentity
}

/** What `provider` has now. */
export interface HeldToken {
  readonly token: MintedToken | null
  /** Why the last attempt failed; null when it did not, or is the first and still under way. */
  readonly fault: string | null
  /**
   * There is none yet, and as far as this process knows there was none of another identity before:
   * what sidecars may still hold, of the operator before this one, is not to be taken from them.
   */
  readonly isPending: boolean
}

export interface Tokens {
  /** Complete: identities that are no longer among them are let go at once. */
  want(wanted: readonly WantedIdentity[]): void
  /** Undefined for a provider that wants none. */
  of(provider: string): HeldToken | undefined
  close(): void
}

export interface TokenAttempt {
  readonly identity: CloudIdentity
  /** Null when a token came. */
  readonly fault: string | null
  /** Of the token that is in use now, wall clock in ms; null without one. */
  readonly expiresAt: number | null
}

export interface TokensOptions {
  readonly mint: Mint
  /** Changes with what is in the identity's Secret; "" for an identity without one. */
  readonly fingerprint: (identity: CloudIdentity) => string
  readonly now: () => number
  readonly draw: () => number
  /** Runs it once, so many ms later; the returned function takes it back. */
  readonly after: (delayMs: number, run: () => void) => () => void
  /** A token came, or the reason why none comes changed. */
  readonly onChange: () => void
  /** Of every attempt that ended and still matters; nothing in it is secret. */
  readonly report: (attempt: TokenAttempt) => void
}

export function createTokens(options: TokensOptions): Tokens {
  /** By identity: providers that take on the same one share its token. */
  const kept = new Map<string, KeptToken>()
  const providers = new Map<string, { readonly key: string; readonly isReplaced: boolean }>()
  return {
    want: (wanted) => {
      const named = new Set(wanted.map(({ provider }) => provider))
      for (const name of providers.keys()) if (!named.has(name)) providers.delete(name)
      for (const { provider, identity } of wanted) {
        const key = JSON.stringify(identity)
        const before = providers.get(provider)
        const isReplaced = before !== undefined && (before.isReplaced || before.key !== key)
        providers.set(provider, { key, isReplaced })
        const held = kept.get(key) ?? new KeptToken(identity, options)
        kept.set(key, held)
        held.look()
      }
      const used = new Set([...providers.values()].map(({ key }) => key))
      for (const [key, token] of kept) {
        if (used.has(key)) continue
        token.close()
        kept.delete(key)
      }
    },
    of: (provider) => {
      const wanted = providers.get(provider)
      const held = wanted === undefined ? undefined : kept.get(wanted.key)
      if (wanted === undefined || held === undefined) return undefined
      const { token, fault } = held
      return { token, fault, isPending: token === null && !wanted.isReplaced }
    },
    close: () => {
      for (const token of kept.values()) token.close()
      kept.clear()
      providers.clear()
    },
  }
}

/** One identity: an attempt under way, or the next one planned; never both, never neither. */
class KeptToken {
  readonly #identity: CloudIdentity
  readonly #options: TokensOptions
  token: MintedToken | null = null
  fault: string | null = null
  #failures = 0
  #fingerprint: string | null = null
  /** Of the latest attempt: what an earlier one brings is of a Secret that has changed. */
  #attempt = 0
  #cancel: () => void = () => undefined

  constructor(identity: CloudIdentity, options: TokensOptions) {
    this.#identity = identity
    this.#options = options
  }

  /** Begins at once when it is new, and anew when its Secret has changed. */
  look(): void {
    const fingerprint = this.#options.fingerprint(this.#identity)
    if (fingerprint === this.#fingerprint) return
    this.#fingerprint = fingerprint
    this.#failures = 0
    this.#begin()
  }

  close(): void {
    this.#attempt += 1
    this.#cancel()
  }

  #begin(): void {
    this.#cancel()
    this.#attempt += 1
    const attempt = this.#attempt
    this.#options.mint(this.#identity).then(
      (token) => {
        if (attempt === this.#attempt) this.#take(token)
      },
      (error: unknown) => {
        if (attempt === this.#attempt) this.#fail(error)
      },
    )
  }

  #take(token: MintedToken): void {
    const { now, draw, onChange, report } = this.#options
    this.token = token
    this.fault = null
    this.#failures = 0
    this.#again(refreshInMs(token.expiresAt, now(), draw()))
    report({ identity: this.#identity, fault: null, expiresAt: token.expiresAt })
    onChange()
  }

  #fail(error: unknown): void {
    const { draw, onChange, report } = this.#options
    const fault = error instanceof Error ? error.message : String(error)
    const isNew = fault !== this.fault
    this.fault = fault
    this.#failures += 1
    this.#again(retryInMs(this.#failures, draw()))
    report({ identity: this.#identity, fault, expiresAt: this.token?.expiresAt ?? null })
    if (isNew) onChange()
  }

  #again(delayMs: number): void {
    this.#wait(delayMs, this.#options.now() + delayMs)
  }

  /**
   * Until `at`, wall clock in ms, and for `leftMs` at most. A timer stands still while the machine
   * sleeps, and tokens do not; a clock may be set back, and tokens do not live longer.
   */
  #wait(leftMs: number, at: number): void {
    const { after, now } = this.#options
    const stepMs = Math.max(0, Math.min(leftMs, at - now(), LOOK_EVERY_MS))
    this.#cancel = after(stepMs, () => {
      if (leftMs <= stepMs || at <= now()) this.#begin()
      else this.#wait(leftMs - stepMs, at)
    })
  }
}
