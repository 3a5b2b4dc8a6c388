/**
 * What the operator writes to the cluster besides Leases: statuses, events, its certificates'
 * Secrets, the ConfigMaps of injected namespaces, the roots in its webhook configuration, and the
 * label on its own pod.
 *
 * In: a KubeClient and names. Out: functions that the control plane and the certificates take as
 * values.
 */
import { AI_NAMESPACE, AI_NAMESPACE_NAME } from "#operator/api/v1alpha1/ai-namespace.ts"
import { API_VERSION, kindOf } from "#operator/api/v1alpha1/registry.ts"
import type { StoredTexts } from "#operator/certificates/certificates.ts"
import type { SecretTexts } from "#operator/certificates/stored-bundle.ts"
import {
  type ApplyTarget,
  applyObject,
  applyStatus,
  FIELD_MANAGER,
  objectPath,
} from "#operator/kube/apply.ts"
import type { EventWriter } from "#operator/kube/events.ts"
import { at, listAt, textAt } from "#operator/kube/json-path.ts"
import type { KubeClient } from "#operator/kube/kube-client.ts"
import { isRefusal } from "#operator/kube/kube-error.ts"
import type { ObjectEvent, StatusWrite } from "#operator/reconcile/ports.ts"

/** Where sidecars find the roots to trust, in every injected namespace. */
export const CA_CONFIG_MAP = "sidegate-ca"
/** The config Service selects on it. */
const LEADER_LABEL = "sidegate.dev/leader"

/** An object that is gone, or was replaced by another of its name, needs no status any more. */
export async function writeStatus(client: KubeClient, write: StatusWrite): Promise<void> {
  const { kind, namespace, name } = write.object
  const plural = kindOf(kind)?.plural
  if (plural === undefined) throw new Error(`no status is written on a ${kind}`)
  const target = { apiVersion: API_VERSION, kind, plural, namespace, name }
  try {
    await applyStatus(client, target, write.uid, write.status)
  } catch (error) {
    if (!isRefusal(error, 404)) throw error
  }
}

/** Safe to repeat; a namespace that ends meanwhile, or is gone, is left alone. */
export async function createNamespaceObject(client: KubeClient, namespace: string): Promise<void> {
  const target = namespaceTarget(namespace)
  const { apiVersion, kind, name } = target
  try {
    const path = objectPath({ ...target, name: "" })
    const body = { apiVersion, kind, metadata: { name, namespace } }
    const query = { fieldManager: FIELD_MANAGER }
    await client.request({ method: "POST", path, query, body })
  } catch (error) {
    if (isRefusal(error, 409) || isRefusal(error, 404) || isTerminating(error)) return
    throw error
  }
}

/** Only that object: one that was made anew stays. */
export async function deleteNamespaceObject(
  client: KubeClient,
  namespace: string,
  uid: string,
): Promise<void> {
  const path = objectPath(namespaceTarget(namespace))
  try {
    await client.request({ method: "DELETE", path, body: { preconditions: { uid } } })
  } catch (error) {
    if (isRefusal(error, 404) || isRefusal(error, 409)) return
    throw error
  }
}

export async function writeEvent(writer: EventWriter, event: ObjectEvent): Promise<void> {
  const { object, uid, type, reason, note } = event
  const apiVersion = kindOf(object.kind) === undefined ? "v1" : API_VERSION
  const { kind, namespace, name } = object
  const subject = { apiVersion, kind, namespace, name, uid }
  await writer.emit(subject, { type, reason, action: "Reconcile", note })
}

/**
 * The Secret that keeps the certificates, as text; `save` creates it or replaces one revision of
 * it.
 */
export function createSecretStore(client: KubeClient, namespace: string, name: string) {
  const collection = `/api/v1/namespaces/${namespace}/secrets`
  const load = async (): Promise<StoredTexts | null> => {
    try {
      const object = await client.request({ method: "GET", path: `${collection}/${name}` })
      const texts: Record<string, string> = {}
      for (const [key, value] of Object.entries(at(object, "data") ?? {})) {
        if (typeof value === "string") texts[key] = Buffer.from(value, "base64").toString("utf8")
      }
      return { texts, revision: textAt(object, "metadata", "resourceVersion") ?? "" }
    } catch (error) {
      if (isRefusal(error, 404)) return null
      throw error
    }
  }
  const save = async (
    texts: SecretTexts,
    revision: string | null,
  ): Promise<"saved" | "conflict"> => {
    const metadata = {
      name,
      namespace,
      ...(revision === null ? {} : { resourceVersion: revision }),
    }
    const body = {
      apiVersion: "v1",
      kind: "Secret",
      type: "Opaque",
      metadata,
      data: Object.fromEntries(
        Object.entries(texts).map(([key, text]) => [key, Buffer.from(text).toString("base64")]),
      ),
    }
    try {
      if (revision === null) await client.request({ method: "POST", path: collection, body })
      else await client.request({ method: "PUT", path: `${collection}/${name}`, body })
      return "saved"
    } catch (error) {
      if (isRefusal(error, 409)) return "conflict"
      throw error
    }
  }
  return { load, save }
}

/** Safe to repeat. Gives the ConfigMap as it is then; null in a namespace that ends meanwhile. */
export async function writeConfigMap(
  client: KubeClient,
  namespace: string,
  name: string,
  data: Readonly<Record<string, string>>,
): Promise<unknown> {
  const target = { apiVersion: "v1", kind: "ConfigMap", plural: "configmaps", namespace, name }
  try {
    return await applyObject(client, target, { data })
  } catch (error) {
    // 403: creating in a terminating namespace is forbidden; it is left alone until its end.
    if (isRefusal(error, 404) || isTerminating(error)) return null
    throw error
  }
}

/**
 * Puts the roots into every webhook of the configuration, where they differ. The rest of it is the
 * chart's; `absent` when there is none.
 */
export async function writeCaBundle(
  client: KubeClient,
  name: string,
  roots: string,
): Promise<"written" | "same" | "absent"> {
  const target = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    plural: "mutatingwebhookconfigurations",
    namespace: "",
    name,
  }
  const caBundle = Buffer.from(roots).toString("base64")
  try {
    const object = await client.request({ method: "GET", path: objectPath(target) })
    const webhooks = listAt(object, "webhooks")
    if (webhooks.every((one) => textAt(one, "clientConfig", "caBundle") === caBundle)) return "same"
    const wanted = webhooks.map((one) => ({
      name: textAt(one, "name"),
      clientConfig: { caBundle },
    }))
    await applyObject(client, target, { webhooks: wanted })
    return "written"
  } catch (error) {
    if (isRefusal(error, 404)) return "absent"
    throw error
  }
}

/** Sets or takes away the leader's label on our own pod. */
export async function labelOwnPod(
  client: KubeClient,
  namespace: string,
  pod: string,
  isLeader: boolean,
): Promise<void> {
  await client.request({
    method: "PATCH",
    path: `/api/v1/namespaces/${namespace}/pods/${pod}`,
    contentType: "application/merge-patch+json",
    body: { metadata: { labels: { [LEADER_LABEL]: isLeader ? "true" : null } } },
  })
}

function namespaceTarget(namespace: string): ApplyTarget {
  const { kind, plural } = AI_NAMESPACE
  return { apiVersion: API_VERSION, kind, plural, namespace, name: AI_NAMESPACE_NAME }
}

function isTerminating(error: unknown): boolean {
  return (
    isRefusal(error, 403) && error instanceof Error && error.message.includes("being terminated")
  )
}
