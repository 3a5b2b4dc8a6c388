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
import { vendorAt } from "#proxy/contract/vendors.ts"
import { type Fields, isFields } from "./read-value.ts"

/**
 * Schema 1: a backend's problem was its message, no upstream had a vendor or options, and what
 * speaks OpenAI's schema was priced under its name. A newer operator, which lowers, leaves vendors
 * and their prices in it: then they stand.
 */
export function raiseSnapshot(older: Fields): Fields {
  const raised = mapList(older, "routes", raiseRoute)
  const { providers, prices } = raised
  if (!isFields(providers)) return raised
  const isLowered = Object.values(providers).some((one) => isFields(one) && "vendor" in one)
  const named = mapValues(providers, (one) => (isFields(one) ? raiseProvider(one) : one))
  if (isLowered || !isFields(prices)) return { ...raised, providers: named }
  return { ...raised, providers: named, prices: raisePrices(prices, named) }
}

/** As today's compiler knows a vendor that is not named: by the host. */
function raiseProvider(provider: Fields): Fields {
  const { schema, origin } = provider
  const isOpenAi = schema === "OpenAI" && typeof origin === "string" && URL.canParse(origin)
  const vendor = isOpenAi ? vendorAt(new URL(origin).hostname) : null
  return { vendor, options: null, ...provider }
}

/** What was priced for all that speak OpenAI's schema is priced for each of them. */
function raisePrices(prices: Fields, providers: Fields): Fields {
  const sources = new Set(
    Object.values(providers).flatMap((one) =>
      isFields(one) && one["schema"] === "OpenAI" ? [String(one["vendor"] ?? UNKNOWN_MAKE)] : [],
    ),
  )
  const own = priceKey("OpenAI", "")
  const entries = Object.entries(prices).flatMap(([key, one]) =>
    key.startsWith(own)
      ? [...sources].map((source) => [priceKey(source, key.slice(own.length)), one] as const)
      : [[key, one] as const],
  )
  return Object.fromEntries(entries)
}

function mapValues(items: Fields, raise: (item: unknown) => unknown): Fields {
  return Object.fromEntries(Object.entries(items).map(([key, item]) => [key, raise(item)]))
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
