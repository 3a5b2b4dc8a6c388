/**
 * The operator at scale on a real API server: one process of `operator/main.ts`, 1,000 namespaces,
 * 5,000 objects, 1,099 light sidecars with tokens of their own.
 *
 * In: a size. Out: how long changes and a restart take until every sidecar concerned has
 * acknowledged, and what the operator costs when nothing changes. Times begin before the request
 * that makes the change is sent.
 */

import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { STATUS_KINDS } from "#operator/reconcile/read-status.ts"
import { median } from "#test/bench/statistics.ts"
import { readMetric } from "#test/fault/metrics.ts"
import { SERVER_NAME, startWorld, type World } from "#test/fault/world.ts"
import { temporaryDirectory } from "#test/process/places.ts"
import { startProgram } from "#test/process/program.ts"
import { cpuMs, residentBytes } from "#test/process/resources.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import { requestRate } from "./api-requests.ts"
import {
  type ClusterSize,
  killSwitch,
  makeCluster,
  patchSpec,
  versionsOf,
} from "./cluster-world.ts"
import type { FleetFile, FleetState } from "./fleet.ts"
import { namespaceName, policyOf, routeOf } from "./world.ts"

export interface ClusterResult {
  readonly objects: number
  readonly sidecars: number
  readonly connectMs: number
  /** A changed AIRoute acknowledged by all sidecars of its namespace; median and worst. */
  readonly namespaceMs: number
  readonly namespaceWorstMs: number
  /** A changed ModelPolicy, and a provider disabled, by one sidecar in each namespace. */
  readonly policyMs: number
  readonly killSwitchMs: number
  /** The first sidecar that has the kill switch. */
  readonly killSwitchFirstMs: number
  /** From kill -9 until all are connected again and have what changed meanwhile. */
  readonly recoveryMs: number
  /** Of it, until the new process has compiled everything and leads. */
  readonly recoveryLeadMs: number
  /**
   * Objects that nobody changed whose resource version moved over restart and reconnection; their
   * statuses are all that can move it.
   */
  readonly rewritten: number
  readonly idleCpuPercent: number
  readonly idleRequestsPerSecond: number
  /** The API server's own, before there was an operator. */
  readonly ownRequestsPerSecond: number
  readonly rssMb: number
}

export interface ClusterRun {
  readonly size: ClusterSize
  readonly rounds: number
  readonly idleMs: number
  /** Silence of status writes before a measurement: longer than counts wait (60 s). */
  readonly quietMs: number
  /** For the operator, e.g. `NODE_OPTIONS`. */
  readonly operatorEnv?: Readonly<Record<string, string>>
  readonly log: (line: string) => void
}

const PROGRAM = fileURLToPath(new URL("./fleet.ts", import.meta.url))

export async function runCluster(run: ClusterRun): Promise<ClusterResult> {
  const { size, log } = run
  const world = await startWorld({ operatorEnv: run.operatorEnv ?? {} })
  try {
    const { client, operator } = world
    // The world's own operator would watch every object being made.
    await operator.kill()
    const ownRequestsPerSecond = await requestRate(world, run.idleMs, log)
    const made = await makeCluster(client, size)
    log(`${made.objects} objects, ${made.tokens.length} pods`)
    const begin = Date.now()
    await operator.start()
    await leads(world)
    log(`leads after ${Date.now() - begin} ms`)
    const fleet = await startFleet(world, made.tokens)
    try {
      const all = made.tokens.length
      const { openedAt } = await fleet.until(
        0,
        ({ open, acknowledged }) => open === all && acknowledged === all,
      )
      log(`connected after ${openedAt - fleet.startedAt} ms`)
      await quiet(world, run)
      const parts = { ...run, world, fleet, all }
      const changes = await measureChanges(parts)
      await quiet(world, run)
      const recovery = await measureRecovery(parts)
      await quiet(world, run)
      const idle = await measureIdle(parts)
      return {
        objects: made.objects,
        sidecars: all,
        connectMs: openedAt - fleet.startedAt,
        ...changes,
        ...recovery,
        ...idle,
        ownRequestsPerSecond,
        rssMb: residentBytes(operator.program().pid) / (1024 * 1024),
      }
    } finally {
      await fleet.stop()
    }
  } finally {
    await world.stop()
  }
}

interface Fleet {
  readonly startedAt: number
  /** Waits until the state since that time is as asked for. */
  until(since: number, isReached: (state: FleetState) => boolean): Promise<FleetState>
  stop(): Promise<unknown>
}

interface Parts extends ClusterRun {
  readonly world: World
  readonly fleet: Fleet
  readonly all: number
}

async function startFleet(world: World, tokens: readonly string[]): Promise<Fleet> {
  const file = join(temporaryDirectory("fleet"), "fleet.json")
  const port = Number(new URL(world.operator.url).port)
  const ca = await world.readRoots(namespaceName(0))
  const content: FleetFile = { port, serverName: SERVER_NAME, ca, tokens }
  writeFileSync(file, JSON.stringify(content), { mode: 0o600 })
  const startedAt = Date.now()
  const program = await startProgram({ name: "fleet", args: [PROGRAM, file] })
  const [, control = ""] = await program.waitForLine(/^fleet (\d+)$/, 30_000)
  return {
    startedAt,
    until: (since, isReached) =>
      waitUntil({ what: "the fleet", withinMs: 180_000, everyMs: 50 }, async () => {
        const answer = await fetch(`http://127.0.0.1:${control}/?since=${since}`)
        const state = (await answer.json()) as FleetState
        if (isReached(state)) return state
        throw new Error(JSON.stringify(state))
      }),
    stop: () => program.stop(),
  }
}

