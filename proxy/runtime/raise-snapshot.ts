/**
 * A Snapshot of the operator's older release in this release's words: after a rollback, and kept
 * from before the sidecar's own image was changed.
 *
 * In: the checked object, of the schema before this one. Out: the same of this schema, with what
 * the older release could not say as it behaved. Nothing is checked here: the reader does that
 * next.
 */
import { type Fields, isFields } from "./read-value.ts"

/** Schema 1: a backend's problem was its message, and no upstream had a vendor or options. */
export function raiseSnapshot(older: Fields): Fields {
  const { providers } = older
  const raised = mapList(older, "routes", raiseRoute)
  if (!isFields(providers)) return raised
  const entries = Object.entries(providers).map(([name, one]) => [name, raiseProvider(one)])
  return { ...raised, providers: Object.fromEntries(entries) }
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
