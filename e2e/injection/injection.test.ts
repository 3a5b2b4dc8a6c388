import { readFileSync } from "node:fs"
import { afterAll, beforeAll, expect, test } from "vitest"
import {
  applyFresh,
  ask,
  containersOf,
  field,
  get,
  kubectl,
  MINUTES_MS,
  remove,
  until,
} from "../cluster.ts"

const MANIFEST = "e2e/injection/pods.yaml"
const N = ["-n", "e2e-injection"] as const

beforeAll(() => applyFresh(MANIFEST))
afterAll(() => remove(MANIFEST))

/** Ready, whatever made it. */
async function isReady(namespace: string, pod: string): Promise<void> {
  const path = '.status.conditions[?(@.type=="Ready")].status'
  const isTrue = () => field(path, "pod", pod, "-n", namespace) === "True"
  await until(`${pod} is ready`, isTrue, MINUTES_MS)
}

const injected = [
  { name: "a StatefulSet's pod", namespace: "e2e-injection", pod: "stateful-0" },
  { name: "a pod whose init container asks first", namespace: "e2e-injection", pod: "asks-first" },
  { name: "a Guaranteed pod", namespace: "e2e-injection", pod: "guaranteed" },
]
test.each(injected)("$name has a sidecar and a model on localhost", async ({ namespace, pod }) => {
  await isReady(namespace, pod)
  expect(containersOf(get("pod", pod, "-n", namespace))[0]).toBe("sidegate-proxy")
  const answer = await until("an answer", () => ask(namespace, `pod/${pod}`))
  expect(answer.length).toBeGreaterThan(0)
})

test("a Guaranteed pod stays Guaranteed", () => {
  expect(field(".status.qosClass", "pod", "guaranteed", ...N)).toBe("Guaranteed")
})

test("a Job's pod asks and the Job ends, and so does a CronJob's", async () => {
  // A container that asked before its sidecar had configuration is started again.
  const isComplete = (job: string) => () => field(".status.succeeded", job, ...N) === "1"
  await until("the Job is complete", isComplete("job/once"), MINUTES_MS)
  kubectl(...N, "create", "job", "from-cron", "--from=cronjob/often")
  await until("its Job is complete", isComplete("job/from-cron"), MINUTES_MS)
})

test("a pod that asks to be held has its first question answered", async () => {
  const pod = ["pod", "patient", ...N] as const
  const hasEnded = () => ["Succeeded", "Failed"].includes(field(".status.phase", ...pod))
  await until("its one container has ended", hasEnded, MINUTES_MS)
  expect(field(".status.phase", ...pod)).toBe("Succeeded")
})

test("a pod's own base URL is left alone", async () => {
  await isReady("e2e-injection", "own-url")
  const env = kubectl(
    ...N,
    "exec",
    "own-url",
    "-c",
    "ask",
    "--",
    "node",
    "-p",
    "process.env.OPENAI_BASE_URL",
  )
  expect(env.trim()).toBe("http://192.0.2.9/own")
})

const plain = [
  { name: "that opted out", namespace: "e2e-injection", pod: "opted-out" },
  { name: "that did not ask where pods must ask", namespace: "e2e-opt-in", pod: "not-asked" },
]
test.each(plain)("a pod $name is as its manifest says", ({ namespace, pod }) => {
  expect(containersOf(get("pod", pod, "-n", namespace))).toEqual(["ask"])
})

test("a pod that asked where pods must ask has a sidecar", async () => {
  await isReady("e2e-opt-in", "asked")
  expect(containersOf(get("pod", "asked", "-n", "e2e-opt-in"))[0]).toBe("sidegate-proxy")
})

test("no key is in any pod's spec, and none in the manifests", () => {
  const specs = JSON.stringify(get("pods", ...N)) + readFileSync(MANIFEST, "utf8")
  expect(specs).toContain("sidegate-proxy")
  expect(specs).not.toMatch(/API_KEY|sk-/)
})
