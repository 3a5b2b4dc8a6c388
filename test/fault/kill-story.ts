/**
 * kill -9 at random moments under load, then the account: the upstream's own count against the
 * ledger.
 *
 * In: how often to kill the proxy and the operator, a seed for order and moments. Out: a Comparison
 * and what the clients saw. Everything is real: API server, operator, proxy, upstream. `make test`
 * kills 20 times each, `make soak` 200 times.
 */
import { waitUntil } from "#test/process/wait-until.ts"
import { type ChatLoad, startChatLoad } from "./chat-load.ts"
import { type Comparison, compareRecords } from "./compare-records.ts"
import { countLedger, type LedgerRow, readLedger } from "./ledger.ts"
import { keyedBy, makeClusterObject, makeKey, makeProvider, makeRoute } from "./objects.ts"
import { seeded, shuffled } from "./seeded.ts"
import { type Sidecar, startWorld, type World } from "./world.ts"

export interface KillPlan {
  /** Of the proxy, and as many of the operator. */
  readonly kills: number
  readonly seed: number
}

export interface KillReport extends Comparison {
  readonly kills: number
  readonly seed: number
  /** Requests that had no whole answer when the proxy was killed, all kills together. */
  readonly underWayAtKills: number
  /** From the start of a new process until it answers, in ms. */
  readonly proxyStartsMs: readonly number[]
  readonly operatorStartsMs: readonly number[]
  readonly outcomes: Readonly<Record<string, number>>
  readonly tookMs: number
}

/** A kill comes so long after its victim is at work again, at most. */
const MOMENT_MS_MAX = 250
/** Answers after which a proxy counts as at work. */
const ANSWERS = 5

interface Stand {
  readonly world: World
  readonly sidecar: Sidecar
  readonly ledgerFile: string
}

export async function runKills({ kills, seed }: KillPlan): Promise<KillReport> {
  const startedAt = performance.now()
  const stand = await startStand()
  try {
    const { world, sidecar, ledgerFile } = stand
    const load = startChatLoad({
      origin: sidecar.url,
      models: ["smart", "smart", "smart", "flaky"],
      lanes: 12,
      streamEvery: 5,
      pauseMs: 20,
    })
    const draw = seeded(seed)
    const victims = Array.from({ length: 2 * kills }, (_, at) =>
      at < kills ? "proxy" : "operator",
    )
    const proxyStartsMs: number[] = []
    const operatorStartsMs: number[] = []
    let underWayAtKills = 0
    /** The operator starts while the proxy is killed again: now and then both are away. */
    let operatorStart = Promise.resolve(0)
    for (const victim of shuffled(victims, draw)) {
      if (victim === "proxy") await answersCome(load)
      else await recordsCome(stand)
      await pause(draw() * MOMENT_MS_MAX)
      if (victim === "proxy") {
        underWayAtKills += await killUnderLoad(sidecar, load)
        proxyStartsMs.push(await timeStart(sidecar))
      } else {
        operatorStartsMs.push(await operatorStart)
        await world.operator.kill()
        operatorStart = timeStart(world.operator)
        // Awaited before its next kill; until then a failure is not an unhandled one.
        operatorStart.catch(() => undefined)
      }
    }
    operatorStartsMs.push(await operatorStart)
    await answersCome(load)
    await load.stop()
    const records = await settledRecords(world, ledgerFile)
    const comparison = compareRecords(await world.upstream.attempts(), records, underWayAtKills)
    return {
      ...comparison,
      kills,
      seed,
      underWayAtKills,
      proxyStartsMs,
      // The first was not after a kill.
      operatorStartsMs: operatorStartsMs.slice(1),
      outcomes: load.outcomes(),
      tookMs: performance.now() - startedAt,
    }
  } finally {
    await stand.world.stop()
  }
}

