/** What an operator asks of the API server, and writes there, while nothing changes. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { kindOf } from "#operator/api/v1alpha1/registry.ts"
import { objectPath } from "#operator/kube/apply.ts"
import { at, listAt, textAt } from "#operator/kube/json-path.ts"
import { createKubeClient, type KubeClient, loadKubeConfig } from "#operator/kube/kube-client.ts"
import { STATUS_KINDS } from "#operator/reconcile/read-status.ts"
import type { HeldVersion } from "#proxy/contract/push.ts"
import { temporaryDirectory } from "#test/process/places.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import { type ControlPlane, startControlPlane } from "./control-plane.ts"
import { type FaultProxy, startFaultProxy } from "./fault-proxy.ts"
import { applyCrds, applyObjects, createNamespace } from "./namespaces.ts"
import { makeOperatorProcess, metricOf, type OperatorProcess, soon } from "./operator-process.ts"
import { type ConfigStream, hello, type SidecarAddress, subscribe } from "./raw-sidecar.ts"
import { mintToken } from "./tokens.ts"

const GROUP = "sidegate.dev/v1alpha1"
const ROUTES = ["chat", "code", "tools"]
const PODS = ["api-0", "api-1", "api-2"]

let control: ControlPlane
let proxy: FaultProxy
let client: KubeClient
let operator: OperatorProcess
let namespace: string
let sidecars: readonly Sidecar[] = []

interface Sidecar {
  readonly address: SidecarAddress
  stream: ConfigStream
}

beforeAll(async () => {
  control = await startControlPlane()
  proxy = await startFaultProxy(control)
  const kubeconfig = join(temporaryDirectory("proxied"), "kubeconfig")
  writeFileSync(kubeconfig, proxy.kubeconfig, { mode: 0o600 })
  client = createKubeClient(loadKubeConfig(control.kubeconfigPath))
  await applyCrds(control)
  operator = await makeOperatorProcess(control, { SIDEGATE_KUBECONFIG: kubeconfig })
  await operator.start()
  namespace = await createNamespace(control, "search", {
    labels: { "sidegate.dev/injection": "enabled", "sidegate.dev/team": "search" },
  })
  await applyObjects(control, [
    object("AIProvider", "sim", {
      schema: "Simulated",
      credentials: { type: "None" },
      allowedNamespaces: { from: "All" },
    }),
    object("TeamQuota", "search", { costCenter: "CC-1042" }),
    object("ModelPolicy", "org", policySpec("old-*")),
    ...ROUTES.map((name) =>
      object("AIRoute", name, {
        models: [name],
        rules: [{ name: "default", backends: [{ provider: "sim", model: name }] }],
      }),
    ),
  ])
  const ca = await soon("the roots in the injected namespace", async () => {
    const path = `/api/v1/namespaces/${namespace}/configmaps/sidegate-ca`
    return textAt(await client.request({ method: "GET", path }), "data", "ca.crt")
  })
  sidecars = await Promise.all(PODS.map((name) => connectNew(name, ca)))
})

afterAll(async () => {
  for (const { stream } of sidecars) stream.close()
  await operator.stop()
  client.close()
  await proxy.stop()
  await control.stop()
})

function object(kind: string, name: string, spec: object): object {
  const metadata = kind === "AIRoute" ? { name, namespace } : { name }
  return { apiVersion: GROUP, kind, metadata, spec }
}

function policySpec(denied: string): object {
  return {
    mode: "Enforce",
    targets: { namespaces: { from: "All" } },
    models: { default: "Allow", deny: [{ name: "old", models: [denied] }] },
  }
}

async function connectNew(name: string, ca: string): Promise<Sidecar> {
  const created = await client.request({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/pods`,
    body: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name },
      spec: {
        initContainers: [{ name: "sidegate-proxy", image: "sidegate:1", restartPolicy: "Always" }],
        containers: [{ name: "app", image: "app:1" }],
      },
    },
  })
  const uid = textAt(created, "metadata", "uid") ?? ""
  const token = await mintToken(client, { namespace, pod: { name, uid } })
  const { controlPort: port, serverName } = operator
  const address = { port, serverName, ca, token }
  return { address, stream: await connect(address, null) }
}

async function connect(address: SidecarAddress, held: HeldVersion | null): Promise<ConfigStream> {
  const { session } = await soon("hello", () => hello(address, held))
  return await subscribe(address, session)
}

/** What the sidecar holds after all that its stream has brought. */
function heldBy({ stream }: Sidecar): HeldVersion | undefined {
  const event = stream.events.findLast((one) => one.event === "snapshot")
  return event?.event === "snapshot" ? { ...event.data.version, hash: event.data.hash } : undefined
}

