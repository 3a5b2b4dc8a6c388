/**
 * kill -9 at random moments under load, then the account: the upstream's own count against the
 * ledger.
 *
 * Real processes throughout: the counting upstream, the operator (without an API server), the
 * proxy. In: whom to kill, how often, a seed for the moments. Out: a Comparison and what the
 * clients saw. `make test` kills 20 times each, `make soak` 200 times.
 */
import { DatabaseSync } from "node:sqlite"
import { type OperatorProcess, startOperator } from "#test/operator/client.ts"
import { makeNamespace, makeObject, makePod, makeProviderSecret } from "#test/operator/objects.ts"
import { tokenFor } from "#test/operator/token.ts"
import { waitUntil } from "#test/process/wait-until.ts"
import { type ProxyProcess, startProxy } from "#test/proxy/client.ts"
import { startUpstream, type TestUpstream } from "#test/upstream/client.ts"
import { type ChatLoad, startChatLoad } from "./chat-load.ts"
import { type Comparison, compareRecords, type LedgerRecord } from "./compare-records.ts"

export interface KillPlan {
  readonly victim: "proxy" | "operator"
  readonly kills: number
  readonly seed: number
}

export interface KillReport extends Comparison {
  readonly kills: number
  readonly underWayAtKills: number
  /** From the start of the new process until it is ready, in ms. */
  readonly slowestStartMs: number
  readonly outcomes: Readonly<Record<string, number>>
}

export interface FaultStand {
  readonly upstream: TestUpstream
  readonly operator: OperatorProcess
  readonly proxy: ProxyProcess
  readonly stop: () => Promise<void>
}

/** One namespace, one provider with a key, one route `smart` to the upstream's backend `alpha`. */
export async function startFaultStand(): Promise<FaultStand> {
  const upstream = await startUpstream()
  const pod = makePod("shop", "shop-0", { "app.kubernetes.io/name": "shop" })
  const credentials = { type: "Secret", secret: { name: "alpha-key", key: "api-key" } }
  const operator = await startOperator([
    makeNamespace("shop", "shop"),
    pod,
    makeProviderSecret("alpha-key", "key-of-alpha", ["127.0.0.1"]),
    makeObject("TeamQuota", "shop", { spec: { costCenter: "CC-1" } }),
    makeObject("AIProvider", "alpha", {
      spec: {
        schema: "OpenAI",
        endpoint: upstream.endpoint("alpha"),
        network: "Private",
        credentials,
        allowedNamespaces: { from: "All" },
      },
    }),
    makeObject(
      "AIRoute",
      "smart",
      {
        spec: {
          models: ["smart"],
          rules: [{ name: "all", backends: [{ provider: "alpha", model: "gpt-4o" }] }],
        },
      },
      { namespace: "shop" },
    ),
  ])
  const proxy = await startProxy({ operator, token: tokenFor(pod) })
  const stop = async (): Promise<void> => {
    await proxy.stop()
    await operator.stop()
    await upstream.stop()
  }
  return { upstream, operator, proxy, stop }
}

export async function runKills(plan: KillPlan): Promise<KillReport> {
  const stand = await startFaultStand()
  const { upstream, operator, proxy } = stand
  await upstream.behave("alpha", { delayMs: 15, eventDelayMs: 4 })
  const { origin } = proxy
  const load = startChatLoad({ origin, model: "smart", lanes: 12, streamEvery: 5, pauseMs: 20 })
  const draw = seeded(plan.seed)
  let underWayAtKills = 0
  let slowestStartMs = 0
  for (let kill = 0; kill < plan.kills; kill += 1) {
    await someAnswers(load)
    await new Promise((resolve) => setTimeout(resolve, draw() * 150))
    // Both before and after: a request may begin while the signal is on its way.
    const before = load.underWay()
    const sentBefore = load.sent()
    const victim = plan.victim === "proxy" ? proxy : operator
    await victim.kill()
    if (plan.victim === "proxy") underWayAtKills += before + (load.sent() - sentBefore)
    const begin = performance.now()
    await victim.start()
    await proxy.ready()
    slowestStartMs = Math.max(slowestStartMs, performance.now() - begin)
  }
  await someAnswers(load)
  await load.stop()
  const records = await settledRecords(upstream, operator)
  const comparison = compareRecords(await upstream.attempts(), records, underWayAtKills)
  await stand.stop()
  const { kills } = plan
  return { ...comparison, kills, underWayAtKills, slowestStartMs, outcomes: load.outcomes() }
}

/** The proxy serves again: a few more chats have their whole answers. */
async function someAnswers(load: ChatLoad): Promise<void> {
  const answered = (): number => load.outcomes()["200"] ?? 0
  const from = answered()
  await waitUntil({ what: "chats to be answered", withinMs: 20_000 }, () =>
    answered() >= from + 5 ? true : undefined,
  )
}

/**
 * Records once there is one for every attempt and no more come for a second; else those at the
 * deadline.
 */
async function settledRecords(
  upstream: TestUpstream,
  operator: OperatorProcess,
): Promise<readonly LedgerRecord[]> {
  const { received } = await upstream.counts()
  let records: readonly LedgerRecord[] = []
  let unchangedSince = performance.now()
  const look = (): true | undefined => {
    const seen = readRecords(operator.ledgerFile)
    if (seen.length !== records.length) unchangedSince = performance.now()
    records = seen
    const isQuiet = performance.now() - unchangedSince > 1500
    return records.length >= received && isQuiet ? true : undefined
  }
  const deadline = { what: "the records", withinMs: 30_000, everyMs: 200 }
  await waitUntil(deadline, look).catch(() => undefined)
  return records
}

function readRecords(file: string): readonly LedgerRecord[] {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const rows = database.prepare("SELECT user, outcome, source FROM usage_record").all()
    return rows.map(({ user, outcome, source }) => ({
      user: user === null ? null : String(user),
      outcome: String(outcome),
      source: String(source),
    }))
  } finally {
    database.close()
  }
}

/** mulberry32: the same seed gives the same moments. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
