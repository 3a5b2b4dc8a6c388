import { afterAll, beforeAll, expect, test } from "vitest"
import { at } from "#operator/kube/json-path.ts"
import { apply, applyFresh, ask, get, kubectl, NAMESPACE, remove, run, until } from "../cluster.ts"
import { type Load, startLoad } from "../load.ts"

const MANIFEST = "e2e/survive/providers.yaml"
const TEAM = ["teamquota/e2e-team"] as const
const OLD = "Bearer e2e-key-old"
const NEW = "Bearer e2e-key-new"

beforeAll(async () => {
  applyFresh(MANIFEST)
  for (const [namespace, name] of WORKLOADS) {
    kubectl("-n", namespace, "rollout", "status", `deploy/${name}`, "--timeout=90s")
  }
  await until("both namespaces are served", 60_000, () =>
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
  for (const [namespace, pod] of pods) expect(ask(namespace, pod)).toBe("Hello.")
  const asked = total(seenBy("first")) + total(seenBy("second"))
  expect(asked).toBeGreaterThanOrEqual(5)
  await until(`${asked * 7} input tokens`, 120_000, () => inputTokens() === asked * 7)
})

test("a new key is in use within five seconds, and no request fails", async () => {
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
  await until("the new key is seen", 5000, () => count(seenBy("first"), NEW) > 0)
  console.log(`key rotation: ${((performance.now() - begun) / 1000).toFixed(1)} s`)
  const old = count(seenBy("first"), OLD)
  const more = count(seenBy("first"), NEW)
  await until("more requests", 10_000, () => count(seenBy("first"), NEW) > more + 20)
  await expectNoFailure(load)
  expect(count(seenBy("first"), OLD)).toBe(old)
})

test("when a provider's pods go, the other one answers, and no request fails", async () => {
  const load = await begunLoad()
  const before = total(seenBy("second"))
  kubectl("-n", "e2e-providers", "scale", "deploy/first", "--replicas=0")
  await until("the second serves", 30_000, () => total(seenBy("second")) > before + 20)
  kubectl("-n", "e2e-providers", "scale", "deploy/first", "--replicas=1")
  kubectl("-n", "e2e-providers", "rollout", "status", "deploy/first", "--timeout=60s")
  await until("the first serves again", 90_000, () => total(seenBy("first")) > 20)
  await expectNoFailure(load)
})

test("no request fails while the operator is restarted", async () => {
  const load = await begunLoad()
  const operator = ["-n", NAMESPACE, "rollout"] as const
  kubectl(...operator, "restart", "statefulset/sidegate-operator")
  kubectl(...operator, "status", "statefulset/sidegate-operator", "--timeout=90s")
  await expectNoFailure(load)
})

test("no request fails while the chart is upgraded and rolled back", async () => {
  const load = await begunLoad()
  const flags = ["-n", NAMESPACE, "--wait", "--timeout", "2m"]
  const change = ["--reuse-values", "--set", "operator.logLevel=debug,webhook.logLevel=debug"]
  run("helm", ["upgrade", "sidegate", "charts/sidegate", ...flags, ...change])
  run("helm", ["rollback", "sidegate", ...flags])
  await expectNoFailure(load)
})

/** Once it is under way: a provider has been asked. */
async function begunLoad(): Promise<Load> {
  const before = total(seenBy("first"))
  const load = startLoad("e2e-app-a", "deploy/ask")
  await until("the load is under way", 30_000, () => total(seenBy("first")) > before + 20)
  return load
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
