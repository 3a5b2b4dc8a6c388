import { beforeAll, expect, test } from "vitest"
import { writeStatus } from "#operator/cluster-writes.ts"
import { type ApplyTarget, applyObject, applyStatus, objectPath } from "#operator/kube/apply.ts"
import { createEventWriter, type EventSubject } from "#operator/kube/events.ts"
import { at, listAt, textAt } from "#operator/kube/json-path.ts"
import { createKubeClient, type KubeClient, loadKubeConfig } from "#operator/kube/kube-client.ts"
import { kubectl } from "./control-plane.ts"
import { applyCrds, applyObjects, createNamespace } from "./namespaces.ts"
import { sharedControlPlane } from "./shared.ts"

let client: KubeClient
let namespace: string

beforeAll(async () => {
  const access = sharedControlPlane()
  await applyCrds(access)
  client = createKubeClient(loadKubeConfig(access.kubeconfigPath))
  namespace = await createNamespace(access, "writes")
  return () => client.close()
})

const quota = (name: string): ApplyTarget => ({
  apiVersion: "sidegate.dev/v1alpha1",
  kind: "TeamQuota",
  plural: "teamquotas",
  namespace: "",
  name,
})
const status = (message: string): object => ({
  observedGeneration: 1,
  conditions: [
    {
      type: "Accepted",
      status: "True",
      reason: "Accepted",
      message,
      observedGeneration: 1,
      lastTransitionTime: "2026-11-22T12:00:00Z",
    },
  ],
})
const read = (target: ApplyTarget): Promise<unknown> =>
  client.request({ method: "GET", path: objectPath(target) })

let made = 0
async function createQuota(): Promise<{ readonly target: ApplyTarget; readonly uid: string }> {
  const target = quota(`${namespace}-${++made}`)
  await applyObjects(sharedControlPlane(), [
    { apiVersion: target.apiVersion, kind: target.kind, metadata: { name: target.name }, spec: {} },
  ])
  return { target, uid: textAt(await read(target), "metadata", "uid") ?? "" }
}

test("a ConfigMap is created and changed, and what others wrote into it stays", async () => {
  const target = {
    apiVersion: "v1",
    kind: "ConfigMap",
    plural: "configmaps",
    namespace,
    name: "env",
  }
  await applyObject(client, target, { data: { ours: "1" } }, { labels: { owner: "sidegate" } })
  const args = ["patch", "configmap", "env", "-n", namespace, "-p", '{"data":{"theirs":"2"}}']
  expect((await kubectl(sharedControlPlane(), args)).code).toBe(0)
  await applyObject(client, target, { data: { ours: "3" } }, { labels: { owner: "sidegate" } })
  expect(at(await read(target), "data")).toEqual({ ours: "3", theirs: "2" })
})

test("a status is written as field manager sidegate, beside the spec", async () => {
  const { target, uid } = await createQuota()
  await applyStatus(client, target, uid, status("fine"))
  const object = await read(target)
  expect(textAt(listAt(object, "status", "conditions")[0], "message")).toBe("fine")
  expect(at(object, "metadata", "generation")).toBe(1)
  const managers = listAt(object, "metadata", "managedFields").map((entry) =>
    [textAt(entry, "manager"), textAt(entry, "operation"), textAt(entry, "subresource")].join(":"),
  )
  expect(managers).toContain("sidegate:Apply:status")
})

test("the same status again changes nothing in the store", async () => {
  const { target, uid } = await createQuota()
  await applyStatus(client, target, uid, status("same"))
  const before = textAt(await read(target), "metadata", "resourceVersion")
  await applyStatus(client, target, uid, status("same"))
  expect(textAt(await read(target), "metadata", "resourceVersion")).toBe(before)
})

test("a successor of the same name does not get the status of its predecessor", async () => {
  const { target } = await createQuota()
  const other = crypto.randomUUID()
  await expect(applyStatus(client, target, other, status("wrong"))).rejects.toMatchObject({
    status: 404,
  })
  expect(at(await read(target), "status")).toBeUndefined()
})

