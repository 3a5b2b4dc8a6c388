/**
 * Objects that come, change and go in a real API server, and what should be seen of them.
 *
 * In: a client, places, chance. Out: one random operation at a time, and the whole truth, read from
 * the API server past every fault. Few names, so that an object is often made anew under the name
 * of one that was just deleted.
 */
import { PROVIDER_CREDENTIAL_TYPE, readSecret } from "#operator/credentials/read-secret.ts"
import type { Index } from "#operator/index/index.ts"
import { at, listAt, textAt } from "#operator/kube/json-path.ts"
import type { KubeClient } from "#operator/kube/kube-client.ts"
import { isRefusal } from "#operator/kube/kube-error.ts"
import { podObject } from "#test/fault/world.ts"
import { GROUP, provider, quota, route } from "./world.ts"

export interface Population {
  /** Creates, changes or deletes one object. */
  operate(): Promise<void>
  /** Every object of these kinds by `Kind namespace/name`, with what tells its version. */
  truth(): Promise<ReadonlyMap<string, string>>
  deleted(): number
  /** Counts in words. */
  told(): string
}

export interface PopulationOptions {
  readonly client: KubeClient
  readonly namespaces: readonly string[]
  readonly credentials: string
  /** In [0, 1). */
  readonly draw: () => number
}

const NAMES = 24

interface Target {
  readonly kind: "AIRoute" | "AIProvider" | "TeamQuota" | "Secret" | "Pod" | "Namespace"
  readonly collection: string
  readonly name: string
  make(revision: number): object
  /** A merge patch that changes the object. */
  change(revision: number): object
}

export function createPopulation(options: PopulationOptions): Population {
  const { client, draw } = options
  const counts = { created: 0, changed: 0, deleted: 0, missed: 0 }
  let revision = 0
  const attempt = async (request: Parameters<KubeClient["request"]>[0]): Promise<boolean> => {
    try {
      await client.request(request)
      return true
    } catch (error) {
      // Another writer was faster: it is there already, gone already, or going.
      if (isRefusal(error, 404) || isRefusal(error, 409)) return false
      throw error
    }
  }
  return {
    operate: async () => {
      revision++
      const target = pick(options)
      const path = `${target.collection}/${target.name}`
      const luck = draw()
      if (target.kind !== "Namespace" && luck < 0.3) {
        const body = { gracePeriodSeconds: 0 }
        if (await attempt({ method: "DELETE", path, body })) counts.deleted++
        else counts.missed++
        return
      }
      const contentType = "application/merge-patch+json"
      const change = { method: "PATCH", path, contentType, body: target.change(revision) } as const
      const create = {
        method: "POST",
        path: target.collection,
        body: target.make(revision),
      } as const
      const isCreated = target.kind !== "Namespace" && luck < 0.6 && (await attempt(create))
      if (isCreated) counts.created++
      else if (await attempt(change)) counts.changed++
      else if (target.kind !== "Namespace" && (await attempt(create))) counts.created++
      else counts.missed++
    },
    truth: () => readTruth(options),
    deleted: () => counts.deleted,
    told: () =>
      `${counts.created} created, ${counts.changed} changed, ${counts.deleted} deleted, ` +
      `${counts.missed} met another`,
  }
}

function pick({ namespaces, credentials, draw }: PopulationOptions): Target {
  const name = `storm-${Math.floor(draw() * NAMES)}`
  const namespace = namespaces[Math.floor(draw() * namespaces.length)] ?? ""
  const luck = draw()
  const ours = `/apis/${GROUP}`
  if (luck < 0.4) {
    return {
      kind: "AIRoute",
      collection: `${ours}/namespaces/${namespace}/airoutes`,
      name,
      make: (revision) => route(namespace, name, "storm-0", `model-${revision}`),
      change: (revision) => ({
        spec: Object(route("", name, "storm-0", `model-${revision}`)).spec,
      }),
    }
  }
  if (luck < 0.6) {
    return {
      kind: "AIProvider",
      collection: `${ours}/aiproviders`,
      name,
      make: () => provider(name),
      change: (revision) => ({ spec: { disabled: revision % 2 === 0, region: `r${revision}` } }),
    }
  }
  if (luck < 0.7) {
    return {
      kind: "TeamQuota",
      collection: `${ours}/teamquotas`,
      name,
      make: () => quota(name),
      change: (revision) => ({ spec: { costCenter: `CC-${revision}` } }),
    }
  }
  if (luck < 0.8) {
    const data = (revision: number) => ({ key: btoa(`key-${revision}`) })
    return {
      kind: "Secret",
      collection: `/api/v1/namespaces/${credentials}/secrets`,
      name,
      make: (revision) => ({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name },
        type: PROVIDER_CREDENTIAL_TYPE,
        data: data(revision),
      }),
      change: (revision) => ({ data: data(revision) }),
    }
  }
  if (luck < 0.95) {
    return {
      kind: "Pod",
      collection: `/api/v1/namespaces/${namespace}/pods`,
      name,
      make: (revision) => podObject(namespace, name, { app: `app-${revision}` }),
      change: (revision) => ({ metadata: { labels: { app: `app-${revision}` } } }),
    }
  }
  return {
    kind: "Namespace",
    collection: "/api/v1/namespaces",
    name: namespace,
    make: () => ({}),
    change: (revision) => ({ metadata: { labels: { storm: `s-${revision}` } } }),
  }
}

