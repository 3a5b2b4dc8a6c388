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

/** Turns that may still be repeated in this run, because others used the machine during them. */
export interface Patience {
  turnsLeft: number
}

/** Others may take so much of the machine during a round before it counts as disturbed. */
const FOREIGN_CORES_MAX = 0.1

type Rounds = Readonly<Record<Contestant["name"], readonly Round[]>>

/** Lets both gateways compile their hot code; every size, since each has its own path. */
export async function warmUp(stand: Stand, plan: Plan): Promise<void> {
  for (const gateway of [stand.floor, stand.proxy]) {
    for (const { bodyBytes } of SIZES) {
      const asked = { bodyBytes, connections: CONNECTIONS, ratePerSecond: null }
      await wholeRound(stand.load, gateway, { ...asked, durationMs: plan.warmUpMs })
    }
    await streamRound(stand.load, gateway, { streams: STREAMS, durationMs: plan.warmUpMs })
  }
}

export async function measureSizes(
  stand: Stand,
  plan: Plan,
  patience: Patience,
): Promise<readonly SizeResult[]> {
  const results: SizeResult[] = []
  for (const size of SIZES) {
    const busy = await rounds(
      [stand.floor, stand.proxy],
      plan.throughput.rounds,
      patience,
      (contestant) =>
        wholeRound(stand.load, contestant, {
          bodyBytes: size.bodyBytes,
          connections: CONNECTIONS,
          durationMs: plan.throughput.durationMs,
          ratePerSecond: null,
        }),
    )
    const ratios = ratiosOf(busy.proxy, busy.floor, (round) => round.perSecond)
    say(`${size.name}: ${ratios.map((ratio) => ratio.toFixed(2)).join(" ")}`)
    const calm = await rounds(
      [stand.direct, stand.floor, stand.proxy],
      plan.latency.rounds,
      patience,
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
      throughputRatio: median(ratios),
    })
  }
  return results
}

export async function measureStreams(
  stand: Stand,
  plan: Plan,
  patience: Patience,
): Promise<StreamResult> {
  const { durationMs } = plan.streams
  const found = await rounds(
    [stand.direct, stand.floor, stand.proxy],
    plan.streams.rounds,
    patience,
    (contestant) => streamRound(stand.load, contestant, { streams: STREAMS, durationMs }),
  )
  const ratios = ratiosOf(found.proxy, found.floor, (round) => round.cpuUs)
  say(`CPU of an event: ${ratios.map((ratio) => ratio.toFixed(2)).join(" ")}`)
  const direct = medianOf(found.direct, (round) => round.p50Ms)
  const side = (side: readonly Round[]) => ({
    firstEventMs: medianOf(side, (round) => round.p50Ms) - direct,
    cpuUsPerEvent: medianOf(side, (round) => round.cpuUs),
  })
  return { cpuRatio: median(ratios), floor: side(found.floor), proxy: side(found.proxy) }
}

/** Turn by turn: what disturbs one side of a turn mostly disturbs the other too. */
function ratiosOf(
  proxy: readonly Round[],
  floor: readonly Round[],
  value: (round: Round) => number,
): readonly number[] {
  return proxy.map((round, at) => {
    const other = floor[at]
    return other === undefined ? Number.NaN : value(round) / value(other)
  })
}

/** Progress, for who waits: the ratio of each round, in order. */
function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

export function residentMb(contestant: Contestant): number {
  return residentBytes(contestant.pid) / (1024 * 1024)
}

/**
 * Each contestant `count` times, in turns. A turn in which others took part of the machine is
 * repeated, and when that does not help the least disturbed one counts.
 */
async function rounds(
  contestants: readonly Contestant[],
  count: number,
  patience: Patience,
  measure: (contestant: Contestant) => Promise<Round>,
): Promise<Rounds> {
  const found = { direct: [] as Round[], floor: [] as Round[], proxy: [] as Round[] }
  for (const order of interleaved(contestants, count)) {
    let best = await oneTurn(order, measure)
    while (disturbance(best) > FOREIGN_CORES_MAX && patience.turnsLeft > 0) {
      patience.turnsLeft -= 1
      const again = await oneTurn(order, measure)
      if (disturbance(again) < disturbance(best)) best = again
    }
    for (const [name, round] of best) found[name].push(round)
  }
  return found
}

type Turn = readonly (readonly [Contestant["name"], Round])[]

async function oneTurn(
  order: readonly Contestant[],
  measure: (contestant: Contestant) => Promise<Round>,
): Promise<Turn> {
  const turn: (readonly [Contestant["name"], Round])[] = []
  for (const contestant of order) turn.push([contestant.name, await measure(contestant)])
  return turn
}

/** The worst of its rounds, in cores. */
function disturbance(turn: Turn): number {
  return Math.max(...turn.map(([, { foreignCores }]) => foreignCores))
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
