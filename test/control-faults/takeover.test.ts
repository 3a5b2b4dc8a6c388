/**
 * F4: two operators, one ledger. The lease elects; the ledger's term fences the one that does not
 * know yet. F3: what a sidecar holds is not sent again by the next leader.
 */
import { afterAll, beforeAll, expect, test } from "vitest"
import { makeRecord } from "#test/conformance/ledger-store.ts"
import type { OperatorProcess } from "#test/control-plane/operator-process.ts"
import { call, hello, type SidecarAddress, subscribe } from "#test/control-plane/raw-sidecar.ts"
import { readLedger } from "#test/fault/ledger.ts"
import { waitForHttp, waitUntil } from "#test/process/wait-until.ts"
import { startRelay } from "./relay.ts"
import { startProxy } from "./sidecar.ts"
import {
  type FaultWorld,
  provider,
  quota,
  route,
  snapshotWith,
  startFaultWorld,
  versionsOf,
} from "./world.ts"

let world: FaultWorld
let second: OperatorProcess

beforeAll(async () => {
  world = await startFaultWorld("takeover")
  await world.apply(
    provider("takeover-provider"),
    quota("takeover"),
    route(world.namespace, "chat", "takeover-provider", "model-1"),
  )
  await world.operator.start()
})
afterAll(() => world.stop())

const report = (address: SidecarAddress, sequence: number) => {
  const now = Date.now()
  const record = makeRecord({ id: `a-${sequence}`, sequence, admittedAt: now, endedAt: now })
  return call(address, "POST", "/v1/usage", { boot: "boot-1", records: [record] })
}
const at = (address: SidecarAddress, { controlPort }: OperatorProcess): SidecarAddress => ({
  ...address,
  port: controlPort,
})
const setModel = (model: string) =>
  world.patch("airoutes", "chat", {
    spec: { rules: [{ name: "default", backends: [{ provider: "takeover-provider", model }] }] },
  })
const stored = () => readLedger(`${world.stateDir}/ledger.db`).map(({ key }) => key.split("/")[1])

test("a leader that sleeps through its lease wakes up, stores nothing and ends", async () => {
  const first = world.operator
  const { address, stream } = await world.connect("api-0")
  const before = await snapshotWith(stream, "model-1")
  expect((await report(address, 1)).status).toBe(200)
  const relay = await startRelay(first.controlPort)
  const real = await startProxy({ ...(await world.createPod("api-1")), port: relay.port })
  await real.ready()

  second = await world.rival()
  await second.launch()
  await waitForHttp(`http://127.0.0.1:${second.opsPort}/readyz`, 200, 60_000)
  const standby = await call(at(address, second), "POST", "/v1/status", {})
  expect(standby).toMatchObject({ status: 503, body: { error: { code: "not_leader" } } })

  first.program().kill("SIGSTOP")
  // The kernel takes it; the sleeper finds it when it wakes up, and still believes that it leads.
  const late = report(address, 2).catch(() => ({ status: 0 }))
  await second.program().waitForLine(/"this process leads"/, 60_000)
  relay.lead(second.controlPort)
  const held = { ...before.version, hash: before.hash }
  const there = at(address, second)
  const { session } = await waitUntil({ what: "hello", withinMs: 60_000 }, () => hello(there, held))
  const followed = await subscribe(there, session)
  await setModel("model-2")
  const after = await snapshotWith(followed, "model-2")
  expect(versionsOf(followed)).toEqual([`${after.version.term}.${after.version.generation}`])
  expect(after.version.term).toBeGreaterThan(before.version.term)
  expect((await report(there, 3)).status).toBe(200)

  first.program().kill("SIGCONT")
  expect(await first.program().exited).toEqual({ code: 1, signal: null })
  expect((await late).status).not.toBe(200)
  expect(first.output()).toMatch(/the lead was lost|is over: the leader of term/)
  // It may have told those it still had what it woke up to, under the term that everybody is past.
  expect(versionsOf(stream).every((one) => one.startsWith(`${before.version.term}.`))).toBe(true)
  expect(stored()).toEqual(["a-1", "a-3"])
  // What the sleeper did not take is reported again, and counted once.
  for (let round = 0; round < 2; round++) expect((await report(there, 2)).status).toBe(200)
  expect(stored()).toEqual(["a-1", "a-3", "a-2"])

  const want = `${after.version.term}.`
  await waitUntil({ what: "the real sidecar to follow", withinMs: 60_000 }, async () =>
    (await real.configVersion())?.startsWith(want) ? true : undefined,
  )
  expect(await real.metric("sidegate_control_connected")).toBe(1)
  await real.program.stop()
  await relay.stop()
})

test("of two that both believe they lead, the ledger ends the older at its first write", async () => {
  const { address, stream } = await world.connect("api-2", { to: second })
  const before = await snapshotWith(stream, "model-2")
  const third = await world.rival({ SIDEGATE_LEASE_NAME: "another-lease" })
  await third.start()
  expect(second.isRunning()).toBe(true)
  // It ends at once: whether its answer still goes out is chance.
  const refused = await report(address, 1).catch(() => ({ status: 0 }))
  expect([0, 503]).toContain(refused.status)
  expect(await second.program().exited).toEqual({ code: 1, signal: null })
  expect(second.output()).toMatch(/term \d+ is over: the leader of term \d+ writes now/)
  const there = at(address, third)
  const held = { ...before.version, hash: before.hash }
  await waitUntil({ what: "hello", withinMs: 60_000 }, () => hello(there, held))
  expect((await report(there, 1)).status).toBe(200)
  expect(stored()).toEqual(["a-1", "a-3", "a-2", "a-1"])
})