async function readTruth({ client, credentials }: PopulationOptions): Promise<Map<string, string>> {
  const truth = new Map<string, string>()
  const list = async (path: string) =>
    listAt(await client.request({ method: "GET", path }), "items")
  const keyOf = (object: unknown) =>
    `${textAt(object, "metadata", "namespace") ?? ""}/${textAt(object, "metadata", "name")}`
  for (const [kind, plural] of [
    ["AIRoute", "airoutes"],
    ["AIProvider", "aiproviders"],
    ["TeamQuota", "teamquotas"],
  ]) {
    for (const object of await list(`/apis/${GROUP}/${plural}`)) {
      const version = `${textAt(object, "metadata", "uid")}@${at(object, "metadata", "generation")}`
      truth.set(`${kind} ${keyOf(object)}`, version)
    }
  }
  for (const object of await list("/api/v1/pods")) {
    truth.set(
      `Pod ${keyOf(object)}`,
      podVersion(textAt(object, "metadata", "uid"), labelsOf(object)),
    )
  }
  for (const object of await list("/api/v1/namespaces")) {
    truth.set(`Namespace ${keyOf(object)}`, JSON.stringify(sortedLabels(labelsOf(object))))
  }
  for (const object of await list(`/api/v1/namespaces/${credentials}/secrets`)) {
    const { facts } = readSecret({
      name: textAt(object, "metadata", "name") ?? "",
      uid: textAt(object, "metadata", "uid") ?? "",
      type: textAt(object, "type") ?? "",
      annotations: {},
      data: Object(at(object, "data") ?? {}),
      stringData: {},
    })
    truth.set(`Secret /${facts.name}`, facts.fingerprint)
  }
  return truth
}

/** What the index holds and what is true, where they differ; both ways round. */
export function differences(index: Index, truth: ReadonlyMap<string, string>): readonly string[] {
  const held = new Map<string, string>()
  const { providers, quotas, secrets } = index.clusterView()
  const namespaces = index.namespaces()
  const routes = namespaces.flatMap(({ name }) => index.view(name)?.routes ?? [])
  for (const { kind, namespace, name, uid, generation } of [...providers, ...quotas, ...routes]) {
    held.set(`${kind} ${namespace}/${name}`, `${uid}@${generation}`)
  }
  for (const { name, labels } of namespaces) {
    held.set(`Namespace /${name}`, JSON.stringify(sortedLabels(labels)))
    for (const { pod, podUid, labels } of index.podsOf(name)) {
      held.set(`Pod ${name}/${pod}`, podVersion(podUid, labels))
    }
  }
  for (const { name, fingerprint } of secrets.values()) held.set(`Secret /${name}`, fingerprint)
  const keys = new Set([...held.keys(), ...truth.keys()])
  return [...keys].flatMap((key) => {
    const [is, should] = [held.get(key), truth.get(key)]
    return is === should ? [] : [`${key}: the index has ${is}, the API server ${should}`]
  })
}

type Labels = Readonly<Record<string, string>>

const labelsOf = (object: unknown): Labels => Object(at(object, "metadata", "labels") ?? {})

function sortedLabels(labels: Labels) {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
}

function podVersion(uid: string | undefined, labels: Labels): string {
  return `${uid} ${JSON.stringify(sortedLabels(labels))}`
}
