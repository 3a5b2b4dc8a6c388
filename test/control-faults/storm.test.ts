/**
 * Thousands of object operations while the network before the API server does its worst: watches
 * cut anywhere, 410s in every form, refusals, stalls and compactions. Afterwards what the
 * operator's index holds is what the API server holds.
 *
 * The watches, the feed and the index are the operator's own; the seed of a failing run is printed,
 * and `SIDEGATE_SEED` repeats its choices. `SIDEGATE_STORM_OPERATIONS` makes another number.
 */
import { afterAll, beforeAll, expect, test } from "vitest"
import { createVault } from "#operator/credentials/vault.ts"
import { createFeed } from "#operator/feed.ts"
import { createIndex, type Index } from "#operator/index/index.ts"
import {
  createKubeClient,
  type KubeClient,
  loadKubeConfig,
  parseKubeConfig,
} from "#operator/kube/kube-client.ts"
import { createLog } from "#operator/telemetry/log.ts"
import { createMetrics } from "#operator/telemetry/metrics.ts"
import { startWatches, type Watches } from "#operator/watches.ts"
import { type ControlPlaneAccess, compact } from "#test/control-plane/control-plane.ts"
import { type Fault, type FaultProxy, startFaultProxy } from "#test/control-plane/fault-proxy.ts"
import { applyCrds, createNamespace } from "#test/control-plane/namespaces.ts"
import { sharedControlPlane } from "#test/control-plane/shared.ts"
import { pickSeed, seeded } from "#test/fault/seeded.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import { createPopulation, differences } from "./population.ts"

const OPERATIONS = Number(process.env["SIDEGATE_STORM_OPERATIONS"] ?? 10_000)
const WRITERS = 8
/** Promised are five seconds of quiet; the figure is printed, and a slow machine is no failure. */
const CONVERGES_WITHIN_MS = 25_000
/** A stalled watch is given up after this; a minute in service. */
const WATCHDOG_MS = 1000

const expired = {
  kind: "Status",
  code: 410,
  reason: "Expired",
  message: "too old resource version",
}
const inStream = `${JSON.stringify({ type: "ERROR", object: expired })}\n`

let access: ControlPlaneAccess
let client: KubeClient
let proxied: KubeClient
let proxy: FaultProxy
let index: Index
let watches: Watches
let credentials: string
const namespaces: string[] = []

beforeAll(async () => {
  access = sharedControlPlane()
  await applyCrds(access)
  client = createKubeClient(loadKubeConfig(access.kubeconfigPath))
  proxy = await startFaultProxy(access)
  proxied = createKubeClient(parseKubeConfig(proxy.kubeconfig))
  for (let count = 0; count < 4; count++) namespaces.push(await createNamespace(access, "storm"))
  credentials = namespaces[0] ?? ""
  index = createIndex({ operatorNamespace: credentials })
  const log = createLog("error", { write: (line) => process.stderr.write(line) })
  const nothing = () => undefined
  const feed = createFeed({
    index,
    vault: createVault(),
    reconciler: { touch: nothing, observeStatus: nothing },
    guard: { whyUnread: nothing, run: (_object, read) => read() },
    operatorNamespace: credentials,
    log,
    onTrimmed: nothing,
  })
  watches = startWatches({
    client: proxied,
    credentialsNamespace: credentials,
    feed,
    configMaps: [],
    onNamespaces: nothing,
    onBroken: (error) => expect.fail(`a watch broke: ${error}`),
    log,
    metrics: createMetrics(),
    limits: { watchdogMs: WATCHDOG_MS, pageObjects: 25 },
  })
  await watches.synced
})
afterAll(async () => {
  watches.close()
  proxied.close()
  client.close()
  await proxy.stop()
})

/** One in four requests gets nowhere, one in two streams is cut sooner or later. */
function drawFault(draw: () => number): Fault | null {
  const luck = draw()
  const bytes = Math.floor(draw() * 20_000)
  if (luck < 0.06) return { kind: "answer", status: 500, body: { kind: "Status" } }
  if (luck < 0.09) {
    return {
      kind: "answer",
      status: 429,
      headers: { "retry-after": "1" },
      body: { kind: "Status" },
    }
  }
  if (luck < 0.14) return { kind: "answer", status: 410, body: expired }
  if (luck < 0.18) return { kind: "prepend", text: inStream }
  if (luck < 0.2) return { kind: "prepend", text: '{"type":"ADDED","object":{"meta\n' }
  if (luck < 0.23) return { kind: "silence" }
  if (luck < 0.25) return { kind: "answer", status: 422, body: { kind: "Status" } }
  if (luck < 0.4) return { kind: "cut-after", bytes, end: "destroy" }
  if (luck < 0.48) return { kind: "cut-after", bytes, end: "clean" }
  if (luck < 0.56) return { kind: "cut-after", bytes, end: "stall" }
  return luck < 0.6 ? { kind: "delay", ms: 300 } : null
}

test(`${OPERATIONS} operations in a storm: the index is the API server's soon after quiet`, async () => {
  const seed = pickSeed()
  const draw = seeded(seed)
  const population = createPopulation({ client, namespaces, credentials, draw: seeded(seed + 1) })
  const faults = new Map<string, number>()
  proxy.onRequest = () => {
    const fault = drawFault(draw)
    const name = fault === null ? "none" : fault.kind
    faults.set(name, (faults.get(name) ?? 0) + 1)
    return fault
  }
  let [done, cuts, compactions] = [0, 0, 0]
  const write = async (): Promise<void> => {
    while (done < OPERATIONS) {
      done++
      await population.operate()
      if (draw() < 0.02) {
        proxy.cutAll()
        cuts++
      }
      if (draw() < 0.005) {
        await compact(access)
        compactions++
      }
    }
  }
  const startedAt = performance.now()
  await Promise.all(Array.from({ length: WRITERS }, write))
  const stormMs = performance.now() - startedAt

  // The network heals: what hangs is cut, and from here on everything passes.
  proxy.onRequest = () => null
  proxy.cutAll()
  const quietAt = performance.now()
  const truth = await population.truth()
  const readMs = performance.now() - quietAt
  let last: readonly string[] = []
  const deadline = { what: `seed ${seed}: the index`, withinMs: CONVERGES_WITHIN_MS, everyMs: 20 }
  await waitUntil(deadline, () => {
    last = differences(index, truth)
    return last.length === 0 ? true : undefined
  }).catch((error: unknown) => {
    throw new Error(`${error}\n${last.slice(0, 20).join("\n")}`)
  })
  const convergedMs = performance.now() - quietAt
  const told = [...faults].map(([name, count]) => `${name} ${count}`).join(", ")
  console.log(
    `seed ${seed}: ${OPERATIONS} operations (${population.told()}) in ${Math.round(stormMs)} ms; ` +
      `requests of the watches: ${told}; ${cuts} times all cut, ${compactions} compactions; equal ` +
      `${Math.round(convergedMs)} ms after quiet, of which reading the truth took ` +
      `${Math.round(readMs)} ms; ${truth.size} objects`,
  )
  expect(convergedMs).toBeLessThan(CONVERGES_WITHIN_MS)
  expect(faults.get("cut-after")).toBeGreaterThan(0)
  expect(population.deleted()).toBeGreaterThan(OPERATIONS / 20)
}, 900_000)
