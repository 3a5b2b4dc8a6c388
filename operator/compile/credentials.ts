/**
 * Where what opens a provider comes from, and whether it may go there.
 *
 * The Secret's own annotation names the hosts that its key may be sent to, so that editing an
 * AIProvider is no way to carry a key elsewhere. Nothing here ever sees a value.
 */
import type { AIProviderSpec } from "#operator/api/v1alpha1/ai-provider.ts"
import type { SecretFacts } from "#operator/index/view.ts"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import { identityOf, keysOf, type NeededKey } from "./cloud-identity.ts"
import type { CompiledCondition, CredentialSource } from "./compiled.ts"
import { listSome, notResolved, resolvedBut } from "./conditions.ts"
import { cloudOf, isHostAllowed, refuseCloudHost, refuseRegion } from "./hosts.ts"

export const CREDENTIAL_TYPE = "sidegate.dev/provider-credential"
export const ALLOWED_HOSTS = "sidegate.dev/allowed-hosts"

export interface ResolvedCredential {
  readonly at: CredentialSource | null
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

/**
 * `at` is set whenever a credential is asked for; with a `problem` it must not be sent.
 * `cloudHosts`: where those of an identity without a Secret may go besides the cloud's own.
 */
export function resolveCredential(
  spec: AIProviderSpec,
  config: ProviderConfig,
  secrets: ReadonlyMap<string, SecretFacts>,
  cloudHosts: readonly string[],
): ResolvedCredential {
  const reference = spec.credentials?.secret
  if (reference !== undefined) {
    const { name: secret, key } = reference
    const need = { secret, key, path: "spec.credentials.secret", isFile: false }
    const facts = secrets.get(secret)
    return {
      at: { kind: "secret", secret, key },
      problem: findProblem([need], config, secrets),
      remark: facts === undefined ? null : foreignKey(facts, key, config),
    }
  }
  const identity = identityOf(spec)
  if (identity === undefined) return NO_CREDENTIAL
  const needs = keysOf(identity)
  const problem =
    needs.length === 0
      ? endpointProblem(refuseCloudHost(cloudOf(identity), config.origin, cloudHosts))
      : findProblem(needs, config, secrets)
  const wrongRegion = endpointProblem(refuseRegion(identity, config.origin))
  return { at: { kind: "cloud", identity }, problem: problem ?? wrongRegion, remark: null }
}

function endpointProblem(refusal: string | null): CompiledCondition | null {
  return refusal === null ? null : notResolved("HostNotPermitted", `spec.endpoint: ${refusal}`)
}

/** All of `needs` are keys of one Secret. */
function findProblem(
  needs: readonly NeededKey[],
  config: ProviderConfig,
  secrets: ReadonlyMap<string, SecretFacts>,
): CompiledCondition | null {
  const [first] = needs
  if (first === undefined) return null
  const facts = secrets.get(first.secret)
  if (facts === undefined) {
    const nameAt = first.path.endsWith(".name") ? first.path : `${first.path}.name`
    const message = `${nameAt}: there is no Secret ${first.secret} in the credentials namespace`
    return notResolved("SecretNotFound", message)
  }
  const ofKeys = needs.map((need) => keyProblem(facts, need)).find((problem) => problem !== null)
  return typeProblem(facts) ?? ofKeys ?? hostProblem(facts, config)
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

function keyProblem(
  facts: SecretFacts,
  { key, path, isFile }: NeededKey,
): CompiledCondition | null {
  const found = Object.hasOwn(facts.keys, key) ? facts.keys[key] : undefined
  if (found === undefined) {
    const known = Object.keys(facts.keys).sort()
    const hint = known.length === 0 ? "it has none" : `it has ${listSome(known, 5)}`
    const keyAt = path.endsWith(".name") ? path : `${path}.key`
    const message = `${keyAt}: Secret ${facts.name} has no key ${key}; ${hint}`
    return notResolved("SecretKeyNotFound", message)
  }
  if (found.problem === null) return null
  // A file has lines and spaces; whoever reads it says what is wrong with it.
  if (isFile && found.reason !== "SecretKeyNotFound") return null
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
