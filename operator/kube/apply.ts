/** Server-side apply as field manager `sidegate`: we own what we write and nothing else. */
import { textAt } from "./json-path.ts"
import type { KubeClient } from "./kube-client.ts"
import { isRefusal, KubeError } from "./kube-error.ts"

export const FIELD_MANAGER = "sidegate"

/**
 * JSON is YAML. Without this type the server reads a JSON patch and answers 422 `force: Forbidden`.
 */
const APPLY_PATCH = "application/apply-patch+yaml"

/** Of a status, when somebody else writes the object between our read and our write. */
const STATUS_ATTEMPTS = 3

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
 * Creates or updates the object so that it has `fields` (`data`, `metadata.labels`, ...), taking
 * them over from other managers. Gives the object as it is then. Rejects with a KubeError.
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
 * Sets the whole status that we own. For an object that is gone it answers 404, for a successor of
 * the same name too, and creates nothing. 409 means that others wrote it again and again: it is to
 * be tried later. The version of a read before makes sure: unlike elsewhere, the server ignores
 * `metadata.uid` in a patch of `/status`.
 */
export async function applyStatus(
  client: KubeClient,
  target: ApplyTarget,
  uid: string,
  status: unknown,
): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    const object = await client.request({ method: "GET", path: objectPath(target) })
    if (textAt(object, "metadata", "uid") !== uid) throw otherObject(target, uid)
    const resourceVersion = textAt(object, "metadata", "resourceVersion")
    try {
      const body = { ...identity(target, { resourceVersion }), status }
      return await patch(client, target, "/status", body)
    } catch (error) {
      if (!isRefusal(error, 409) || attempt === STATUS_ATTEMPTS) throw error
    }
  }
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

function otherObject(target: ApplyTarget, uid: string): KubeError {
  const facts = { status: 404, reason: "NotFound", retryAfterSeconds: null }
  return new KubeError("refused", `${target.kind} ${target.name} is no longer ${uid}`, facts)
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