/** `kind/name` to status and resource version, of every object whose status is the operator's. */
async function statuses(): Promise<ReadonlyMap<string, { status: unknown; version: string }>> {
  const lists = [...STATUS_KINDS].map(async (kind) => {
    const plural = kindOf(kind)?.plural ?? ""
    const path = objectPath({ apiVersion: GROUP, plural, namespace: "", name: "" })
    const items = listAt(await client.request({ method: "GET", path }), "items")
    return items.map((item) => {
      const version = textAt(item, "metadata", "resourceVersion") ?? ""
      const name = `${kind}/${textAt(item, "metadata", "name")}`
      return [name, { status: at(item, "status"), version }] as const
    })
  })
  return new Map((await Promise.all(lists)).flat())
}

/** The gauge follows once a second. */
const STEADY_MS = 2500

/** Every status counts all sidecars, and for a while none waits to be written. */
function settled() {
  let since = Number.POSITIVE_INFINITY
  // Longer than counts wait, which a slow machine may make necessary.
  const deadline = { what: "all statuses to count three sidecars", withinMs: 240_000, everyMs: 100 }
  return waitUntil(deadline, async () => {
    const all = await statuses()
    const counts = [...all.values()].map(({ status }) => at(status, "sidecars", "programmed"))
    const backlog = await metricOf(operator, "sidegate_status_backlog")
    const isSettled = counts.every((count) => count === PODS.length) && backlog === 0
    since = isSettled ? Math.min(since, performance.now()) : Number.POSITIVE_INFINITY
    if (performance.now() - since >= STEADY_MS) return all
    throw new Error(`${backlog} wait, counted ${counts.join(" ")}`)
  })
}

test("a restart writes no status but of what changed, whenever the sidecars come back", async () => {
  const before = await settled()
  const held = sidecars.map((sidecar) => heldBy(sidecar) ?? null)
  await operator.kill()
  const from = proxy.seen.length
  // Every Snapshot is another one now: the sidecars come back with what the new process never saw.
  await client.request({
    method: "PATCH",
    path: `/apis/${GROUP}/modelpolicies/org`,
    contentType: "application/merge-patch+json",
    body: { spec: policySpec("older-*") },
  })
  await operator.start()
  for (const [index, sidecar] of sidecars.entries()) {
    // The evaluation before the next one comes back: the metric follows once a second.
    await soon("so many connected", async () =>
      (await metricOf(operator, "sidegate_sidecars")) === index ? true : undefined,
    )
    sidecar.stream = await connect(sidecar.address, held[index] ?? null)
    await soon("the changed Snapshot", async () => heldBy(sidecar))
  }
  const after = await settled()
  const rewritten = [...after].filter(
    ([name, { version }]) => before.get(name)?.version !== version,
  )
  // An AINamespace says which configuration is in force: that is another one now.
  expect(rewritten.map(([name]) => name)).toEqual(["AINamespace/default", "ModelPolicy/org"])
  const written = proxy.seen.slice(from).filter(({ method }) => method === "PATCH")
  expect(written.filter(({ path }) => path.includes("/configmaps/"))).toEqual([])
  // The policy's generation when it was seen, and its sidecars when all were back; nothing between.
  expect(await metricOf(operator, 'sidegate_status_writes_total{result="ok"}')).toBe(3)
}, 600_000)

test.each(["sidegate-ca", "sidegate-env"])(
  "%s is mended when somebody removes it",
  async (name) => {
    const path = `/api/v1/namespaces/${namespace}/configmaps/${name}`
    const before = await client.request({ method: "GET", path })
    await client.request({ method: "DELETE", path })
    const after = await soon("it to be there again", () => client.request({ method: "GET", path }))
    expect(at(after, "data")).toEqual(at(before, "data"))
    expect(textAt(after, "metadata", "uid")).not.toBe(textAt(before, "metadata", "uid"))
  },
)

test("an idle operator with open streams asks less than once a second", async () => {
  await settled()
  const from = proxy.seen.length
  const begun = performance.now()
  const seen = () => proxy.seen.slice(from).map(({ method, path }) => `${method} ${path}`)
  const renewals = () => seen().filter((line) => line.startsWith("PUT ")).length
  await expect.poll(renewals, { timeout: 60_000, interval: 200 }).toBeGreaterThanOrEqual(6)
  const seconds = (performance.now() - begun) / 1000
  expect(seen().length, seen().join("\n")).toBeLessThan(seconds)
})
