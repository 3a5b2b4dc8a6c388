/**
 * F16: the webhook's certificate is rotated while pods are made, and one that has expired. Files as
 * a kubelet mounts them, the real webhook, and the API server that calls it.
 */
import { renameSync, writeFileSync } from "node:fs"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type Life, makeCa, makeLeaf } from "#operator/certificates/make-pair.ts"
import type { KeyPair } from "#operator/certificates/stored-bundle.ts"
import { at, listAt, textAt } from "#operator/kube/json-path.ts"
import { createKubeClient, type KubeClient, loadKubeConfig } from "#operator/kube/kube-client.ts"
import { applyObjects, createNamespace } from "#test/control-plane/namespaces.ts"
import { sharedControlPlane } from "#test/control-plane/shared.ts"
import {
  startWebhookProcess,
  WEBHOOK_CONFIGURATION,
  WEBHOOK_HOST,
  type WebhookPorts,
  waitForWebhook,
  webhookConfiguration,
} from "#test/control-plane/webhook-process.ts"
import { freePorts, temporaryDirectory } from "#test/process/places.ts"
import type { Program } from "#test/process/program.ts"
import { waitForHttp, waitUntil } from "#test/process/wait-until.ts"

const DAY_MS = 86_400_000
const life = (fromMs: number, untilMs: number): Life => ({
  notBeforeDate: new Date(Date.now() + fromMs),
  notAfterDate: new Date(Date.now() + untilMs),
})
const CURRENT = life(-DAY_MS, DAY_MS)
const GROUP = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations"

let client: KubeClient
let webhook: Program
let ports: WebhookPorts
let namespace: string
let roots: readonly [KeyPair, KeyPair]
const folder = temporaryDirectory("webhook-files")

beforeAll(async () => {
  const access = sharedControlPlane()
  client = createKubeClient(loadKubeConfig(access.kubeconfigPath))
  roots = [await makeCa(CURRENT), await makeCa(life(-DAY_MS, 2 * DAY_MS))]
  const [port = 0, ops = 0] = await freePorts(2)
  ports = { webhook: port, ops }
  mount(await makeLeaf(roots[0], CURRENT, [WEBHOOK_HOST]), [roots[0]])
  webhook = await startWebhookProcess(folder, ports)
  await waitForWebhook(ports)
  await applyObjects(access, [webhookConfiguration(ports)])
  namespace = await createNamespace(access, "rotated", {
    labels: { "sidegate.dev/injection": "enabled" },
  })
  await trust([roots[0]])
  await waitUntil({ what: "an injected pod", withinMs: 60_000, everyMs: 100 }, injected)
})
afterAll(async () => {
  await client.request({ method: "DELETE", path: `${GROUP}/${WEBHOOK_CONFIGURATION}` })
  await webhook.stop()
  client.close()
})

/** As a kubelet does: each file is replaced whole. */
function mount({ cert, key }: KeyPair, trusted: readonly KeyPair[]): void {
  const files = { "ca.crt": bundle(trusted), "tls.crt": cert, "tls.key": key }
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(`${folder}/${name}.new`, text, { mode: 0o600 })
    renameSync(`${folder}/${name}.new`, `${folder}/${name}`)
  }
}
const bundle = (trusted: readonly KeyPair[]) => trusted.map(({ cert }) => cert).join("\n")

/** Of the API server: whom it believes to be the webhook. */
async function trust(trusted: readonly KeyPair[]): Promise<void> {
  const path = `${GROUP}/${WEBHOOK_CONFIGURATION}`
  const object = await client.request({ method: "GET", path })
  const caBundle = Buffer.from(bundle(trusted)).toString("base64")
  const webhooks = listAt(object, "webhooks").map((one) => {
    const clientConfig = { ...Object(at(one, "clientConfig")), caBundle }
    return { ...Object(one), clientConfig }
  })
  const contentType = "application/merge-patch+json"
  await client.request({ method: "PATCH", path, contentType, body: { webhooks } })
}

/** One pod made and thrown away. */
async function injected(): Promise<true | undefined> {
  const pod = await client.request({
    method: "POST",
    path: `/api/v1/namespaces/${namespace}/pods`,
    query: { dryRun: "All" },
    body: {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { generateName: "app-" },
      spec: { containers: [{ name: "app", image: "registry.example/app:1" }] },
    },
  })
  const names = listAt(pod, "spec", "initContainers").map((one) => textAt(one, "name"))
  return names.includes("sidegate-proxy") ? true : undefined
}

/** `sidegate_webhook_certificate_expiry_seconds`: the end of the certificate that is served. */
async function servedUntil(): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${ports.ops}/metrics`)).text()
  return Number(/^sidegate_webhook_certificate_expiry_seconds (\S+)$/m.exec(text)?.[1])
}

test("while the certificate and its root are rotated every pod gets its sidecar", async () => {
  const before = await servedUntil()
  await trust(roots)
  mount(await makeLeaf(roots[1], life(-DAY_MS, 2 * DAY_MS), [WEBHOOK_HOST]), roots)
  let pods = 0
  await waitUntil({ what: "the new certificate", withinMs: 60_000, everyMs: 50 }, async () => {
    pods++
    expect(await injected()).toBe(true)
    return pods > 5 && (await servedUntil()) !== before ? true : undefined
  })
  await trust([roots[1]])
  for (let count = 0; count < 10; count++) expect(await injected()).toBe(true)
})

test("behind an expired certificate pods start as they are, the webhook is not ready, and a good one mends it", async () => {
  await webhook.stop()
  mount(await makeLeaf(roots[1], life(-2 * DAY_MS, -DAY_MS), [WEBHOOK_HOST]), [roots[1]])
  webhook = await startWebhookProcess(folder, ports)
  await waitForHttp(`http://127.0.0.1:${ports.ops}/healthz`, 200, 60_000)
  await waitForHttp(`http://127.0.0.1:${ports.ops}/readyz`, 503, 60_000)
  const startedAt = performance.now()
  expect(await injected()).toBeUndefined()
  expect(performance.now() - startedAt).toBeLessThan(20_000)
  mount(await makeLeaf(roots[1], CURRENT, [WEBHOOK_HOST]), [roots[1]])
  await waitUntil({ what: "an injected pod", withinMs: 60_000, everyMs: 200 }, injected)
  await waitForWebhook(ports)
})