async function measureChanges(parts: Parts) {
  const { rounds, all, size, log } = parts
  const { client } = parts.world
  const namespaceTimes: number[] = []
  const policyTimes: number[] = []
  const killTimes: number[] = []
  const killFirst: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const route = routeOf(0, 0, size.world, 2 + round).object["spec"]
    const one = await changed(parts, size.crowd, () =>
      patchSpec(client, "AIRoute", namespaceName(0), "route-0", route),
    )
    const policy = policyOf(0, size.world, 2 + round).object["spec"]
    const every = await changed(parts, all, () =>
      patchSpec(client, "ModelPolicy", "", "policy-0", policy),
    )
    const killed = await changed(parts, all, () => killSwitch(client, round % 2 === 0))
    namespaceTimes.push(one.lastMs)
    policyTimes.push(every.lastMs)
    killTimes.push(killed.lastMs)
    killFirst.push(killed.firstMs)
    const texts = [one, every, killed].map((each) => `${each.lastMs} ms (${each.cpuMs} of CPU)`)
    log(`namespace, policy, kill switch: ${texts.join(", ")}`)
  }
  return {
    namespaceMs: median(namespaceTimes),
    namespaceWorstMs: Math.max(...namespaceTimes),
    policyMs: median(policyTimes),
    killSwitchMs: median(killTimes),
    killSwitchFirstMs: median(killFirst),
  }
}

/**
 * From before the request until `count` sidecars have acknowledged. The operator's CPU tells more
 * than the time where other work shares the machine.
 */
async function changed({ world, fleet }: Parts, count: number, change: () => Promise<unknown>) {
  const { pid } = world.operator.program()
  const [start, cpuBefore] = [Date.now(), cpuMs(pid)]
  await change()
  const state = await fleet.until(start, ({ acknowledged }) => acknowledged === count)
  const cpu = Math.round(cpuMs(pid) - cpuBefore)
  return { firstMs: state.firstAt - start, lastMs: state.lastAt - start, cpuMs: cpu }
}

/** Killed, changed while it is away, started again at once, as a kubelet does. */
async function measureRecovery(parts: Parts) {
  const { world, fleet, all, size, log } = parts
  const before = await allVersions(world)
  const start = Date.now()
  await world.operator.kill()
  const policy = policyOf(0, size.world, 100).object["spec"]
  await patchSpec(world.client, "ModelPolicy", "", "policy-0", policy)
  await world.operator.start()
  await leads(world)
  const recoveryLeadMs = Date.now() - start
  log(`leads again after ${recoveryLeadMs} ms`)
  const state = await fleet.until(
    start,
    ({ open, acknowledged }) => open === all && acknowledged === all,
  )
  const recoveryMs = Math.max(state.lastAt, state.openedAt) - start
  log(`recovered after ${recoveryMs} ms, ${state.failures} failures`)
  await quiet(world, parts)
  const after = await allVersions(world)
  const moved = [...before].filter(([name, version]) => after.get(name) !== version)
  const rewritten = moved.map(([name]) => name).filter((name) => !isConcerned(name))
  const concerned = moved.length - rewritten.length
  log(`${concerned} of what changed and ${rewritten.length} others: ${rewritten.slice(0, 5)}`)
  return { recoveryMs, recoveryLeadMs, rewritten: rewritten.length }
}

/** The policy that changed, and AINamespaces, which name the configuration that is in force. */
function isConcerned(name: string): boolean {
  return name === "ModelPolicy /policy-0" || name.startsWith("AINamespace ")
}

/** `kind namespace/name` to resource version. */
async function allVersions({ client }: World): Promise<ReadonlyMap<string, string>> {
  const kinds = await Promise.all(
    [...STATUS_KINDS].map(async (kind) => {
      const versions = [...(await versionsOf(client, kind))]
      return versions.map(([name, version]) => [`${kind} ${name}`, version] as const)
    }),
  )
  return new Map(kinds.flat())
}

async function measureIdle({ world, idleMs, log }: Parts) {
  const { pid } = world.operator.program()
  const before = cpuMs(pid)
  const idleRequestsPerSecond = await requestRate(world, idleMs, log)
  return { idleRequestsPerSecond, idleCpuPercent: ((cpuMs(pid) - before) / idleMs) * 100 }
}

async function leads({ operator }: World): Promise<void> {
  const deadline = { what: "the operator to lead", withinMs: 120_000, everyMs: 20 }
  await waitUntil(
    deadline,
    async () => (await readMetric(operator.opsUrl, "sidegate_leader")) === 1 || undefined,
  )
}

/** No status waits, and none was written for `quietMs`. */
async function quiet({ operator }: World, { quietMs, log }: ClusterRun): Promise<void> {
  if (quietMs === 0) return
  const begin = Date.now()
  const deadline = { what: "statuses to be written", withinMs: 900_000, everyMs: 1000 }
  let [last, since] = [-1, Date.now()]
  await waitUntil(deadline, async () => {
    const written = await readMetric(operator.opsUrl, WRITTEN)
    const backlog = await readMetric(operator.opsUrl, "sidegate_status_backlog")
    const now = written ?? 0
    if (now !== last || backlog !== 0) [last, since] = [now, Date.now()]
    return Date.now() - since > quietMs || undefined
  })
  log(`quiet after ${Date.now() - begin} ms, ${last} status writes`)
}

const WRITTEN = 'sidegate_status_writes_total{result="ok"}'
