/** Objects in the API server's shape, for tests that feed a control plane without one. Pure. */
import type { IndexedKind } from "#operator/index/view.ts"

/** One object with its kind, as the feed takes it. */
export interface FedObject {
  readonly kind: IndexedKind
  readonly object: {
    readonly metadata: {
      readonly name: string
      readonly namespace: string
      readonly uid: string
      readonly generation: number
      readonly resourceVersion: string
      readonly creationTimestamp: string
      readonly labels: Readonly<Record<string, string>>
      readonly annotations: Readonly<Record<string, string>>
    }
    readonly [field: string]: unknown
  }
}

export interface ObjectOptions {
  readonly namespace?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
  /** Also the resource version: a later one replaces an earlier one. */
  readonly generation?: number
}

export const OPERATOR_NAMESPACE = "sidegate-system"

/** `fields` stand beside `metadata`: `{spec: ...}`, or `{type, data}` of a Secret. */
export function makeObject(
  kind: IndexedKind,
  name: string,
  fields: Readonly<Record<string, unknown>>,
  options: ObjectOptions = {},
): FedObject {
  const { namespace = "", labels = {}, annotations = {}, generation = 1 } = options
  const metadata = {
    name,
    namespace,
    uid: `${kind}-${namespace}-${name}`.toLowerCase(),
    generation,
    resourceVersion: String(generation),
    creationTimestamp: "2026-01-01T00:00:00Z",
    labels,
    annotations,
  }
  return { kind, object: { metadata, ...fields } }
}

/** A namespace whose pods are injected, of a team when one is named. */
export function makeNamespace(
  name: string,
  team?: string,
  labels: Readonly<Record<string, string>> = {},
): FedObject {
  const ours = { "sidegate.dev/injection": "enabled" }
  const teams = team === undefined ? {} : { "sidegate.dev/team": team }
  return makeObject("Namespace", name, {}, { labels: { ...ours, ...teams, ...labels } })
}

/** A pod with our sidecar in it. */
export function makePod(
  namespace: string,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): FedObject {
  const spec = { initContainers: [{ name: "sidegate-proxy" }], containers: [{ name: "app" }] }
  return makeObject("Pod", name, { spec }, { namespace, labels })
}

/** A provider's key, tied to hosts. */
export function makeProviderSecret(name: string, key: string, hosts: readonly string[]): FedObject {
  return makeObject(
    "Secret",
    name,
    {
      type: "sidegate.dev/provider-credential",
      data: { "api-key": Buffer.from(key).toString("base64") },
    },
    {
      namespace: OPERATOR_NAMESPACE,
      annotations: { "sidegate.dev/allowed-hosts": hosts.join(",") },
    },
  )
}
