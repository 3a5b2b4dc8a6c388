/**
 * The part of the check that guards keys: each goes only where its Secret and its provider allow.
 */
import type { NamespaceView } from "#operator/index/view.ts"
import type { CompiledCluster, CompiledNamespace } from "./compiled.ts"

/** Reads the raw objects again, not what the passes made of them. */
export function checkCredentials(
  { snapshot, credentials }: CompiledNamespace,
  { core }: CompiledCluster,
  view: NamespaceView,
): readonly string[] {
  const wanted = Object.values(snapshot.providers)
    .filter(({ credential }) => credential === "Secret")
    .map(({ name }) => name)
  const given = credentials.map(({ provider }) => provider)
  const same = JSON.stringify([...wanted].sort()) === JSON.stringify([...given].sort())
  return [
    ...(same ? [] : [`keys for ${given.join()} where ${wanted.join()} need one`]),
    ...credentials.flatMap(({ provider, secret, key }) => {
      const object = core.providers.get(provider)?.object
      const reference = dig(object?.spec, ["credentials", "secret"])
      if (dig(reference, ["name"]) === secret && dig(reference, ["key"]) === key) return []
      return [`the key of ${provider} is not the one that it names`]
    }),
    ...credentials.flatMap(({ provider, secret }) => {
      const hosts = core.secrets.get(secret)?.allowedHosts ?? []
      const host = /^https?:\/\/(.+)$/.exec(snapshot.providers[provider]?.origin ?? "")?.[1] ?? ""
      const bare = host.replace(/:[0-9]+$/, "")
      const isNamed = hosts.some((entry) => {
        const [name = "", port] = splitPort(entry.trim().toLowerCase())
        if (name !== bare) return false
        return port === undefined || port === portOf(snapshot.providers[provider]?.origin ?? "")
      })
      return isNamed ? [] : [`the key of ${provider} may not go to ${host}`]
    }),
    ...Object.keys(snapshot.providers).flatMap((name) => {
      const allowed = dig(core.providers.get(name)?.object.spec, ["allowedNamespaces"])
      const isAllowed = allows(allowed, view.namespace.labels)
      return isAllowed ? [] : [`provider ${name} does not allow ${snapshot.namespace}`]
    }),
  ]
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
