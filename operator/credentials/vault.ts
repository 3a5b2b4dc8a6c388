/** Provider keys in the operator's memory, and what of them goes to the sidecars of a namespace. */
import { createHash } from "node:crypto"
import type { CompiledNamespace } from "#operator/compile/compiled.ts"
import type { CredentialsPush, KeyCredential } from "#proxy/contract/push.ts"
import type { ReadSecret } from "./read-secret.ts"
import type { SecretValue } from "./secret-value.ts"

/** A key that a compiled namespace needs, and the origin that it goes to. */
export type CredentialNeed = CompiledNamespace["credentials"][number] & { readonly origin: string }

export interface Vault {
  /**
   * Keeps the newest values of a Secret and forgets the older ones. False when they are the same.
   */
  put(secret: ReadSecret): boolean
  delete(secretName: string): void
  /** Forgets every Secret that is not among these names. */
  retain(secretNames: ReadonlySet<string>): void
  /**
   * The keys that a compiled namespace needs. One whose Secret is gone since is left out: its
   * providers answer `credential_missing`. `revision` is equal for equal entries, also after a
   * restart of the operator, so that nothing is sent again. It is a hash salted with the
   * fingerprint of each Secret (and so with its uid); only holders of the very keys are told it.
   */
  credentialsFor(needs: readonly CredentialNeed[]): CredentialsPush
}

export function createVault(): Vault {
  const secrets = new Map<string, Stored>()
  return {
    put: ({ facts, values }) => {
      if (secrets.get(facts.name)?.fingerprint === facts.fingerprint) return false
      secrets.set(facts.name, { fingerprint: facts.fingerprint, values })
      return true
    },
    delete: (name) => {
      secrets.delete(name)
    },
    retain: (names) => {
      for (const name of secrets.keys()) if (!names.has(name)) secrets.delete(name)
    },
    credentialsFor: (needs) => {
      const hash = createHash("sha256")
      const entries: KeyCredential[] = []
      const sorted = [...needs].sort((a, b) => (a.provider < b.provider ? -1 : 1))
      for (const { provider, origin, secret, key } of sorted) {
        const stored = secrets.get(secret)
        const value = stored?.values.get(key)
        if (stored === undefined || value === undefined) continue
        entries.push({ kind: "key", provider, origin, value: value.reveal() })
        hash.update(`${provider}\0${origin}\0${key}\0${stored.fingerprint}\0`)
      }
      return { revision: hash.digest("hex"), entries, temporary: [] }
    },
  }
}

interface Stored {
  readonly fingerprint: string
  readonly values: ReadonlyMap<string, SecretValue>
}