/** What one line says of a run; the figures are of this run alone. */
export function describeKills(report: KillReport): string {
  const outcomes = Object.entries(report.outcomes)
    .toSorted(([, a], [, b]) => b - a)
    .map(([outcome, count]) => `${outcome}: ${count}`)
  return (
    `proxy and operator killed ${report.kills} times each in ${(report.tookMs / 1000).toFixed(0)} s ` +
    `(seed ${report.seed}): ${report.attempts} attempts counted by the upstream, ${report.records} ` +
    `records; ${report.lost} lost and estimated, ${report.surplus} of them beyond the attempts, with ` +
    `${report.underWayAtKills} requests under way at the kills; starts, median and slowest: proxy ` +
    `${spread(report.proxyStartsMs)}, operator ${spread(report.operatorStartsMs)} ms; clients saw ` +
    outcomes.join(", ")
  )
}

/** `smart` is answered at once; `flaky` by the second backend, so that it takes two attempts. */
async function startStand(): Promise<Stand> {
  const world = await startWorld()
  try {
    const { upstream } = world
    await world.createNamespace("shop", "shop")
    await world.apply(
      makeClusterObject("TeamQuota", "shop", { costCenter: "CC-1" }),
      makeKey("alpha-key", "key-of-alpha"),
      makeProvider("alpha", upstream.endpoint("alpha"), keyedBy("alpha-key")),
      makeProvider("beta", upstream.endpoint("beta")),
      makeRoute("shop/smart", "alpha", { models: ["smart"] }),
      makeRoute("shop/flaky", "", {
        models: ["flaky"],
        rules: [
          {
            name: "default",
            backends: [
              { provider: "beta", model: "gpt-4o" },
              { provider: "alpha", model: "gpt-4o", priority: 1 },
            ],
          },
        ],
      }),
    )
    await upstream.behave("alpha", { delayMs: 15, eventDelayMs: 4 })
    await upstream.behave("beta", { delayMs: 5, status: 503 })
    const sidecar = await world.startSidecar(await world.createPod("shop", "api-0"))
    return { world, sidecar, ledgerFile: `${world.operator.stateDir}/ledger.db` }
  } catch (error) {
    await world.stop()
    throw error
  }
}

/** The proxy is at work: a few more chats have their whole answers. */
async function answersCome(load: ChatLoad): Promise<void> {
  const answered = (): number => load.outcomes()["200"] ?? 0
  const from = answered()
  await waitUntil({ what: "chats to be answered", withinMs: 60_000, everyMs: 5 }, () =>
    answered() >= from + ANSWERS ? true : undefined,
  )
}

/** The operator is at work: it stores records. */
async function recordsCome({ ledgerFile }: Stand): Promise<void> {
  const from = countLedger(ledgerFile)
  await waitUntil({ what: "records to be stored", withinMs: 60_000, everyMs: 20 }, () =>
    countLedger(ledgerFile) > from ? true : undefined,
  )
}

/** How many requests were under way: before the signal, and begun while it was on its way. */
async function killUnderLoad(sidecar: Sidecar, load: ChatLoad): Promise<number> {
  const before = load.underWay()
  const sentBefore = load.sent()
  await sidecar.kill()
  return before + load.sent() - sentBefore
}

async function timeStart(program: Pick<Sidecar, "start" | "waitUntilReady">): Promise<number> {
  const startedAt = performance.now()
  await program.start()
  await program.waitUntilReady()
  return performance.now() - startedAt
}

/**
 * Records once there is one for every attempt and no more come for two seconds; else those at the
 * deadline.
 */
async function settledRecords(world: World, file: string): Promise<readonly LedgerRow[]> {
  const { received } = await world.upstream.counts()
  let count = 0
  let unchangedSince = performance.now()
  const look = (): true | undefined => {
    const seen = countLedger(file)
    if (seen !== count) unchangedSince = performance.now()
    count = seen
    return count >= received && performance.now() - unchangedSince > 2000 ? true : undefined
  }
  const deadline = { what: "the records", withinMs: 60_000, everyMs: 100 }
  await waitUntil(deadline, look).catch(() => undefined)
  return readLedger(file)
}

function spread(values: readonly number[]): string {
  const sorted = values.map(Math.round).toSorted((a, b) => a - b)
  return `${sorted[Math.floor(sorted.length / 2)]} / ${sorted.at(-1)}`
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs))
}
