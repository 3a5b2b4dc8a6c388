/**
 * Values of provider Secrets in the operator's memory, and what sidecars of a namespace are sent of
 * them and of the tokens that are kept.
 */
import { createHash } from "node:crypto"
import type { CloudIdentity } from "#operator/compile/cloud-identity.ts"
import type { CompiledNamespace } from "#operator/compile/compiled.ts"
import type { CredentialsPush, KeyCredential, TemporaryCredential } from "#proxy/contract/push.ts"
import type { MintedToken } from "./minted-token.ts"
import type { ReadSecret } from "./read-secret.ts"
import type { SecretValue } from "./secret-value.ts"
import type { HeldToken } from "./tokens.ts"

/** What a compiled namespace needs, and the origin that it goes to. */
export type CredentialNeed = CompiledNamespace["credentials"][number] & { readonly origin: string }

export interface Vault {
  /**
   * Keeps the newest values of a Secret and forgets the older ones. False when they are the same.
   */
  put(secret: ReadSecret): boolean
  delete(secretName: string): void
  /** Forgets every Secret that is not among these names. */
  retain(secretNames: ReadonlySet<string>): void
  /** Any text of a Secret, a file with lines as well. */
  text(secretName: string, key: string): SecretValue | undefined
  /** Changes with what is in the Secret that `identity` names; "" without one. */
  fingerprint(identity: CloudIdentity): string
  /**
   * What a compiled namespace needs. One whose Secret is gone since, or whose token there never
   * was, is left out: its providers answer `credential_missing`. `revision` is equal for equal
   * entries, also after a restart of the operator, so that nothing is sent again. It is a hash
   * salted with the fingerprint of each Secret (and so with its uid), and with each token; only
   * holders of the very keys are told it.
   */
  credentialsFor(
    needs: readonly CredentialNeed[],
    tokenOf: (provider: string) => HeldToken | undefined,
  ): CredentialsPush
}

/**
 * Service that requests to models of AWS are signed for. The one endpoint that is a service of its
 * own refuses signatures for `bedrock`.
 */
function awsService(origin: string): string {
  return /^https:[/][/]([^/:]+[.])?bedrock-mantle[.-]/.test(origin) ? "bedrock-mantle" : "bedrock"
}

export function createVault(): Vault {
  const secrets = new Map<string, Stored>()
  return {
    put: ({ facts, values, files }) => {
      if (secrets.get(facts.name)?.fingerprint === facts.fingerprint) return false
      secrets.set(facts.name, { fingerprint: facts.fingerprint, values, files })
      return true
    },
    delete: (name) => {
      secrets.delete(name)
    },
    retain: (names) => {
      for (const name of secrets.keys()) if (!names.has(name)) secrets.delete(name)
    },
    text: (name, key) => {
      const stored = secrets.get(name)
      return stored?.values.get(key) ?? stored?.files.get(key)
    },
    fingerprint: (identity) =>
      "secret" in identity ? (secrets.get(identity.secret)?.fingerprint ?? "gone") : "",
    credentialsFor: (needs, tokenOf) => {
      const hash = createHash("sha256")
      const entries: KeyCredential[] = []
      const temporary: TemporaryCredential[] = []
      const pending: string[] = []
      const sorted = [...needs].sort((a, b) => (a.provider < b.provider ? -1 : 1))
      for (const need of sorted) {
        const { provider, origin } = need
        if (need.kind === "secret") {
          const stored = secrets.get(need.secret)
          const value = stored?.values.get(need.key)
          if (stored === undefined || value === undefined) continue
          entries.push({ kind: "key", provider, origin, value: value.reveal() })
          hash.update(`${provider}\0${origin}\0${need.key}\0${stored.fingerprint}\0`)
          continue
        }
        const held = tokenOf(provider)
        if (held?.isPending === true) pending.push(provider)
        if (held === undefined || held.token === null) continue
        temporary.push(entryOf({ provider, origin }, need.identity, held.token))
      }
      hash.update(JSON.stringify([temporary, pending]))
      return { revision: hash.digest("hex"), entries, temporary, pending }
    },
  }
}

interface Stored {
  readonly fingerprint: string
  readonly values: ReadonlyMap<string, SecretValue>
  readonly files: ReadonlyMap<string, SecretValue>
}

function entryOf(
  at: { readonly provider: string; readonly origin: string },
  identity: CloudIdentity,
  token: MintedToken,
): TemporaryCredential {
  const { expiresAt } = token
  if (token.kind === "bearer") {
    return { kind: "bearer", ...at, value: token.value.reveal(), expiresAt }
  }
  return {
    kind: "aws",
    ...at,
    accessKeyId: token.accessKeyId.reveal(),
    secretAccessKey: token.secretAccessKey.reveal(),
    sessionToken: token.sessionToken?.reveal() ?? null,
    region: "region" in identity ? identity.region : "",
    service: awsService(at.origin),
    expiresAt,
  }
}
