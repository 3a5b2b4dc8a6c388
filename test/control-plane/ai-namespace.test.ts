/** The AINamespace of each namespace, on a real API server with the real operator. */
import { afterAll, beforeAll, expect, test } from "vitest"
import { at, listAt, textAt } from "#operator/kube/json-path.ts"
import { createKubeClient, type KubeClient, loadKubeConfig } from "#operator/kube/kube-client.ts"
import { isRefusal } from "#operator/kube/kube-error.ts"
import { type ControlPlane, kubectl, startControlPlane } from "./control-plane.ts"
import { applyCrds, applyObjects, createNamespace } from "./namespaces.ts"
import { makeOperatorProcess, type OperatorProcess, soon } from "./operator-process.ts"
import { hello, subscribe } from "./raw-sidecar.ts"
import { mintToken } from "./tokens.ts"

const GROUP = "sidegate.dev/v1alpha1"
const ENABLED = { "sidegate.dev/injection": "enabled" }

let control: ControlPlane
let client: KubeClient
let operator: OperatorProcess

beforeAll(async () => {
  control = await startControlPlane()
  client = createKubeClient(loadKubeConfig(control.kubeconfigPath))
  await applyCrds(control)
  await applyObjects(control, [
    {
      apiVersion: GROUP,
      kind: "TeamQuota",
      metadata: { name: "search" },
      spec: { costCenter: "CC-1" },
    },
    {
      apiVersion: GROUP,
      kind: "AIProvider",
      metadata: { name: "sim" },
      spec: { schema: "Simulated", allowedNamespaces: { from: "All" } },
    },
    {
      apiVersion: GROUP,
      kind: "ModelPolicy",
      metadata: { name: "no-previews" },
      spec: {
        targets: { namespaces: { from: "All" } },
        models: { deny: [{ name: "previews", models: ["*-preview"] }] },
      },
    },
  ])
  operator = await makeOperatorProcess(control)
  await operator.start()
})

afterAll(async () => {
  const output = operator.output()
  await operator.stop()
  client.close()
  await control.stop()
  expect(output).not.toMatch(/"level":"error"/)
  expect(output).not.toContain("was not brought about")
})

const pathIn = (namespace: string, name = "default"): string =>
  `/apis/${GROUP}/namespaces/${namespace}/ainamespaces/${name}`

/** Null when there is none. */
async function read(namespace: string): Promise<unknown> {
  try {
    return await client.request({ method: "GET", path: pathIn(namespace) })
  } catch (error) {
    if (isRefusal(error, 404)) return null
    throw error
  }
}

/** Its status, once it has conditions and `look` says so. */
function statusIn(
  namespace: string,
  what: string,
  look: (status: unknown) => boolean = () => true,
): Promise<unknown> {
  return soon(`the AINamespace of ${namespace}: ${what}`, async () => {
    const status = at(await read(namespace), "status")
    if (listAt(status, "conditions").length > 0 && look(status)) return status
    throw new Error(`it is ${JSON.stringify(status)}`)
  })
}

function ready(status: unknown): string {
  const found = listAt(status, "conditions").find((one) => textAt(one, "type") === "Ready")
  return `${textAt(found, "status")} ${textAt(found, "reason")}`
}

const label = (namespace: string, ...labels: readonly string[]) =>
  kubectl(control, ["label", "namespace", namespace, ...labels])

const route = (namespace: string, models: readonly string[]) => ({
  apiVersion: GROUP,
  kind: "AIRoute",
  metadata: { name: "chat", namespace },
  spec: { models, rules: [{ name: "default", backends: [{ provider: "sim" }] }] },
})

