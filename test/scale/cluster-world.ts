/**
 * The big cluster as objects of a real API server: made by plain requests, many at a time.
 *
 * 1,000 namespaces and 5,000 objects of our own kinds. A shared route leads every namespace to
 * `provider-0`, so that its kill switch concerns all of them.
 */
import { API_VERSION, kindOf } from "#operator/api/v1alpha1/registry.ts"
import { objectPath } from "#operator/kube/apply.ts"
import { textAt } from "#operator/kube/json-path.ts"
import type { KubeClient } from "#operator/kube/kube-client.ts"
import { podObject } from "#test/fault/world.ts"
import { type FedObject, makeObject, OPERATOR_NAMESPACE } from "#test/operator/objects.ts"
import { makeWorld, namespaceName, type WorldSize } from "./world.ts"

export interface ClusterSize {
  readonly world: WorldSize
  /** Pods in the first namespace; every other one has one. */
  readonly crowd: number
}

/** With the shared route, 5,000 objects of our own kinds, and 1,099 pods. */
export const CLUSTER: ClusterSize = {
  world: { namespaces: 1000, routesPerNamespace: 4, providers: 50, policies: 200, quotas: 749 },
  crowd: 100,
}

/** Requests under way at once. */
const AT_ONCE = 24
const TOKEN_SECONDS = 7200

export interface MadeCluster {
  /** Objects of our own kinds. */
  readonly objects: number
  /** Tokens bound to the pods, those of the first namespace first. */
  readonly tokens: readonly string[]
}

export async function makeCluster(client: KubeClient, size: ClusterSize): Promise<MadeCluster> {
  const world = makeWorld(size.world)
  const namespaces = world.filter(({ kind }) => kind === "Namespace")
  const secrets = world.filter(({ kind }) => kind === "Secret")
  const ours = [...world.filter(({ kind }) => kindOf(kind) !== undefined), sharedRoute()]
  await inTurn([...namespaces, ...secrets], (fed) => create(client, manifestOf(fed)))
  await inTurn(ours, (fed) => create(client, manifestOf(fed)))
  const names = namespaces.map(({ object }) => object.metadata.name)
  await inTurn(names, (namespace) => {
    const metadata = { name: "default", namespace }
    return create(client, { apiVersion: "v1", kind: "ServiceAccount", metadata })
  })
  const crowd = Array.from({ length: size.crowd - 1 }, (_, at) => `app-${at + 1}`)
  const pods = [
    ...crowd.map((pod) => ({ namespace: namespaceName(0), pod })),
    ...names.map((namespace) => ({ namespace, pod: "app-0" })),
  ]
  const tokens = await inTurn(pods, async ({ namespace, pod }) => {
    const labels = { app: "api" }
    const made = await create(client, podObject(namespace, pod, labels))
    return await tokenOf(client, namespace, pod, textAt(made, "metadata", "uid") ?? "")
  })
  return { objects: ours.length, tokens }
}

/** The kill switch: `disabled` of the provider that every namespace has a route to. */
export function killSwitch(client: KubeClient, disabled: boolean): Promise<unknown> {
  return patchSpec(client, "AIProvider", "", "provider-0", { disabled })
}

export function patchSpec(
  client: KubeClient,
  kind: string,
  namespace: string,
  name: string,
  spec: unknown,
): Promise<unknown> {
  return client.request({
    method: "PATCH",
    path: pathOf(kind, namespace, name),
    contentType: "application/merge-patch+json",
    body: { spec },
  })
}

/** `namespace/name` to resource version, of every object of a kind. */
export async function versionsOf(
  client: KubeClient,
  kind: string,
): Promise<ReadonlyMap<string, string>> {
  const list = await client.request({ method: "GET", path: pathOf(kind, "", "") })
  const { items } = list as { readonly items: readonly unknown[] }
  return new Map(
    items.map((item) => [
      `${textAt(item, "metadata", "namespace") ?? ""}/${textAt(item, "metadata", "name")}`,
      textAt(item, "metadata", "resourceVersion") ?? "",
    ]),
  )
}

/** Runs `act` for every item, AT_ONCE at a time; results in the order of the items. */
async function inTurn<T, R>(
  items: readonly T[],
  act: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++
      const item = items[at]
      if (item !== undefined) results[at] = await act(item)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return results
}

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
}

function manifestOf({ kind, object }: FedObject): Manifest {
  const { name, namespace, labels, annotations } = object.metadata
  const { metadata: _, ...fields } = object
  const apiVersion = kindOf(kind) === undefined ? "v1" : API_VERSION
  const place = namespace === "" ? { name } : { name, namespace }
  return { apiVersion, kind, metadata: { ...place, ...{ labels, annotations } }, ...fields }
}

function create(client: KubeClient, object: object): Promise<unknown> {
  const { kind, metadata } = object as Manifest
  const path = pathOf(kind, metadata.namespace ?? "", "")
  return client.request({ method: "POST", path, body: object })
}

function pathOf(kind: string, namespace: string, name: string): string {
  const ours = kindOf(kind)
  const plural = ours?.plural ?? `${kind.toLowerCase()}s`
  return objectPath({
    apiVersion: ours === undefined ? "v1" : API_VERSION,
    plural,
    namespace,
    name,
  })
}

function sharedRoute(): FedObject {
  const rules = [{ name: "everyone", backends: [{ provider: "provider-0", model: "upstream-0" }] }]
  const spec = { models: ["everywhere"], rules, namespaces: { from: "All" } }
  return makeObject("AIRoute", "everywhere", { spec }, { namespace: OPERATOR_NAMESPACE })
}

/** As `mintToken` of the control plane's tests, for longer than this run takes. */
async function tokenOf(
  client: KubeClient,
  namespace: string,
  name: string,
  uid: string,
): Promise<string> {
  const answer = await client.request({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/serviceaccounts/default/token`,
    body: {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: {
        audiences: ["sidegate"],
        expirationSeconds: TOKEN_SECONDS,
        boundObjectRef: { kind: "Pod", apiVersion: "v1", name, uid },
      },
    },
  })
  const token = textAt(answer, "status", "token")
  if (token === undefined) throw new Error("the TokenRequest came back without a token")
  return token
}
