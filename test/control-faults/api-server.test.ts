/** F5 and F6: the API server is away, slow, busy or broken, and the operator goes on. */
import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import { makeRecord } from "#test/conformance/ledger-store.ts"
import type { ProxiedRequest } from "#test/control-plane/fault-proxy.ts"
import { metricOf } from "#test/control-plane/operator-process.ts"
import { call, hello } from "#test/control-plane/raw-sidecar.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import {
  type Connected,
  conditionOf,
  type FaultWorld,
  LEASE_SECONDS,
  provider,
  quota,
  route,
  snapshotWith,
  startFaultWorld,
} from "./world.ts"

let world: FaultWorld
let sidecar: Connected
let sequence = 0

beforeAll(async () => {
  world = await startFaultWorld("outage")
  await world.apply(
    provider("outage-provider"),
    quota("outage"),
    route(world.namespace, "chat", "outage-provider", "model-0"),
  )
  await world.operator.start()
  sidecar = await world.connect("api-0")
  await snapshotWith(sidecar.stream, "model-0")
})
afterEach(() => {
  world.proxy.onRequest = () => null
})
afterAll(() => world.stop())

const setModel = (model: string) =>
  world.patch("airoutes", "chat", {
    spec: { rules: [{ name: "default", backends: [{ provider: "outage-provider", model }] }] },
  })
const report = () => {
  sequence++
  const now = Date.now()
  const record = makeRecord({ id: `a-${sequence}`, sequence, admittedAt: now, endedAt: now })
  return call(sidecar.address, "POST", "/v1/usage", { boot: "boot-1", records: [record] })
}
const gauge = (sample: string, want: number) =>
  waitUntil({ what: `${sample} ${want}`, withinMs: 60_000, everyMs: 50 }, async () =>
    (await metricOf(world.operator, sample)) === want ? true : undefined,
  )
const isReady = async () =>
  (await fetch(`http://127.0.0.1:${world.operator.opsPort}/readyz`)).status === 200
const failedRenewals = () => world.operator.output().split('"the lease was not renewed"').length - 1
const isStatusWrite = ({ method, path }: ProxiedRequest) =>
  method === "PATCH" && path.endsWith("/airoutes/chat/status")

test("with the API server away beyond the lease, sidecars and ledger are served by the same leader", async () => {
  const term = await metricOf(world.operator, "sidegate_term")
  await world.proxy.refuse()
  const goneAt = performance.now()
  await gauge("sidegate_apiserver_up", 0)
  await setModel("model-1")
  // Twice the lease: an operator that gave up would have been gone after two thirds of it.
  const looks = failedRenewals()
  await waitUntil({ what: "renewals that failed", withinMs: 60_000, everyMs: 50 }, () =>
    performance.now() - goneAt > LEASE_SECONDS * 2000 && failedRenewals() > looks + 2
      ? true
      : undefined,
  )
  expect([await isReady(), world.operator.isRunning()]).toEqual([true, true])
  expect((await report()).status).toBe(200)
  expect((await hello(sidecar.address)).identity.pod).toBe("api-0")
  // Nobody can be asked about a token that was never seen.
  const unknown = await world.createPod("api-1")
  expect((await call(unknown, "POST", "/v1/hello", {})).status).toBe(503)
  expect(sidecar.stream.events.some((event) => JSON.stringify(event).includes("model-1"))).toBe(
    false,
  )

  // A pod that is never there would be waited for in every status.
  await world.remove("/api/v1/namespaces/NAMESPACE/pods/api-1")

  await world.proxy.listen()
  await snapshotWith(sidecar.stream, "model-1")
  await gauge("sidegate_apiserver_up", 1)
  expect(await metricOf(world.operator, "sidegate_term")).toBe(term)
  await world.until("airoutes", "chat", "Programmed", "True Programmed")
})

test("a busy API server is not asked for a status before its Retry-After, and then for the newest", async () => {
  await setModel("model-2")
  await snapshotWith(sidecar.stream, "model-2")
  await world.until("airoutes", "chat", "Programmed", "True Programmed")
  const busy = { kind: "Status", reason: "TooManyRequests", message: "busy" }
  let refusedAt = 0
  world.proxy.onRequest = (request) => {
    if (!isStatusWrite(request) || refusedAt > 0) return null
    refusedAt = performance.now()
    return { kind: "answer", status: 429, headers: { "retry-after": "3" }, body: busy }
  }
  await setModel("model-3")
  await waitUntil({ what: "the refusal", withinMs: 60_000 }, () =>
    refusedAt > 0 ? true : undefined,
  )
  const before = world.proxy.seen.length
  await setModel("model-4")
  await snapshotWith(sidecar.stream, "model-4")
  const next = await waitUntil({ what: "the next write", withinMs: 60_000, everyMs: 5 }, () =>
    world.proxy.seen.slice(before).some(isStatusWrite) ? performance.now() : undefined,
  )
  expect(next - refusedAt).toBeGreaterThan(2900)
  await waitUntil({ what: "the newest generation", withinMs: 60_000 }, async () => {
    const object = await world.get("airoutes", "chat")
    const { generation } = Object(object).metadata
    return Object(object).status.observedGeneration === generation ? true : undefined
  })
  expect(world.proxy.seen.slice(before).filter(isStatusWrite).length).toBeLessThanOrEqual(2)
})

test("a slow API server that fails half the time delays statuses, never pushes nor usage", async () => {
  let asked = 0
  world.proxy.onRequest = (request) => {
    if (!request.path.endsWith("/status")) return null
    asked++
    return asked % 2 === 1
      ? { kind: "answer", status: 500, body: { kind: "Status", message: "broken" } }
      : { kind: "delay", ms: 1000 }
  }
  for (const model of ["model-5", "model-6", "model-7"]) {
    await setModel(model)
    const sentAt = performance.now()
    await snapshotWith(sidecar.stream, model)
    expect(performance.now() - sentAt).toBeLessThan(20_000)
    expect((await report()).status).toBe(200)
  }
  await waitUntil({ what: "the status of the last", withinMs: 60_000, everyMs: 50 }, async () => {
    const object = await world.get("airoutes", "chat")
    const { generation } = Object(object).metadata
    const isCurrent = Object(object).status.observedGeneration === generation
    return isCurrent && conditionOf(object, "Programmed").startsWith("True Programmed")
      ? true
      : undefined
  })
  expect(asked).toBeGreaterThan(1)
  expect(world.operator.isRunning()).toBe(true)
})
