/**
 * Pods start whatever is away: with the operator away they have their sidecar, and are held only if
 * they ask for it and no longer; with the webhook away as well they start without one.
 */
import { afterAll, beforeAll, expect, test } from "vitest"
import { at, listAt, textAt } from "#operator/kube/json-path.ts"
import { apply, applyFresh, ask, containersOf, field, get, remove, until } from "../cluster.ts"
import { OPERATOR, scaleAway, scaleBack, WEBHOOK } from "../installation.ts"

const MANIFEST = "e2e/away/application.yaml"
const N = ["-n", "e2e-away"] as const
/** Long enough that a pod which is not held starts earlier, on a slow machine too. */
const HOLD_SECONDS = 30
/** The webhook's timeout is two seconds, and the API server calls it twice: five times of it. */
const ADMITTED_WITHIN_MS = 20_000
const PODS = 10

beforeAll(async () => {
  await applyFresh(MANIFEST)
  await until("a pod is served", () => ask("e2e-away", "pod/before"))
})
afterAll(() => remove(MANIFEST))

test("with the operator away a pod starts at once, and a held one after its time", async () => {
  await scaleAway(OPERATOR)
  apply(podNamed("at-once"))
  apply(podNamed("held", { "sidegate.dev/hold": `${HOLD_SECONDS}s` }))
  for (const name of ["at-once", "held"]) {
    await until(`${name} runs`, () => isRunning(name))
    expect(containersOf(get("pod", name, ...N))[0]).toBe("sidegate-proxy")
  }
  const [atOnce, held] = [secondsHeld("at-once"), secondsHeld("held")]
  console.log(`application after sidecar: ${atOnce} s, with a hold of ${HOLD_SECONDS} s: ${held} s`)
  expect(held).toBeGreaterThanOrEqual(HOLD_SECONDS)
  expect(held).toBeLessThan(HOLD_SECONDS * 3)
  expect(atOnce).toBeLessThan(HOLD_SECONDS)
})

test("with the webhook away too pods are admitted, without a sidecar", async () => {
  await scaleAway(WEBHOOK)
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
  await until("they run", () => isRunning("plain-0"))
})

test("when both are back, the pods that have a sidecar are served as they are", async () => {
  await scaleBack()
  for (const name of ["before", "at-once", "held"]) {
    await until(`${name} is served`, () => ask("e2e-away", `pod/${name}`))
    expect(field(".status.initContainerStatuses[0].restartCount", "pod", name, ...N)).toBe("0")
  }
  apply(podNamed("after"))
  await until("a new pod is served", () => ask("e2e-away", "pod/after"))
})

const CONFIGURATION = "mutatingwebhookconfiguration/injection.sidegate.dev"

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