test("a status gets in although the object is written at the same time", async () => {
  const { target, uid } = await createQuota()
  const label = (value: number): Promise<unknown> =>
    client.request({
      method: "PATCH",
      path: objectPath(target),
      contentType: "application/merge-patch+json",
      body: { metadata: { labels: { round: String(value) } } },
    })
  const writes = [applyStatus(client, target, uid, status("in")), label(1), label(2)]
  await Promise.all(writes)
  expect(textAt(listAt(await read(target), "status", "conditions")[0], "message")).toBe("in")
})

test("a status that others keep writing over is not taken for written", async () => {
  const { target, uid } = await createQuota()
  let round = 0
  const label = (): Promise<unknown> =>
    client.request({
      method: "PATCH",
      path: objectPath(target),
      contentType: "application/merge-patch+json",
      body: { metadata: { labels: { round: String(round++) } } },
    })
  const outrun: KubeClient = {
    ...client,
    request: async (options) => {
      if (options.method === "PATCH") await label()
      return client.request(options)
    },
  }
  const write = { object: { kind: "TeamQuota", namespace: "", name: target.name }, uid } as const
  const inForce = { observedGeneration: 1, conditions: [] }
  await expect(writeStatus(outrun, { ...write, status: inForce })).rejects.toMatchObject({
    status: 409,
  })
  expect(round).toBe(3)
  await writeStatus(client, { ...write, uid: crypto.randomUUID(), status: inForce })
  expect(at(await read(target), "status")).toBeUndefined()
})

test("a status of an object that is gone creates nothing", async () => {
  const target = quota(`${namespace}-gone`)
  const uid = crypto.randomUUID()
  await expect(applyStatus(client, target, uid, status("late"))).rejects.toMatchObject({
    status: 404,
  })
  await expect(read(target)).rejects.toMatchObject({ status: 404 })
})

test("an event shows in kubectl describe, and a repetition is counted in its series", async () => {
  const { target, uid } = await createQuota()
  const subject: EventSubject = { ...target, uid }
  let nowMs = Date.UTC(2026, 10, 22)
  const writer = createEventWriter({ client, instance: "operator-0", now: () => nowMs })
  const words = {
    type: "Warning",
    reason: "Conflicted",
    action: "Compile",
    note: `AIRoute a/b is older ${"é".repeat(1_000)}`,
  } as const
  await writer.emit(subject, words)
  nowMs += 60_000
  await writer.emit(subject, words)
  const described = await kubectl(sharedControlPlane(), ["describe", "teamquota", target.name])
  expect(described.stdout).toMatch(/Warning\s+Conflicted\s+.*AIRoute a\/b is older/)
  const query = { fieldSelector: "reason=Conflicted" }
  const path = "/apis/events.k8s.io/v1/namespaces/default/events"
  const list = await client.request({ method: "GET", path, query })
  const ours = listAt(list, "items").filter((item) => textAt(item, "regarding", "uid") === uid)
  expect(ours.map((item) => at(item, "series", "count"))).toEqual([2])
  expect(Buffer.byteLength(textAt(ours[0], "note") ?? "")).toBeLessThanOrEqual(1024)
  // Ten minutes later it is a new event, as the API wants it.
  nowMs += 600_000
  await writer.emit(subject, words)
  const later = await client.request({ method: "GET", path, query })
  const all = listAt(later, "items").filter((item) => textAt(item, "regarding", "uid") === uid)
  expect(all.length).toBe(2)
})

test("an event whose series has expired is written anew", async () => {
  const { target, uid } = await createQuota()
  const nowMs = Date.UTC(2026, 10, 22)
  const writer = createEventWriter({ client, instance: "operator-0", now: () => nowMs })
  const words = { type: "Normal", reason: "Accepted", action: "Compile", note: "fine" } as const
  const path = "/apis/events.k8s.io/v1/namespaces/default/events"
  const query = { fieldSelector: "reason=Accepted" }
  await writer.emit({ ...target, uid }, words)
  await client.request({ method: "DELETE", path, query })
  await writer.emit({ ...target, uid }, words)
  const list = await client.request({ method: "GET", path, query })
  const found = listAt(list, "items").filter((item) => textAt(item, "regarding", "uid") === uid)
  expect(found.length).toBe(1)
})
