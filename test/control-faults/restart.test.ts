/**
 * F14 in small and F20: many sidecars come back at once after a kill, and operators whose clocks
 * are an hour off in either direction follow each other. The full size is `make scale`.
 */
import { writeFileSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { HeldVersion } from "#proxy/contract/push.ts"
import { makeRecord } from "#test/conformance/ledger-store.ts"
import { metricOf } from "#test/control-plane/operator-process.ts"
import { call, hello, type SidecarAddress, subscribe } from "#test/control-plane/raw-sidecar.ts"
import { readLedger } from "#test/fault/ledger.ts"
import { temporaryDirectory } from "#test/process/places.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import { startRelay } from "./relay.ts"
import { startProxy } from "./sidecar.ts"
import { type FaultWorld, provider, quota, route, snapshotWith, startFaultWorld } from "./world.ts"

const FLEET = 40
const HOUR_MS = 3_600_000

let world: FaultWorld

beforeAll(async () => {
  world = await startFaultWorld("restart")
  await world.apply(
    provider("restart-provider"),
    quota("restart"),
    route(world.namespace, "chat", "restart-provider", "model-0"),
  )
  await world.operator.start()
})
afterAll(() => world.stop())

test(`${FLEET} sidecars that come back at once after a kill are all back, and nothing is sent again`, async () => {
  const first = await world.connect("fleet-0")
  const push = await snapshotWith(first.stream, "model-0")
  const keys = first.stream.events.flatMap((event) =>
    event.event === "credentials" ? [event.data.revision] : [],
  )
  const held: HeldVersion = { ...push.version, hash: push.hash }
  const pods: SidecarAddress[] = [first.address]
  while (pods.length < FLEET) pods.push(await world.createPod(`fleet-${pods.length}`))
  await world.operator.kill()
  await world.operator.start()
  const startedAt = performance.now()
  const streams = await Promise.all(
    pods.map(async (address) => {
      const again = { what: "hello", withinMs: 60_000, everyMs: 200 }
      const { session } = await waitUntil(again, () => hello(address, held, keys.at(-1) ?? null))
      return await subscribe(address, session)
    }),
  )
  await waitUntil({ what: "all of them", withinMs: 60_000, everyMs: 50 }, async () =>
    (await metricOf(world.operator, "sidegate_sidecars")) === FLEET ? true : undefined,
  )
  const backMs = performance.now() - startedAt
  console.log(`${FLEET} sidecars were back ${Math.round(backMs)} ms after the new leader began`)
  expect(backMs).toBeLessThan(30_000)
  expect(await metricOf(world.operator, 'sidegate_pushes_total{event="snapshot"}')).toBeUndefined()
  expect(streams.flatMap(({ events }) => events.map(({ event }) => event))).toEqual([])
  expect(await metricOf(world.operator, "sidegate_term")).toBeGreaterThan(push.version.term)
  for (const stream of streams) stream.close()
  for (let index = 0; index < FLEET; index++) {
    await world.remove(`/api/v1/namespaces/NAMESPACE/pods/fleet-${index}`)
  }
})

test("a clock an hour ahead, then one an hour behind: sidecars, usage and certificates go on", async () => {
  await world.operator.stop()
  const ahead = await world.rival(shifted(HOUR_MS))
  await ahead.start()
  const relay = await startRelay(ahead.controlPort)
  const address = { ...(await world.createPod("api-0", ahead)), port: relay.port }
  const real = await startProxy(address)
  await real.ready()
  expect((await real.configVersion()) ?? "").toMatch(/^\d+\.\d+$/)
  const raw = await world.connect("api-1", { to: ahead })
  await snapshotWith(raw.stream, "model-0")
  expect((await report(raw.address, 1)).status).toBe(200)
  const term = (await metricOf(ahead, "sidegate_term")) ?? 0
  // Killed, so that nothing is handed over: the lease ages on the next one's own clock.
  await ahead.kill()

  const behind = await world.rival(shifted(-HOUR_MS))
  await behind.start()
  expect(await metricOf(behind, "sidegate_term")).toBeGreaterThan(term)
  relay.lead(behind.controlPort)
  const rules = [
    { name: "default", backends: [{ provider: "restart-provider", model: "model-1" }] },
  ]
  const before = await real.configVersion()
  await world.patch("airoutes", "chat", { spec: { rules } })
  await waitUntil({ what: "the proxy to follow", withinMs: 60_000, everyMs: 50 }, async () =>
    (await real.configVersion()) === before ? undefined : true,
  )
  const there = { ...raw.address, port: behind.controlPort }
  expect((await report(there, 2)).status).toBe(200)
  const stored = readLedger(`${world.stateDir}/ledger.db`).map(({ key }) => key.split("/")[1])
  expect(stored).toEqual(["clock-1", "clock-2"])
  await world.until("airoutes", "chat", "Accepted", "True")
  for (const operator of [ahead, behind]) expect(operator.output()).not.toMatch(/"level":"error"/)
  await real.program.stop()
  await relay.stop()
})

/** The record says when it was by the right clock. */
const report = (address: SidecarAddress, sequence: number) => {
  const now = Date.now()
  const id = `clock-${sequence}`
  const record = makeRecord({ id, sequence, admittedAt: now, endedAt: now })
  return call(address, "POST", "/v1/usage", { boot: "boot-1", records: [record] })
}

/** The wall clock of a Node process, moved; its monotonic clock is what it is. */
function shifted(byMs: number): Readonly<Record<string, string>> {
  const file = `${temporaryDirectory("clock")}/shift.mjs`
  const code = `
    const RealDate = Date
    const now = () => RealDate.now() + ${byMs}
    globalThis.Date = class extends RealDate {
      constructor(...given) {
        if (given.length === 0) super(now())
        else super(...given)
      }
      static now() {
        return now()
      }
    }`
  writeFileSync(file, code)
  return { NODE_OPTIONS: `--import=${pathToFileURL(file).href}` }
}
