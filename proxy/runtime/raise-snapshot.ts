/**
 * A Snapshot of the operator's older release in this release's words: after a rollback, and kept
 * from before the sidecar's own image was changed.
 *
 * In: the checked object, of the schema before this one. Out: the same of this schema, with what
 * the older release could not say as it behaved. Nothing is checked here: the reader does that
 * next.
 */
import { UNKNOWN_MAKE } from "#proxy/contract/price-lookup.ts"
import { priceKey } from "#proxy/contract/prices.ts"
import { type Fields, isFields } from "./read-value.ts"

/**
 * Schema 1: a backend's problem was its message, no upstream had a vendor or options, and what
 * speaks OpenAI's schema was priced under its name.
 */
export function raiseSnapshot(older: Fields): Fields {
  const raised = mapList(older, "routes", raiseRoute)
  const providers = mapEntries(raised, "providers", (name, one) => [name, raiseProvider(one)])
  return mapEntries(providers, "prices", (key, one) => [raisePriceKey(key), one])
}

function mapEntries(
  owner: Fields,
  name: string,
  raise: (key: string, item: unknown) => readonly [string, unknown],
): Fields {
  const items = owner[name]
  if (!isFields(items)) return owner
  const entries = Object.entries(items).map(([key, item]) => raise(key, item))
  return { ...owner, [name]: Object.fromEntries(entries) }
}

/** A provider without a vendor is a server of unknown make. */
function raisePriceKey(key: string): string {
  const [own, shared] = [priceKey("OpenAI", ""), priceKey(UNKNOWN_MAKE, "")]
  return key.startsWith(own) ? `${shared}${key.slice(own.length)}` : key
}

function raiseProvider(provider: unknown): unknown {
  return isFields(provider) ? { vendor: null, options: null, ...provider } : provider
}

function raiseRoute(route: unknown): unknown {
  return isFields(route) ? mapList(route, "rules", raiseRule) : route
}

function raiseRule(rule: unknown): unknown {
  return isFields(rule) ? mapList(rule, "backends", raiseBackend) : rule
}

function raiseBackend(backend: unknown): unknown {
  if (!isFields(backend) || typeof backend["problem"] !== "string") return backend
  return { ...backend, problem: { code: "upstream_failed", message: backend["problem"] } }
}

function mapList(owner: Fields, name: string, raise: (item: unknown) => unknown): Fields {
  const list = owner[name]
  return Array.isArray(list) ? { ...owner, [name]: list.map(raise) } : owner
}
