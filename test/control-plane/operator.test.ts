import { randomBytes } from "node:crypto"
import { afterAll, beforeAll, expect, test } from "vitest"
import { at, listAt, textAt } from "#operator/kube/json-path.ts"
import { createKubeClient, type KubeClient, loadKubeConfig } from "#operator/kube/kube-client.ts"
import { makeRecord } from "#test/conformance/ledger-store.ts"
import { type ControlPlane, kubectl, startControlPlane } from "./control-plane.ts"
import { applyCrds, applyObjects, createNamespace } from "./namespaces.ts"
import { makeOperatorProcess, metricOf, type OperatorProcess, soon } from "./operator-process.ts"
import { call, hello, type SidecarAddress, subscribe } from "./raw-sidecar.ts"
import { mintToken } from "./tokens.ts"

const CANARY = `sk-canary-${randomBytes(8).toString("hex")}`
const GROUP = "sidegate.dev/v1alpha1"

let control: ControlPlane
let client: KubeClient
let operator: OperatorProcess
let namespace: string
let roots: string

beforeAll(async () => {
  control = await startControlPlane()
  client = createKubeClient(loadKubeConfig(control.kubeconfigPath))
  await applyCrds(control)
  operator = await makeOperatorProcess(control)
  await operator.start()
  namespace = await createNamespace(control, "search", {
    labels: { "sidegate.dev/injection": "enabled", "sidegate.dev/team": "search" },
  })
  roots = await soon("the roots in the injected namespace", async () => {
    const path = `/api/v1/namespaces/${namespace}/configmaps/sidegate-ca`
    return textAt(await client.request({ method: "GET", path }), "data", "ca.crt")
  })
  await applyObjects(control, baseObjects())
})

afterAll(async () => {
  const output = operator.output()
  await operator.stop()
  client.close()
  await control.stop()
  expect(output).not.toContain(CANARY)
  expect(output).not.toMatch(/"level":"error"/)
})

function baseObjects(): readonly object[] {
  return [
    {
      apiVersion: "v1",
      kind: "Secret",
      metadata: {
        name: "openai-key",
        namespace: operator.namespace,
        annotations: { "sidegate.dev/allowed-hosts": "api.openai.com" },
      },
      type: "sidegate.dev/provider-credential",
      stringData: { "api-key": CANARY },
    },
    {
      apiVersion: GROUP,
      kind: "AIProvider",
      metadata: { name: "openai" },
      spec: {
        schema: "OpenAI",
        endpoint: "https://api.openai.com/v1",
        network: "Public",
        credentials: { type: "Secret", secret: { name: "openai-key", key: "api-key" } },
        allowedNamespaces: { from: "All" },
      },
    },
    {
      apiVersion: GROUP,
      kind: "TeamQuota",
      metadata: { name: "search" },
      spec: { costCenter: "CC-1042" },
    },
    route("chat", "gpt-4o"),
  ]
}

function route(name: string, model: string, models: readonly string[] = ["smart"]): object {
  return {
    apiVersion: GROUP,
    kind: "AIRoute",
    metadata: { name, namespace },
    spec: { models, rules: [{ name: "default", backends: [{ provider: "openai", model }] }] },
  }
}

