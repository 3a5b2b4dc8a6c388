/** The measurements, one function each; all interleave floor and proxy and take medians. */
import { residentBytes } from "#test/process/resources.ts"
import { CONNECTIONS, type Plan, SIZES, STREAMS } from "./plan.ts"
import { medianOf, type SideResult, type SizeResult, type StreamResult } from "./results.ts"
import { type Contestant, type Listening, type Round, streamRound, wholeRound } from "./stand.ts"
import { interleaved, median } from "./statistics.ts"

export interface Stand {
  readonly load: Listening
  readonly direct: Contestant
  readonly floor: Contestant
  readonly proxy: Contestant
}

type Rounds = Readonly<Record<Contestant["name"], readonly Round[]>>

/** Lets both gateways compile their hot code; every size, since each has its own path. */
export async function warmUp(stand: Stand, plan: Plan): Promise<void> {
  for (const gateway of [stand.floor, stand.proxy]) {
    for (const { bodyBytes } of SIZES) {
      const asked = { bodyBytes, connections: CONNECTIONS, ratePerSecond: null }
      await wholeRound(stand.load, gateway, { ...asked, durationMs: plan.warmUpMs })
    }
  }
}

export async function measureSizes(stand: Stand, plan: Plan): Promise<readonly SizeResult[]> {
  const results: SizeResult[] = []
  for (const size of SIZES) {
    const busy = await rounds([stand.floor, stand.proxy], plan.throughput.rounds, (contestant) =>
      wholeRound(stand.load, contestant, {
        bodyBytes: size.bodyBytes,
        connections: CONNECTIONS,
        durationMs: plan.throughput.durationMs,
        ratePerSecond: null,
      }),
    )
    const calm = await rounds(
      [stand.direct, stand.floor, stand.proxy],
      plan.latency.rounds,
      (contestant) =>
        wholeRound(stand.load, contestant, {
          bodyBytes: size.bodyBytes,
          connections: CONNECTIONS,
          durationMs: plan.latency.durationMs,
          ratePerSecond: size.ratePerSecond,
        }),
    )
    results.push({
      size: size.name,
      floor: sideOf(busy.floor, calm.floor, calm.direct),
      proxy: sideOf(busy.proxy, calm.proxy, calm.direct),
      throughputRatio: median(
        busy.proxy.map((round, at) => round.perSecond / (busy.floor[at]?.perSecond ?? Number.NaN)),
      ),
    })
  }
  return results
}

export async function measureStreams(stand: Stand, plan: Plan): Promise<StreamResult> {
  const { durationMs } = plan.streams
  const found = await rounds(
    [stand.direct, stand.floor, stand.proxy],
    plan.streams.rounds,
    (contestant) => streamRound(stand.load, contestant, { streams: STREAMS, durationMs }),
  )
  const direct = medianOf(found.direct, (round) => round.p50Ms)
  const side = (side: readonly Round[]) => ({
    firstEventMs: medianOf(side, (round) => round.p50Ms) - direct,
    cpuUsPerEvent: medianOf(side, (round) => round.cpuUs),
  })
  return { floor: side(found.floor), proxy: side(found.proxy) }
}

export function residentMb(contestant: Contestant): number {
  return residentBytes(contestant.pid) / (1024 * 1024)
}

async function rounds(
  contestants: readonly Contestant[],
  count: number,
  measure: (contestant: Contestant) => Promise<Round>,
): Promise<Rounds> {
  const found = { direct: [] as Round[], floor: [] as Round[], proxy: [] as Round[] }
  for (const order of interleaved(contestants, count)) {
    for (const contestant of order) found[contestant.name].push(await measure(contestant))
  }
  return found
}

function sideOf(
  busy: readonly Round[],
  calm: readonly Round[],
  direct: readonly Round[],
): SideResult {
  return {
    perSecond: medianOf(busy, (round) => round.perSecond),
    cpuUs: medianOf(busy, (round) => round.cpuUs),
    addedP50Ms: medianOf(calm, ({ p50Ms }) => p50Ms) - medianOf(direct, ({ p50Ms }) => p50Ms),
    addedP99Ms: medianOf(calm, ({ p99Ms }) => p99Ms) - medianOf(direct, ({ p99Ms }) => p99Ms),
  }
}
