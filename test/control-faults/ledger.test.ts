/**
 * F17: the ledger's disk is full, its file is held by somebody, or a page of it is damaged.
 *
 * A full disk is played by a limit on the size of files that the process may write (`prlimit`): any
 * write behind it fails with EFBIG, which SQLite reports as it does a full or failing disk.
 */
import { execFileSync } from "node:child_process"
import { closeSync, openSync, readFileSync, renameSync, statSync, writeSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { afterAll, beforeAll, expect, test } from "vitest"
import { makeRecord } from "#test/conformance/ledger-store.ts"
import { metricOf } from "#test/control-plane/operator-process.ts"
import { callForHead } from "#test/control-plane/raw-sidecar.ts"
import { waitForHttp, waitUntil } from "#test/process/wait-until.ts"
import {
  type Connected,
  type FaultWorld,
  provider,
  quota,
  route,
  snapshotWith,
  startFaultWorld,
} from "./world.ts"

let world: FaultWorld
let sidecar: Connected
let file: string
let sequence = 0

beforeAll(async () => {
  world = await startFaultWorld("ledger")
  file = `${world.stateDir}/ledger.db`
  await world.apply(
    provider("ledger-provider"),
    quota("ledger"),
    route(world.namespace, "chat", "ledger-provider", "model-0"),
  )
  await world.operator.start()
  sidecar = await world.connect("api-0")
  await snapshotWith(sidecar.stream, "model-0")
})
afterAll(() => world.stop())

const batch = (from: number, to: number) => {
  const now = Date.now()
  const records = Array.from({ length: to - from + 1 }, (_, index) => {
    const at = from + index
    return makeRecord({ id: `a-${at}`, sequence: at, admittedAt: now, endedAt: now })
  })
  return { boot: "boot-1", records }
}
/** The next 50 records, again until they are taken, as a sidecar does. */
const report = () =>
  callForHead(sidecar.address, "POST", "/v1/usage", batch(sequence + 1, sequence + 50))
const taken = async () => {
  const { status } = await report()
  if (status !== 200) throw new Error(`it was answered with ${status}`)
  sequence += 50
  return true
}
const rows = () => {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 10_000 })
  const row = database.prepare("SELECT count(*) AS n FROM usage_record").get()
  database.close()
  return Number(row?.["n"])
}
/** Of files that the operator may write, in bytes, from now on. */
const limitFiles = (bytes: number | "unlimited") =>
  execFileSync("prlimit", ["--pid", String(world.operator.program().pid), `--fsize=${bytes}:`])

/** While nothing can be written: no acknowledgement, a time to come back, and service. */
async function refusedButAlive(model: string): Promise<void> {
  const { status, headers, body } = await report()
  expect([status, Object(body).error.code]).toEqual([503, "ledger_unavailable"])
  expect(Number(headers["retry-after"])).toBeGreaterThan(0)
  expect(await metricOf(world.operator, "sidegate_ledger_writable")).toBe(0)
  await world.until("teamquotas", "ledger", "LedgerWritable", "False Unwritable")
  await world.until("teamquotas", "ledger", "Ready", "True Ready")
  const rules = [{ name: "default", backends: [{ provider: "ledger-provider", model }] }]
  await world.patch("airoutes", "chat", { spec: { rules } })
  await snapshotWith(sidecar.stream, model)
  expect(world.operator.isRunning()).toBe(true)
}

async function recoversAlone(): Promise<void> {
  const deadline = { what: "a report to be taken", withinMs: 60_000, everyMs: 200 }
  await waitUntil(deadline, taken)
  await world.until("teamquotas", "ledger", "LedgerWritable", "True LedgerWritable")
  expect(await metricOf(world.operator, "sidegate_ledger_writable")).toBe(1)
  expect(rows()).toBe(sequence)
}

test("before: usage is stored, and the quota says that it can be", async () => {
  await taken()
  await world.until("teamquotas", "ledger", "LedgerWritable", "True LedgerWritable")
  expect(rows()).toBe(50)
})

test("a full disk: reports are told to come back, sidecars are served, and it recovers alone", async () => {
  limitFiles(4096)
  await refusedButAlive("model-1")
  expect(rows()).toBe(50)
  limitFiles("unlimited")
  await recoversAlone()
})

test("a file that another process holds: the same", async () => {
  const holder = new DatabaseSync(file)
  holder.exec("BEGIN IMMEDIATE")
  await refusedButAlive("model-2")
  holder.exec("ROLLBACK")
  holder.close()
  await recoversAlone()
})

test("a start on a ledger that cannot be written waits, not ready and saying why, and then leads", async () => {
  await world.operator.stop()
  const holder = new DatabaseSync(file)
  holder.exec("BEGIN IMMEDIATE")
  await world.operator.launch()
  const readyz = `http://127.0.0.1:${world.operator.opsPort}/readyz`
  const why = await waitUntil({ what: "the reason", withinMs: 60_000, everyMs: 50 }, async () => {
    const text = await (await fetch(readyz)).text()
    return text.includes("ledger") ? text : undefined
  })
  expect(why).toContain(`the ledger ${file} cannot be written`)
  expect(world.operator.isRunning()).toBe(true)
  holder.exec("ROLLBACK")
  holder.close()
  await world.operator.program().waitForLine(/"this process leads"/, 60_000)
  await waitForHttp(readyz, 200, 60_000)
  await waitUntil({ what: "a report to be taken", withinMs: 60_000, everyMs: 200 }, taken)
})

test("a damaged page: the start is refused in words, the file stays, and an empty one begins anew", async () => {
  while (sequence < 2000)
    await waitUntil({ what: "a report", withinMs: 60_000, everyMs: 100 }, taken)
  await world.operator.stop()
  const pages = Math.floor(statSync(file).size / 4096)
  const descriptor = openSync(file, "r+")
  writeSync(descriptor, Buffer.alloc(2048, 0x5a), 0, 2048, Math.floor(pages / 2) * 4096)
  closeSync(descriptor)
  const damaged = readFileSync(file)
  await world.operator.launch()
  expect(await world.operator.program().exited).toEqual({ code: 1, signal: null })
  expect(world.operator.program().stdout()).toContain(`the ledger ${file} is damaged`)
  expect(world.operator.program().stdout()).toContain("restore a backup in its place")
  expect(readFileSync(file).equals(damaged)).toBe(true)
  for (const end of ["", "-wal", "-shm"]) {
    try {
      renameSync(`${file}${end}`, `${file}.damaged${end}`)
    } catch {
      // Not every file is there after an orderly end.
    }
  }
  await world.operator.start()
  await waitUntil({ what: "a report to be taken", withinMs: 60_000, everyMs: 200 }, taken)
})
