/**
 * Where a provider's key is, and whether it may go there.
 *
 * The Secret's own annotation names the hosts that its key may be sent to, so that editing an
 * AIProvider is no way to carry a key elsewhere. Nothing here ever sees a value.
 */
import type { AIProviderSpec } from "#operator/api/v1alpha1/ai-provider.ts"
import type { SecretFacts } from "#operator/index/view.ts"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import type { CompiledCondition } from "./compiled.ts"
import { listSome, notResolved, resolvedBut } from "./conditions.ts"

export const CREDENTIAL_TYPE = "sidegate.dev/provider-credential"
export const ALLOWED_HOSTS = "sidegate.dev/allowed-hosts"

export interface ResolvedCredential {
  readonly at: { readonly secret: string; readonly key: string } | null
  readonly problem: CompiledCondition | null
  /** Worth a Warning, though the key is sent. */
  readonly remark: CompiledCondition | null
}

const NO_CREDENTIAL: ResolvedCredential = { at: null, problem: null, remark: null }

/** Whose endpoints these hosts, and those below them, are; names as `vendorOfKey` gives them. */
const VENDOR_HOSTS: readonly (readonly [host: string, vendor: string])[] = [
  ["anthropic.com", "Anthropic"],
  ["openai.com", "OpenAI"],
  ["openrouter.ai", "OpenRouter"],
  ["googleapis.com", "Google"],
  ["groq.com", "Groq"],
  ["x.ai", "xAI"],
  ["huggingface.co", "Hugging Face"],
]

/** `at` is set whenever a key is asked for; with a `problem` it must not be sent. */
export function resolveCredential(
  spec: AIProviderSpec,
  config: ProviderConfig,
  secrets: ReadonlyMap<string, SecretFacts>,
): ResolvedCredential {
  const reference = spec.credentials?.secret
  if (reference === undefined) return NO_CREDENTIAL
  const at = { secret: reference.name, key: reference.key }
  const facts = secrets.get(reference.name)
  if (facts === undefined) {
    return {
      at,
      problem: notResolved(
        "SecretNotFound",
        `spec.credentials.secret.name: there is no Secret ${at.secret} in the credentials ` +
          `namespace`,
      ),
      remark: null,
    }
  }
  return {
    at,
    problem: typeProblem(facts) ?? keyProblem(facts, at.key) ?? hostProblem(facts, config),
    remark: foreignKey(facts, at.key, config),
  }
}

/** A key that begins like another vendor's than its host. Unknown hosts may be gateways for all. */
function foreignKey(
  facts: SecretFacts,
  key: string,
  { origin }: ProviderConfig,
): CompiledCondition | null {
  const found = Object.hasOwn(facts.keys, key) ? facts.keys[key]?.looksLike : undefined
  if (found === undefined || !URL.canParse(origin)) return null
  const { hostname } = new URL(origin)
  const vendor = VENDOR_HOSTS.find(
    ([host]) => hostname === host || hostname.endsWith(`.${host}`),
  )?.[1]
  if (vendor === undefined || vendor === found) return null
  const message =
    `Secret ${facts.name}, key ${key}: begins like a key of ${found}, and ${hostname} ` +
    `is ${vendor}'s`
  return resolvedBut("CredentialLooksForeign", message)
}

function typeProblem(facts: SecretFacts): CompiledCondition | null {
  if (facts.type === CREDENTIAL_TYPE) return null
  const message =
    `Secret ${facts.name} has type ${facts.type}, not ${CREDENTIAL_TYPE}: create ` +
    `it anew with that type`
  return notResolved("SecretTypeNotAllowed", message)
}

function keyProblem(facts: SecretFacts, key: string): CompiledCondition | null {
  const found = Object.hasOwn(facts.keys, key) ? facts.keys[key] : undefined
  if (found === undefined) {
    const known = Object.keys(facts.keys).sort()
    const hint = known.length === 0 ? "it has none" : `it has ${listSome(known, 5)}`
    const message = `spec.credentials.secret.key: Secret ${facts.name} has no key ${key}; ${hint}`
    return notResolved("SecretKeyNotFound", message)
  }
  if (found.problem === null) return null
  const message = `Secret ${facts.name}, key ${key}: ${found.problem}`
  return notResolved(found.reason ?? "CredentialMalformed", message)
}

function hostProblem(facts: SecretFacts, config: ProviderConfig): CompiledCondition | null {
  if (facts.allowedHosts === null) {
    const message =
      `Secret ${facts.name} has no annotation ${ALLOWED_HOSTS}: list the hosts ` +
      `its keys may be sent to`
    return notResolved("HostNotPermitted", message)
  }
  if (isHostAllowed(config.origin, facts.allowedHosts)) return null
  const { host } = new URL(config.origin)
  const message = `the annotation ${ALLOWED_HOSTS} of Secret ${facts.name} does not name ${host}`
  return notResolved("HostNotPermitted", message)
}

/** An entry is a host, on any port, or `host:port`; whole, without wildcards. */
function isHostAllowed(origin: string, allowedHosts: readonly string[]): boolean {
  const url = new URL(origin)
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port
  return allowedHosts.some((entry) => {
    const host = entry.trim().toLowerCase()
    return host === url.hostname || host === `${url.hostname}:${port}`
  })
}