async function createPod(name: string): Promise<SidecarAddress> {
  const created = await client.request({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/pods`,
    body: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name, labels: { "app.kubernetes.io/name": "api" } },
      spec: {
        initContainers: [{ name: "sidegate-proxy", image: "sidegate:1", restartPolicy: "Always" }],
        containers: [{ name: "app", image: "app:1" }],
      },
    },
  })
  const uid = textAt(created, "metadata", "uid") ?? ""
  const token = await mintToken(client, { namespace, pod: { name, uid } })
  return { port: operator.controlPort, serverName: operator.serverName, ca: roots, token }
}

const deletePod = (name: string) =>
  kubectl(control, ["delete", "pod", name, "-n", namespace, "--grace-period=0", "--force"])

/** `Ready=True Ready` of an object, as kubectl prints it. */
async function condition(kind: string, name: string, type: string): Promise<string> {
  const path = `{.status.conditions[?(@.type=="${type}")]}`
  const { stdout } = await kubectl(control, [
    "get",
    kind,
    name,
    ...(kind === "airoute" ? ["-n", namespace] : []),
    "-o",
    `jsonpath=${path}`,
  ])
  if (stdout === "") throw new Error(`${kind} ${name} has no condition ${type} yet`)
  const found: unknown = JSON.parse(stdout)
  return `${textAt(found, "status")} ${textAt(found, "reason")}: ${textAt(found, "message")}`
}

const until = (kind: string, name: string, type: string, want: string) =>
  soon(`${kind} ${name} ${type} ${want}`, async () => {
    const found = await condition(kind, name, type)
    if (!found.startsWith(want)) throw new Error(`it is ${found}`)
    return found
  })

/** The gauge follows within a second. */
const connected = (count: number) =>
  soon(`${count} sidecars connected`, async () =>
    (await metricOf(operator, "sidegate_sidecars")) === count ? true : undefined,
  )

async function connect(name: string, refuse?: () => string | null) {
  const address = await createPod(name)
  // The pod is in the operator's watch within moments; until then it is unknown.
  const { session, identity } = await soon("hello", () => hello(address))
  const stream = await subscribe(address, session, refuse)
  return { address, identity, stream }
}

test("what is applied is judged, and kubectl shows it", async () => {
  await until("airoute", "chat", "Ready", "True Ready")
  await until("aiprovider", "openai", "ResolvedRefs", "True")
  const { stdout } = await kubectl(control, ["get", "sidegate", "-A"])
  expect(stdout).toContain(`airoute.sidegate.dev/chat`)
  expect(stdout).toContain("aiprovider.sidegate.dev/openai")
})

test("a pod's token opens the channel: keys, then its Snapshot; its answer counts", async () => {
  const { identity, stream } = await connect("api-0")
  expect(identity).toMatchObject({ namespace, pod: "api-0", application: "api" })
  await soon("a Snapshot", async () => stream.events.find(({ event }) => event === "snapshot"))
  expect(stream.events.map(({ event }) => event)).toEqual(["credentials", "snapshot"])
  expect(stream.events[0]?.data).toMatchObject({
    entries: [{ provider: "openai", origin: "https://api.openai.com", value: CANARY }],
  })
  expect(JSON.stringify(stream.events[1])).not.toContain(CANARY)
  expect(await until("airoute", "chat", "Programmed", "True Programmed")).toContain("1/1 sidecars")
  await connected(1)
  stream.close()
  await connected(0)
  await deletePod("api-0")
})

test("kubectl apply reaches a subscriber well within a second, and is programmed", async () => {
  const { stream } = await connect("api-1")
  await soon("a Snapshot", async () => stream.events.find(({ event }) => event === "snapshot"))
  const delays: number[] = []
  for (let round = 0; round < 5; round++) {
    const model = `gpt-4o-${round}`
    const before = performance.now()
    await client.request({
      method: "PATCH",
      path: `/apis/${GROUP}/namespaces/${namespace}/airoutes/chat`,
      contentType: "application/merge-patch+json",
      body: {
        spec: { rules: [{ name: "default", backends: [{ provider: "openai", model }] }] },
      },
    })
    await soon("the change", async () =>
      stream.events.some((event) => JSON.stringify(event).includes(model)) ? true : undefined,
    )
    delays.push(performance.now() - before)
  }
  delays.sort((a, b) => a - b)
  console.log(`a change to its stream: median ${Math.round(delays[2] ?? 0)} ms of five`)
  expect(delays[2]).toBeLessThan(5000)
  await soon("generation 6 or later programmed", async () => {
    const path = `/apis/${GROUP}/namespaces/${namespace}/airoutes/chat`
    const object = await client.request({ method: "GET", path })
    const generation = at(object, "metadata", "generation")
    const programmed = listAt(object, "status", "conditions").find(
      (one) => textAt(one, "type") === "Programmed",
    )
    const isCurrent = at(programmed, "observedGeneration") === generation
    return isCurrent && textAt(programmed, "message") === "1/1 sidecars" ? true : undefined
  })
  stream.close()
  await deletePod("api-1")
})

test("a conflicting route loses to the older one, by condition and one Event", async () => {
  await applyObjects(control, [route("late", "gpt-4o-mini")])
  const found = await until("airoute", "late", "Accepted", "False Conflicted")
  expect(found).toContain(`${namespace}/chat`)
  await until("airoute", "chat", "Ready", "True")
  const events = await soon("an Event", async () => {
    const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`
    const all = listAt(await client.request({ method: "GET", path }), "items")
    const ours = all.filter((one) => textAt(one, "regarding", "name") === "late")
    return ours.length > 0 ? ours : undefined
  })
  expect(events.map((one) => `${textAt(one, "type")} ${textAt(one, "reason")}`)).toEqual([
    "Warning Conflicted",
  ])
})

