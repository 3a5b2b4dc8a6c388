/**
 * How often the keys of a namespace may change in its sidecars: once a second, the newest last.
 *
 * In: credentials as they change, the time. Out: those to send now. The first ones, and a change
 * after a quiet second, go out at once; what comes sooner waits, and only the newest of it is kept.
 * A Secret that is written a hundred times a minute so costs each sidecar sixty pushes, not a
 * hundred. Source: `reliability.md` 4.3, K5.
 */
import type { EpochMs } from "#proxy/contract/money.ts"
import type { CredentialsPush } from "#proxy/contract/push.ts"

export const CREDENTIALS_EVERY_MS = 1000

export interface CredentialsPace {
  /**
   * Whether `push`, which replaces other credentials of the namespace, may go out now; else it
   * waits.
   */
  replace(namespace: string, push: CredentialsPush, now: EpochMs): boolean
  /** What waits for the namespace, taken out: it goes now, or not at all. */
  take(namespace: string): CredentialsPush | undefined
  /** Namespaces whose credentials have waited long enough. */
  due(now: EpochMs): readonly string[]
  forget(namespace: string): void
}

export function createCredentialsPace(): CredentialsPace {
  const replacedAt = new Map<string, EpochMs>()
  const waiting = new Map<string, CredentialsPush>()
  const isQuiet = (namespace: string, now: EpochMs): boolean => {
    const before = replacedAt.get(namespace)
    // A clock that stepped back must not hold keys up.
    return before === undefined || now < before || now - before >= CREDENTIALS_EVERY_MS
  }
  return {
    replace: (namespace, push, now) => {
      if (!isQuiet(namespace, now)) {
        waiting.set(namespace, push)
        return false
      }
      waiting.delete(namespace)
      replacedAt.set(namespace, now)
      return true
    },
    take: (namespace) => {
      const push = waiting.get(namespace)
      waiting.delete(namespace)
      return push
    },
    due: (now) => [...waiting.keys()].filter((namespace) => isQuiet(namespace, now)),
    forget: (namespace) => {
      replacedAt.delete(namespace)
      waiting.delete(namespace)
    },
  }
}
