/**
 * The part of the check that guards keys: each goes only where its Secret and its provider allow.
 */
import type { NamespaceView } from "#operator/index/view.ts"
import type {
  ClusterCore,
  CompiledCluster,
  CompiledNamespace,
  CompileSettings,
  CredentialSource,
} from "./compiled.ts"

/** Reads the raw objects again, not what the passes made of them. */
export function checkCredentials(
  { snapshot, credentials }: CompiledNamespace,
  { core }: CompiledCluster,
  view: NamespaceView,
  { cloudHosts }: CompileSettings,
): readonly string[] {
  const providers = Object.values(snapshot.providers)
  const wanted = providers.filter(({ credential }) => credential === "Secret")
  const given = credentials.map(({ provider }) => provider)
  const names = wanted.map(({ name }) => name)
  const same = JSON.stringify(names.sort()) === JSON.stringify([...given].sort())
  return [
    ...(same ? [] : [`keys for ${given.join()} where ${names.join()} need one`]),
    ...credentials.flatMap((credential) => {
      const { origin } = snapshot.providers[credential.provider] ?? { origin: "" }
      return credentialFaults(core, { ...credential, origin }, cloudHosts)
    }),
    ...Object.keys(snapshot.providers).flatMap((name) => {
      const isAllowed = allows(allowedBy(core, name), view.namespace.labels)
      return isAllowed ? [] : [`provider ${name} does not allow ${snapshot.namespace}`]
    }),
  ]
}

type Sent = CredentialSource & { readonly provider: string; readonly origin: string }

/**
 * What was found for one core: namespaces use the same few keys. As many entries as providers,
 * unless the passes are wrong.
 */
interface Known {
  readonly keys: Map<string, readonly string[]>
  readonly allowed: Map<string, unknown>
}

const knownBy = new WeakMap<ClusterCore, Known>()

function knownOf(core: ClusterCore): Known {
  const held = knownBy.get(core)
  if (held !== undefined) return held
  const known: Known = { keys: new Map(), allowed: new Map() }
  knownBy.set(core, known)
  return known
}

function credentialFaults(
  core: ClusterCore,
  sent: Sent,
  cloudHosts: readonly string[],
): readonly string[] {
  const { keys } = knownOf(core)
  const id = JSON.stringify([sent, cloudHosts])
  const held = keys.get(id)
  if (held !== undefined) return held
  const faults =
    sent.kind === "secret" ? keyFaults(core, sent) : cloudFaults(core, sent, cloudHosts)
  keys.set(id, faults)
  return faults
}

function keyFaults(
  core: ClusterCore,
  { provider, secret, key, origin }: Sent & { readonly kind: "secret" },
): readonly string[] {
  const reference = dig(core.providers.get(provider)?.object.spec, ["credentials", "secret"])
  const isNamed = dig(reference, ["name"]) === secret && dig(reference, ["key"]) === key
  return [
    ...(isNamed ? [] : [`the key of ${provider} is not the one that it names`]),
    ...hostFaults(provider, origin, core.secrets.get(secret)?.allowedHosts ?? []),
  ]
}

/** Domains that a cloud's endpoints for models are in; the passes are narrower. */
const CLOUD_DOMAINS: Readonly<Record<string, RegExp>> = {
  AWS: /^https:\/\/[^/:]*bedrock[^/:]*\.(amazonaws\.(com(\.cn)?|eu)|api\.aws)(:443)?$/,
  Google: /^https:\/\/[^/:]*(aiplatform|generativelanguage)[^/:]*\.googleapis\.com(:443)?$/,
  Azure: /^https:\/\/[^/:]+\.(openai|cognitiveservices|ai)\.azure\.(com|us|cn)(:443)?$/,
}

/** An identity is the one that the spec names, and so is its Secret, which says where it may go. */
function cloudFaults(
  core: ClusterCore,
  { provider, identity, origin }: Sent & { readonly kind: "cloud" },
  cloudHosts: readonly string[],
): readonly string[] {
  const spec = core.providers.get(provider)?.object.spec
  const named = dig(spec, ["credentials", "workloadIdentity"])
  const cloud = String(dig(named, ["type"]))
  const member = dig(named, [cloud.toLowerCase()])
  const isNamed = identity.kind.startsWith(`${cloud.toLowerCase()}-`)
  const faults = isNamed ? [] : [`the identity of ${provider} is not the one that it names`]
  const reference = ["accessKey", "serviceAccountKey", "clientSecret"]
    .map((name) => dig(member, [name, "name"]))
    .find((name) => name !== undefined)
  const secret = "secret" in identity ? identity.secret : undefined
  if (reference !== secret) faults.push(`the Secret of ${provider} is not the one that it names`)
  if (secret !== undefined) {
    return [
      ...faults,
      ...hostFaults(provider, origin, core.secrets.get(secret)?.allowedHosts ?? []),
    ]
  }
  if (CLOUD_DOMAINS[cloud]?.test(origin) === true) return faults
  return [...faults, ...hostFaults(provider, origin, cloudHosts)]
}

function hostFaults(
  provider: string,
  origin: string,
  allowedHosts: readonly string[],
): readonly string[] {
  const host = /^https?:\/\/(.+)$/.exec(origin)?.[1] ?? ""
  const bare = host.replace(/:[0-9]+$/, "")
  const isAllowed = allowedHosts.some((entry) => {
    const [name = "", port] = splitPort(entry.trim().toLowerCase())
    if (name !== bare) return false
    return port === undefined || port === portOf(origin)
  })
  return isAllowed ? [] : [`the key of ${provider} may not go to ${host}`]
}

function allowedBy(core: ClusterCore, provider: string): unknown {
  const { allowed } = knownOf(core)
  if (!allowed.has(provider)) {
    allowed.set(provider, dig(core.providers.get(provider)?.object.spec, ["allowedNamespaces"]))
  }
  return allowed.get(provider)
}

function allows(allowed: unknown, labels: Readonly<Record<string, string>>): boolean {
  const from = dig(allowed, ["from"])
  if (from !== "Selector") return from === "All"
  const wanted = Object.entries(dig(allowed, ["selector", "matchLabels"]) ?? {})
  if (!wanted.every(([key, value]) => dig(labels, [key]) === value)) return false
  const expressions = dig(allowed, ["selector", "matchExpressions"])
  if (!Array.isArray(expressions)) return true
  return expressions.every((one: unknown) => {
    const value = dig(labels, [String(dig(one, ["key"]))])
    const values = dig(one, ["values"])
    const isListed = Array.isArray(values) && values.includes(value)
    const operator = dig(one, ["operator"])
    if (operator === "In") return isListed
    if (operator === "NotIn") return !isListed
    return (operator === "Exists") === (value !== undefined)
  })
}

/** `[::1]:8000` and `host:8000` into host and port; the port is undefined when there is none. */
function splitPort(entry: string): readonly [string, string | undefined] {
  const match = /^(\[[^\]]*\]|[^:]*)(?::([0-9]+))?$/.exec(entry)
  return [match?.[1] ?? "", match?.[2]]
}

function portOf(origin: string): string {
  const port = /:([0-9]+)$/.exec(origin)?.[1]
  return port ?? (origin.startsWith("https:") ? "443" : "80")
}

function dig(value: unknown, path: readonly string[]): unknown {
  let at = value
  for (const name of path) {
    if (typeof at !== "object" || at === null) return undefined
    at = Object.getOwnPropertyDescriptor(at, name)?.value
  }
  return at
}