/** Made, and said to run as a kubelet says it. */
async function createPod(namespace: string, name: string, spec: object = {}, labels: object = {}) {
  const made = await client.request({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/pods`,
    body: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, labels },
      spec: { containers: [{ name: "app", image: "app:1" }], ...spec },
    },
  })
  await client.request({
    method: "PATCH",
    path: `/api/v1/namespaces/${namespace}/pods/${name}/status`,
    contentType: "application/merge-patch+json",
    body: { status: { phase: "Running" } },
  })
  return textAt(made, "metadata", "uid") ?? ""
}

const SIDECAR = {
  initContainers: [{ name: "sidegate-proxy", image: "sidegate:1", restartPolicy: "Always" }],
}

test("a namespace that is labelled has one, which says what holds and who runs without", async () => {
  const namespace = await createNamespace(control, "told", {
    labels: { "sidegate.dev/team": "search" },
  })
  await createPod(namespace, "early")
  await createPod(namespace, "out", {}, { "sidegate.dev/inject": "false" })
  await createPod(namespace, "in", SIDECAR)
  await applyObjects(control, [route(namespace, ["smart", "smart-preview", "fast-*"])])
  expect(ready(await statusIn(namespace, "for its route"))).toBe("False NotInjected")
  await label(namespace, "sidegate.dev/injection=enabled")
  const status = await statusIn(namespace, "in force", (one) => ready(one) === "True Ready")
  expect(status).toMatchObject({
    observedGeneration: 1,
    injection: "Enabled",
    team: { name: "search", costCenter: "CC-1" },
    models: { total: 2, names: ["fast-*", "smart"] },
    policies: { total: 1, names: ["no-previews"] },
    sidecars: { connected: 0, programmed: 0 },
    pods: {
      injected: 1,
      uninjected: { total: 1, names: ["early"] },
      bypassing: { total: 1, names: ["out"] },
    },
  })
  const { stdout } = await kubectl(control, ["get", "sidegate", "-A"])
  const lines = stdout.split("\n").filter((line) => line.includes("ainamespace"))
  expect(lines.map((line) => line.split(/\s+/).slice(0, 9))).toEqual([
    [namespace, "ainamespace.sidegate.dev/default", "search", "2", "0", "0", "1", "1", "True"],
  ])
})

test("a sidecar that connects shows at once, with its release and configuration", async () => {
  const namespace = await createNamespace(control, "sidecars", { labels: ENABLED })
  await applyObjects(control, [route(namespace, ["smart"])])
  await statusIn(namespace, "before", (one) => at(one, "models", "total") === 1)
  const uid = await createPod(namespace, "api-0", SIDECAR)
  const token = await mintToken(client, { namespace, pod: { name: "api-0", uid } })
  const ca = await soon("the roots", async () => {
    const path = `/api/v1/namespaces/${namespace}/configmaps/sidegate-ca`
    return textAt(await client.request({ method: "GET", path }), "data", "ca.crt")
  })
  const { controlPort: port, serverName } = operator
  const address = { port, serverName, ca, token }
  const { session } = await soon("hello", () => hello(address))
  const stream = await subscribe(address, session)
  const pushed = await soon("a Snapshot", async () =>
    stream.events.find((event) => event.event === "snapshot"),
  )
  const version = pushed.event === "snapshot" ? pushed.data.version : null
  const config = `${version?.term}.${version?.generation}`
  const status = await statusIn(namespace, "1/1", (one) => at(one, "sidecars", "programmed") === 1)
  expect(status).toMatchObject({
    config,
    sidecars: { connected: 1, programmed: 1 },
    versions: [{ config, sidecars: 1 }],
  })
  stream.close()
})

test("what is written over or deleted comes back, and other names are refused", async () => {
  const namespace = await createNamespace(control, "mended", { labels: ENABLED })
  await statusIn(namespace, "in force", (one) => ready(one) === "True Ready")
  await client.request({
    method: "PATCH",
    path: `${pathIn(namespace)}/status`,
    contentType: "application/merge-patch+json",
    body: { status: { team: { name: "bribed" }, conditions: null } },
  })
  const mended = await statusIn(namespace, "mended", (one) => ready(one) === "True Ready")
  expect(at(mended, "team")).toEqual({ name: "unassigned" })
  const before = textAt(await read(namespace), "metadata", "uid")
  await client.request({ method: "DELETE", path: pathIn(namespace) })
  await statusIn(namespace, "made anew", (one) => ready(one) === "True Ready")
  expect(textAt(await read(namespace), "metadata", "uid")).not.toBe(before)
  const mine = { apiVersion: GROUP, kind: "AINamespace", metadata: { name: "mine", namespace } }
  await expect(applyObjects(control, [mine])).rejects.toThrow("named default")
})

test("it goes when Sidegate plays no part in its namespace any more", async () => {
  const namespace = await createNamespace(control, "left", { labels: ENABLED })
  await applyObjects(control, [route(namespace, ["smart"])])
  await statusIn(namespace, "in force", (one) => ready(one) === "True Ready")
  await label(namespace, "sidegate.dev/injection-")
  await statusIn(namespace, "not injected", (one) => ready(one) === "False NotInjected")
  await kubectl(control, ["delete", "airoute", "chat", "-n", namespace])
  await soon("its end", async () => ((await read(namespace)) === null ? true : undefined))
})

test("a namespace that ends is left alone", async () => {
  const namespace = await createNamespace(control, "ending", { labels: ENABLED })
  await statusIn(namespace, "in force")
  // Nobody ends it here: it stays `Terminating`.
  await kubectl(control, ["delete", "namespace", namespace, "--wait=false"])
  await client.request({ method: "DELETE", path: pathIn(namespace) })
  const next = await createNamespace(control, "next", { labels: ENABLED })
  await statusIn(next, "in force")
  expect(await read(namespace)).toBeNull()
})

test("after kill -9 nothing is written that was right", async () => {
  const versionsNow = async (): Promise<readonly string[]> => {
    const path = `/apis/${GROUP}/ainamespaces`
    const items = listAt(await client.request({ method: "GET", path }), "items")
    return items.map(
      (item) =>
        `${textAt(item, "metadata", "namespace")} ${textAt(item, "metadata", "resourceVersion")}`,
    )
  }
  const before = await versionsNow()
  await operator.kill()
  await operator.start()
  // What comes after them in the queue has been written, so they were looked at.
  const namespace = await createNamespace(control, "after", { labels: ENABLED })
  await statusIn(namespace, "in force")
  // The one whose sidecar left is to be written within a minute, whoever leads.
  const isSteady = (line: string) => !line.startsWith(namespace) && !line.startsWith("sidecars-")
  const after = await versionsNow()
  expect(after.filter(isSteady)).toEqual(before.filter(isSteady))
})
