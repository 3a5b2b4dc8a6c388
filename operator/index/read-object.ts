/**
 * Reads an object in the API server's shape (plain JSON, from a watch or a YAML file) into an index
 * entry.
 *
 * Only what the index keeps is copied, so that a watch event's own object can be collected. Secrets
 * are not read here: their values must not come near the index (`operator/credentials`).
 */
import type { ConfigKind, IndexEntry } from "./entry.ts"
import type { PodFacts } from "./view.ts"

export type ReadObject =
  | { readonly ok: true; readonly entry: IndexEntry }
  | { readonly ok: false; readonly message: string }

/**
 * Refuses an object without name or uid; everything else that is missing has a harmless reading.
 */
export function readObject(kind: ConfigKind | "Namespace" | "Pod", raw: unknown): ReadObject {
  const metadata = fieldOf(raw, "metadata")
  const name = textOf(fieldOf(metadata, "name"))
  const uid = textOf(fieldOf(metadata, "uid"))
  if (name === undefined || uid === undefined) {
    return { ok: false, message: `${kind} without metadata.${name === undefined ? "name" : "uid"}` }
  }
  const version = { uid, resourceVersion: textOf(fieldOf(metadata, "resourceVersion")) ?? "" }
  const namespace = textOf(fieldOf(metadata, "namespace")) ?? ""
  const isTerminating = textOf(fieldOf(metadata, "deletionTimestamp")) !== undefined
  const labels = textMap(fieldOf(metadata, "labels"))
  switch (kind) {
    case "Namespace": {
      const annotations = textMap(fieldOf(metadata, "annotations"))
      const value = { name, labels, annotations, isTerminating }
      return { ok: true, entry: { ...version, kind, value } }
    }
    case "Pod": {
      const identity = { namespace, pod: name, podUid: uid, labels, isTerminating }
      const application = applicationOf(name, labels, metadata)
      const phase = fieldOf(fieldOf(raw, "status"), "phase")
      const value: PodFacts = {
        ...identity,
        application,
        hasSidecar: hasSidecar(raw),
        isRunning: phase === "Running",
        isFinished: phase === "Succeeded" || phase === "Failed",
        isSkipped: isSkipped(fieldOf(metadata, "annotations")),
      }
      return { ok: true, entry: { ...version, kind, value } }
    }
    default: {
      const generation = integerOf(fieldOf(metadata, "generation")) ?? 0
      const created = Date.parse(textOf(fieldOf(metadata, "creationTimestamp")) ?? "")
      const createdAt = Number.isFinite(created) ? created : 0
      const spec = fieldOf(raw, "spec")
      const value = { kind, namespace, name, uid, generation, createdAt, spec }
      return { ok: true, entry: { ...version, kind, value } }
    }
  }
}

/** `app.kubernetes.io/name`, else the controller's name, else the pod's own. */
function applicationOf(
  name: string,
  labels: Readonly<Record<string, string>>,
  metadata: unknown,
): string {
  const label = labels["app.kubernetes.io/name"]
  if (label !== undefined && label !== "") return label
  const owners = fieldOf(metadata, "ownerReferences")
  const controller = Array.isArray(owners)
    ? owners.find((owner: unknown) => fieldOf(owner, "controller") === true)
    : undefined
  return textOf(fieldOf(controller, "name")) ?? name
}

function hasSidecar(raw: unknown): boolean {
  const containers = fieldOf(fieldOf(raw, "spec"), "initContainers")
  if (!Array.isArray(containers)) return false
  return containers.some((one: unknown) => fieldOf(one, "name") === "sidegate-proxy")
}

/** `skipped: REASON` is the webhook's word (`operator/inject`). */
function isSkipped(annotations: unknown): boolean {
  const status = textOf(fieldOf(annotations, "sidegate.dev/injection-status"))
  const isMirror = fieldOf(annotations, "kubernetes.io/config.mirror") !== undefined
  return isMirror || status?.startsWith("skipped: ") === true
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, name)?.value
}

function textOf(value: unknown): string | undefined {
  if (value instanceof Date) return value.toISOString()
  return typeof value === "string" && value !== "" ? value : undefined
}

function integerOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined
}

/** Own entries with text values, keys sorted so that equal maps look equal. */
function textMap(value: unknown): Readonly<Record<string, string>> {
  if (typeof value !== "object" || value === null) return {}
  const entries = Object.entries(value).flatMap(([key, inner]): [string, string][] =>
    typeof inner === "string" ? [[key, inner]] : [],
  )
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}
