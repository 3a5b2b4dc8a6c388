/**
 * The CA is rotated while pods run: the next root is published first, signs minutes later, and the
 * sidecars that were started before follow, without a restart and without a failed request.
 */
import { X509Certificate } from "node:crypto"
import { afterAll, beforeAll, expect, test } from "vitest"
import { makeCa } from "#operator/certificates/make-pair.ts"
import { BACKDATE_MS, CA_LIFE_MS, PUBLISH_AHEAD_MS } from "#operator/certificates/plan-rotation.ts"
import { at, textAt } from "#operator/kube/json-path.ts"
import {
  applyFresh,
  ask,
  get,
  kubectl,
  NAMESPACE,
  PATIENCE_MS,
  remove,
  rollOut,
  until,
} from "../cluster.ts"
import { OPERATOR, untilAtWork } from "../installation.ts"
import { startLoad } from "../load.ts"

const MANIFEST = "e2e/rotation/application.yaml"
const N = ["-n", "e2e-rotation"] as const
const SECRET = ["secret", "sidegate-operator-tls", "-n", NAMESPACE] as const
/** Enough for the kubelet to bring a changed ConfigMap into a running pod. */
const AHEAD_MS = 150_000

beforeAll(async () => {
  await applyFresh(MANIFEST)
  rollOut("deploy/ask", N[1])
  await until("it is served", () => ask("e2e-rotation", "deploy/ask"))
})
afterAll(() => remove(MANIFEST))

test("the CA is rotated under running pods, and they follow", async () => {
  const before = podUid()
  const old = secretText("ca.crt")
  const load = await startLoad("e2e-rotation", "deploy/ask")
  // As the operator makes it ten months from now; the time that it waits is cut short.
  const madeAt = Date.now() - PUBLISH_AHEAD_MS + AHEAD_MS
  const next = await makeCa({
    notBeforeDate: new Date(madeAt - BACKDATE_MS),
    notAfterDate: new Date(madeAt + CA_LIFE_MS),
  })
  const data = { "next-ca.crt": encode(next.cert), "next-ca.key": encode(next.key) }
  kubectl("patch", ...SECRET, "--type=merge", "-p", JSON.stringify({ data }))
  restartOperator()
  await until("both roots are published", () => isSameSet(rootsPublished(), [old, next.cert]))
  expect(signerOfLeaf([old, next.cert])).toBe(old)

  const signs = () => secretText("ca.crt") === next.cert
  await until("the next CA signs", signs, AHEAD_MS + PATIENCE_MS)
  expect(secretText("previous-ca.crt")).toBe(old)
  expect(signerOfLeaf([old, next.cert])).toBe(next.cert)
  expect(isSameSet(rootsPublished(), [old, next.cert])).toBe(true)
  await until("the webhook is called by the new root too", () =>
    isSameSet(rootsOfWebhook(), [old, next.cert]),
  )

  // A restart makes every sidecar connect anew: to a certificate of the new CA.
  restartOperator()
  const patch = JSON.stringify({ spec: { models: ["smart", "after-rotation"] } })
  kubectl(...N, "patch", "airoute/chat", "--type=merge", "-p", patch)
  await until("the pod of before serves what is new", () =>
    ask("e2e-rotation", "deploy/ask", "after-rotation"),
  )
  expect(podUid()).toBe(before)
  const { answered, failed } = await load.end()
  console.log(`${answered} requests answered while the CA was rotated`)
  expect(failed).toEqual([])
  expect(answered).toBeGreaterThan(1000)
})

test("a pod that starts now is injected and served", async () => {
  await untilAtWork()
  kubectl(...N, "rollout", "restart", "deploy/ask")
  rollOut("deploy/ask", N[1])
  const answer = await until("an answer", () => ask("e2e-rotation", "deploy/ask"))
  expect(answer).not.toBe("")
})

function restartOperator(): void {
  kubectl("-n", NAMESPACE, "rollout", "restart", OPERATOR)
  rollOut(OPERATOR, NAMESPACE)
}

function podUid(): string {
  const list = at(get("pods", ...N, "-l", "app=ask"), "items")
  return textAt(Array.isArray(list) ? list[0] : undefined, "metadata", "uid") ?? ""
}

function secretText(key: string): string {
  return decode(textAt(get(...SECRET), "data", key) ?? "")
}

/** Which of these CAs has signed what the operator serves now. */
function signerOfLeaf(roots: readonly string[]): string | undefined {
  const leaf = new X509Certificate(secretText("tls.crt"))
  return roots.find((root) => leaf.verify(new X509Certificate(root).publicKey))
}

function rootsPublished(): readonly string[] {
  return splitPem(textAt(get("configmap/sidegate-ca", ...N), "data", "ca.crt") ?? "")
}

function rootsOfWebhook(): readonly string[] {
  const webhooks = at(get("mutatingwebhookconfiguration/injection.sidegate.dev"), "webhooks")
  const [first] = Array.isArray(webhooks) ? webhooks : []
  return splitPem(decode(textAt(first, "clientConfig", "caBundle") ?? ""))
}

function splitPem(text: string): readonly string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  const print = (list: readonly string[]) =>
    list.map((pem) => new X509Certificate(pem).fingerprint256).sort()
  return print(some).join() === print(others).join()
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64")
}

function decode(text: string): string {
  return Buffer.from(text, "base64").toString("utf8")
}