test("a Secret that goes away shows on the provider, and its return mends it", async () => {
  const secret = baseObjects()[0] ?? {}
  await kubectl(control, ["delete", "secret", "openai-key", "-n", operator.namespace])
  await until("aiprovider", "openai", "ResolvedRefs", "False SecretNotFound")
  await applyObjects(control, [secret])
  await until("aiprovider", "openai", "ResolvedRefs", "True")
})

test("usage is stored once and shows on the team's quota within 5 seconds", async () => {
  const { address, stream } = await connect("api-2")
  const now = Date.now()
  const record = makeRecord({ admittedAt: now, endedAt: now, cost: 2_500_000 })
  const sentAt = performance.now()
  for (let round = 0; round < 2; round++) {
    const answer = await call(address, "POST", "/v1/usage", { boot: "boot-1", records: [record] })
    expect(answer).toEqual({ status: 200, body: { acknowledged: 1 } })
  }
  await soon("usage on the quota", async () => {
    const path = `/apis/${GROUP}/teamquotas/search`
    const usage = at(await client.request({ method: "GET", path }), "status", "usage")
    return textAt(usage, "usd") === "0.0025" && at(usage, "tokens") === 15 ? true : undefined
  })
  console.log(`usage to the quota: ${Math.round(performance.now() - sentAt)} ms`)
  stream.close()
  await deletePod("api-2")
})

test("a deleted pod's stream ends, and its token opens nothing any more", async () => {
  const { address, stream } = await connect("api-3")
  await deletePod("api-3")
  await stream.ended
  const { status } = await call(address, "POST", "/v1/hello", {})
  expect([401, 403]).toContain(status)
})

test("a namespace that is no longer injected loses its streams", async () => {
  const { address, stream } = await connect("api-4")
  await kubectl(control, ["label", "namespace", namespace, "sidegate.dev/injection-"])
  await stream.ended
  expect((await call(address, "POST", "/v1/hello", {})).status).toBe(403)
  await kubectl(control, ["label", "namespace", namespace, "sidegate.dev/injection=enabled"])
  await soon("hello again", () => hello(address))
  await deletePod("api-4")
})

test("after kill -9 it leads on; who holds the current Snapshot is sent nothing", async () => {
  const { address, stream } = await connect("api-5")
  const push = await soon("a Snapshot", async () => {
    const found = stream.events.findLast(({ event }) => event === "snapshot")
    return found?.event === "snapshot" ? found.data : undefined
  })
  const keys = stream.events.find(({ event }) => event === "credentials")
  const revision = keys?.event === "credentials" ? keys.data.revision : null
  await operator.kill()
  await operator.start()
  const held = { ...push.version, hash: push.hash }
  const { session } = await soon("hello", () => hello(address, held, revision))
  const again = await subscribe(address, session)
  await connected(1)
  expect(again.events).toEqual([])
  expect(await metricOf(operator, "sidegate_term")).toBeGreaterThan(push.version.term)
  await until("airoute", "chat", "Programmed", "True Programmed")
  again.close()
  await deletePod("api-5")
})
