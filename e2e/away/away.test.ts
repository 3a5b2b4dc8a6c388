/**
 * Pods start whatever is away: with the operator away they have their sidecar, and are held only if
 * they ask for it and no longer; with the webhook away as well they start without one.
 */
import { afterAll, beforeAll, expect, test } from "vitest"
import { at, listAt, textAt } from "#operator/kube/json-path.ts"
import {
  apply,
  applyFresh,
  ask,
  containersOf,
  field,
  get,
  kubectl,
  NAMESPACE,
  remove,
  until,
} from "../cluster.ts"

const MANIFEST = "e2e/away/application.yaml"
const N = ["-n", "e2e-away"] as const
const OPERATOR = "statefulset/sidegate-operator"
const WEBHOOK = "deploy/sidegate-webhook"
const HOLD_SECONDS = 15
/** The webhook's timeout is two seconds, and the API server calls it twice: five times of it. */
const ADMITTED_WITHIN_MS = 20_000
const PODS = 10

beforeAll(async () => {
  applyFresh(MANIFEST)
  await until("a pod is served", 90_000, () => ask("e2e-away", "pod/before"))
})
afterAll(() => {
  scale(WEBHOOK, 2)
  scale(OPERATOR, 1)
  remove(MANIFEST)
})

test("with the operator away a pod starts at once, and a held one after its time", async () => {
  scale(OPERATOR, 0)
  await until("the operator's pod is gone", 60_000, () => podsOf("sidegate-operator") === 0)
  apply(podNamed("at-once"))
  apply(podNamed("held", { "sidegate.dev/hold": `${HOLD_SECONDS}s` }))
  for (const name of ["at-once", "held"]) {
    await until(`${name} runs`, 90_000, () => isRunning(name))
    expect(containersOf(get("pod", name, ...N))[0]).toBe("sidegate-proxy")
  }
  const [atOnce, held] = [secondsHeld("at-once"), secondsHeld("held")]
  console.log(`application after sidecar: ${atOnce} s, with a hold of 15 s: ${held} s`)
  expect(held).toBeGreaterThanOrEqual(HOLD_SECONDS)
  expect(held).toBeLessThan(HOLD_SECONDS + 30)
  expect(atOnce).toBeLessThan(HOLD_SECONDS)
})

test("with the webhook away too pods are admitted, without a sidecar", async () => {
  scale(WEBHOOK, 0)
  await until("no webhook is left", 60_000, () => podsOf("sidegate-webhook") === 0)
  expect(field(".webhooks[0].failurePolicy", CONFIGURATION)).toBe("Ignore")
  const tookMs = Array.from({ length: PODS }, (_, index) => {
    const begun = performance.now()
    apply(podNamed(`plain-${index}`))
    return Math.round(performance.now() - begun)
  })
  console.log(`admission with everything away, ms, kubectl included: ${tookMs.join(" ")}`)
  expect(Math.max(...tookMs)).toBeLessThan(ADMITTED_WITHIN_MS)
  for (let index = 0; index < PODS; index++) {
    expect(containersOf(get("pod", `plain-${index}`, ...N))).toEqual(["ask"])
  }
  await until("they run", 90_000, () => isRunning("plain-0"))
})

test("when both are back, the pods that have a sidecar are served as they are", async () => {
  scale(OPERATOR, 1)
  scale(WEBHOOK, 2)
  for (const workload of [OPERATOR, WEBHOOK]) {
    kubectl("-n", NAMESPACE, "rollout", "status", workload, "--timeout=120s")
  }
  for (const name of ["before", "at-once", "held"]) {
    await until(`${name} is served`, 60_000, () => ask("e2e-away", `pod/${name}`))
    expect(field(".status.initContainerStatuses[0].restartCount", "pod", name, ...N)).toBe("0")
  }
  apply(podNamed("after"))
  await until("a new pod is served", 60_000, () => ask("e2e-away", "pod/after"))
})

const CONFIGURATION = "mutatingwebhookconfiguration/injection.sidegate.dev"

function scale(workload: string, replicas: number): void {
  kubectl("-n", NAMESPACE, "scale", workload, `--replicas=${replicas}`)
}

function podsOf(name: string): number {
  const selector = `app.kubernetes.io/name=${name}`
  return listAt(get("pods", "-n", NAMESPACE, "-l", selector), "items").length
}

function podNamed(name: string, annotations: Readonly<Record<string, string>> = {}): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "e2e-away", annotations },
    spec: { containers: [{ name: "ask", image: "sidegate-example:0.1.0" }] },
  })
}

function isRunning(pod: string): boolean {
  return field(".status.containerStatuses[0].state.running.startedAt", "pod", pod, ...N) !== ""
}

/** Between the start of the sidecar and that of the application, as the kubelet saw it. */
function secondsHeld(pod: string): number {
  const status = at(get("pod", pod, ...N), "status")
  const started = (list: string): number =>
    Date.parse(textAt(listAt(status, list)[0], "state", "running", "startedAt") ?? "")
  return (started("containerStatuses") - started("initContainerStatuses")) / 1000
}
