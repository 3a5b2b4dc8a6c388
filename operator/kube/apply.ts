/** Server-side apply as field manager `sidegate`: we own what we write and nothing else. */
import type { KubeClient } from "./kube-client.ts"

export const FIELD_MANAGER = "sidegate"

/** JSON is YAML. Without this type the server reads a JSON patch and answers 422 `force: Forbidden`. */
const APPLY_PATCH = "application/apply-patch+yaml"

export interface ApplyTarget {
  readonly apiVersion: string
  readonly kind: string
  /** As in paths, e.g. `airoutes`. */
  readonly plural: string
  /** Empty for cluster-scoped kinds. */
  readonly namespace: string
  readonly name: string
}

/**
 * Creates or updates the object so that it has `fields` (`data`, `metadata.labels`, ...), taking them over from
 * other managers. Gives the object as it is then. Rejects with a KubeError.
 */
export function applyObject(
  client: KubeClient,
  target: ApplyTarget,
  fields: Readonly<Record<string, unknown>>,
  metadata: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
  return patch(client, target, "", { ...fields, ...identity(target, metadata) })
}

/**
 * Sets the whole status that we own. With `uid` a successor of the same name answers 409 instead of getting it, and
 * an object that is gone is not created.
 */
export function applyStatus(
  client: KubeClient,
  target: ApplyTarget,
  uid: string,
  status: unknown,
): Promise<unknown> {
  return patch(client, target, "/status", { ...identity(target, { uid }), status })
}

/** Path of one object, or of the collection without a name. */
export function objectPath(target: Omit<ApplyTarget, "kind">): string {
  const group = target.apiVersion.includes("/")
    ? `/apis/${target.apiVersion}`
    : `/api/${target.apiVersion}`
  const namespace = target.namespace === "" ? "" : `/namespaces/${target.namespace}`
  const name = target.name === "" ? "" : `/${target.name}`
  return `${group}${namespace}/${target.plural}${name}`
}

function identity(target: ApplyTarget, metadata: Readonly<Record<string, unknown>>): object {
  const { apiVersion, kind, namespace, name } = target
  const place = namespace === "" ? { name } : { name, namespace }
  return { apiVersion, kind, metadata: { ...metadata, ...place } }
}

function patch(
  client: KubeClient,
  target: ApplyTarget,
  subresource: "" | "/status",
  body: object,
): Promise<unknown> {
  return client.request({
    method: "PATCH",
    path: `${objectPath(target)}${subresource}`,
    query: { fieldManager: FIELD_MANAGER, force: "true" },
    contentType: APPLY_PATCH,
    body,
  })
}
