import { afterAll, beforeAll, expect, test } from "vitest"
import { at } from "#operator/kube/json-path.ts"
import {
  apply,
  applyFresh,
  ask,
  get,
  HELM_WAITS,
  kubectl,
  MINUTES_MS,
  NAMESPACE,
  remove,
  rollOut,
  run,
  until,
} from "../cluster.ts"
import { OPERATOR, RELEASE_NAME } from "../installation.ts"
import { type Load, startLoad } from "../load.ts"

const MANIFEST = "e2e/survive/providers.yaml"
const TEAM = ["teamquota/e2e-team"] as const
const OLD = "Bearer e2e-key-old"
const NEW = "Bearer e2e-key-new"
/** Five times what is promised. */
const NEW_KEY_MS = 25_000

beforeAll(async () => {
  await applyFresh(MANIFEST)
  for (const [namespace, name] of WORKLOADS) rollOut(`deploy/${name}`, namespace)
  await until("both namespaces are served", () =>
    ["e2e-app-a", "e2e-app-b"].every((namespace) => ask(namespace, "deploy/ask") === "Hello."),
  )
})
afterAll(() => remove(MANIFEST))

const WORKLOADS = [
  ["e2e-providers", "first"],
  ["e2e-providers", "second"],
  ["e2e-app-a", "ask"],
  ["e2e-app-b", "ask"],
] as const

test("five pods of two namespaces add up in one TeamQuota, to the token", async () => {
  const pods = ["e2e-app-a", "e2e-app-b"].flatMap((namespace) =>
    kubectl("-n", namespace, "get", "pods", "-o", "name")
      .trim()
      .split("\n")
      .map((pod) => [namespace, pod] as const),
  )
  expect(pods).toHaveLength(5)
  // Ready is the application; its gateway may have no configuration yet, and asks no provider then.
  for (const [namespace, pod] of pods) {
    await until(`${pod} is served`, () => ask(namespace, pod) === "Hello.")
  }
  const asked = total(seenBy("first")) + total(seenBy("second"))
  expect(asked).toBeGreaterThanOrEqual(5)
  await until(`${asked * 7} input tokens`, () => inputTokens() === asked * 7, MINUTES_MS)
})

test("a new key is soon in use instead of the old one, and no request fails", async () => {
  const load = await begunLoad()
  const begun = performance.now()
  apply(`
apiVersion: v1
kind: Secret
metadata:
  name: e2e-first
  namespace: ${NAMESPACE}
  annotations: {sidegate.dev/allowed-hosts: first.e2e-providers.svc.cluster.local}
type: sidegate.dev/provider-credential
stringData: {api-key: e2e-key-new}
`)
  await until("the new key is seen", () => count(seenBy("first"), NEW) > 0, NEW_KEY_MS)
  console.log(`key rotation: ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  await untilMore(NEW)
  // What was under way with the old key has ended.
  const old = count(seenBy("first"), OLD)
  await untilMore(NEW)
  await expectNoFailure(load)
  expect(count(seenBy("first"), OLD)).toBe(old)
})

test("when a provider's pods go, the other one answers, and no request fails", async () => {
  const load = await begunLoad()
  const before = total(seenBy("second"))
  kubectl("-n", "e2e-providers", "scale", "deploy/first", "--replicas=0")
  const left = () => kubectl("-n", "e2e-providers", "get", "pods", "-l", "app=first", "-o", "name")
  await until("the first is gone", () => left() === "")
  await until("the second serves", () => total(seenBy("second")) > before + 20)
  kubectl("-n", "e2e-providers", "scale", "deploy/first", "--replicas=1")
  rollOut("deploy/first", "e2e-providers")
  await until("the first serves again", () => total(seenBy("first")) > 20)
  await expectNoFailure(load)
})

test("no request fails while the operator is restarted", async () => {
  const load = await begunLoad()
  kubectl("-n", NAMESPACE, "rollout", "restart", OPERATOR)
  rollOut(OPERATOR, NAMESPACE)
  await expectNoFailure(load)
})

test("no request fails while the chart is upgraded and rolled back", async () => {
  const load = await begunLoad()
  const change = ["--reuse-values", "--set", "operator.logLevel=debug,webhook.logLevel=debug"]
  run("helm", ["upgrade", RELEASE_NAME, "charts/sidegate", ...HELM_WAITS, ...change])
  run("helm", ["rollback", RELEASE_NAME, ...HELM_WAITS])
  await expectNoFailure(load)
})

/** Once the first provider serves it. */
async function begunLoad(): Promise<Load> {
  const before = total(seenBy("first"))
  const load = await startLoad("e2e-app-a", "deploy/ask")
  await until("the first serves the load", () => total(seenBy("first")) > before + 20)
  return load
}

async function untilMore(key: string): Promise<void> {
  const before = count(seenBy("first"), key)
  await until("more requests", () => count(seenBy("first"), key) > before + 20)
}

async function expectNoFailure(load: Load): Promise<void> {
  const { answered, failed } = await load.end()
  console.log(`${answered} requests answered`)
  expect(failed).toEqual([])
  expect(answered).toBeGreaterThan(20)
}

/** Requests that a provider has seen since its pod started, by key. */
function seenBy(provider: string): unknown {
  const ask = "console.log(await (await fetch('http://127.0.0.1:8080/seen')).text())"
  const node = ["node", "--input-type=module", "-e", ask]
  const text = kubectl("-n", "e2e-providers", "exec", `deploy/${provider}`, "--", ...node)
  return JSON.parse(text)
}

function count(seen: unknown, key: string): number {
  return Number(at(seen, key) ?? 0)
}

function total(seen: unknown): number {
  return Object.keys(seen ?? {}).reduce((sum, key) => sum + count(seen, key), 0)
}

function inputTokens(): number {
  return Number(at(get(...TEAM), "status", "usage", "inputTokens") ?? 0)
}
