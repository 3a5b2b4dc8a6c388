/** What one run of the bench found, as values, and as text for a person. Pure. */
import { GATES, STREAM_CPU_MOST, TRANSLATED_LEAST } from "./plan.ts"
import { median } from "./statistics.ts"

export interface SizeResult {
  readonly size: string
  readonly floor: SideResult
  readonly proxy: SideResult
  /** Median over the rounds of proxy / floor, each pair measured one after the other. */
  readonly throughputRatio: number
}

export interface SideResult {
  readonly perSecond: number
  readonly cpuUs: number
  /** Above the same request sent to the upstream directly. */
  readonly addedP50Ms: number
  readonly addedP99Ms: number
}

export interface StreamResult {
  /** CPU of an event, proxy to floor: the median of the turns. */
  readonly cpuRatio: number
  readonly floor: { readonly firstEventMs: number; readonly cpuUsPerEvent: number }
  readonly proxy: { readonly firstEventMs: number; readonly cpuUsPerEvent: number }
}

/** A stream of that schema for a client of that surface. */
export interface TranslationResult {
  readonly from: string
  readonly to: string
  /** Chunks of content a second of CPU: what one core does. */
  readonly chunksPerSecond: number
}

export interface BenchResult {
  /** Turns that were repeated because others used the machine meanwhile. */
  readonly repeats: number
  readonly sizes: readonly SizeResult[]
  readonly streams: StreamResult
  readonly translation: readonly TranslationResult[]
  readonly memory: {
    readonly floor: { readonly idleMb: number; readonly loadedMb: number }
    readonly proxy: { readonly idleMb: number; readonly loadedMb: number }
  }
  /** From spawn to the first answered chat, in ms. */
  readonly coldStart: { readonly floorMs: number; readonly proxyMs: number }
}

/** Gates that were missed, as sentences; empty is good. */
export function missedGates(result: BenchResult): readonly string[] {
  const sizes = GATES.flatMap((gate) => {
    const found = result.sizes.find((size) => size.size === gate.size)?.throughputRatio ?? 0
    if (found >= gate.least) return []
    return [`${gate.size}: ${found.toFixed(2)} of the floor's throughput, must be ${gate.least}`]
  })
  const cpu = result.streams.cpuRatio
  const streams =
    cpu <= STREAM_CPU_MOST
      ? []
      : [`an event of a stream: ${cpu.toFixed(2)} of the floor's CPU, at most ${STREAM_CPU_MOST}`]
  const translation = result.translation
    .filter(({ chunksPerSecond }) => chunksPerSecond < TRANSLATED_LEAST)
    .map((found) => `${translationName(found)}: must be ${TRANSLATED_LEAST} chunks a second`)
  return [...sizes, ...streams, ...translation]
}

/** A table of its own: no floor does it. */
export function describeTranslation(translation: readonly TranslationResult[]): string {
  return [
    row(["a stream of 100 chunks, translated", "chunks/s on one core", "promised"]),
    row(["---", "---", "---"]),
    ...translation.map((found) =>
      row([
        translationName(found),
        found.chunksPerSecond.toFixed(0),
        `at least ${TRANSLATED_LEAST}`,
      ]),
    ),
  ].join("\n")
}

function translationName({ from, to }: TranslationResult): string {
  return `${from} to ${to}`
}

/** Markdown tables; the numbers a reader compares first stand first. */
export function describeResult(result: BenchResult): string {
  const sizes = result.sizes.map((size) => {
    const { floor, proxy } = size
    return row([
      size.size,
      size.throughputRatio.toFixed(2),
      proxy.perSecond.toFixed(0),
      floor.perSecond.toFixed(0),
      ratio(floor.cpuUs, proxy.cpuUs),
      proxy.cpuUs.toFixed(0),
      floor.cpuUs.toFixed(0),
      `${proxy.addedP50Ms.toFixed(2)} / ${proxy.addedP99Ms.toFixed(2)}`,
      `${floor.addedP50Ms.toFixed(2)} / ${floor.addedP99Ms.toFixed(2)}`,
      `${ratio(proxy.addedP50Ms, floor.addedP50Ms)} / ${ratio(proxy.addedP99Ms, floor.addedP99Ms)}`,
    ])
  })
  const { streams, memory, coldStart } = result
  const others = [
    otherRow(
      "first event of a stream, added ms",
      streams.proxy.firstEventMs,
      streams.floor.firstEventMs,
      2,
    ),
    row([
      "CPU an event of a stream, us",
      streams.proxy.cpuUsPerEvent.toFixed(1),
      streams.floor.cpuUsPerEvent.toFixed(1),
      streams.cpuRatio.toFixed(2),
    ]),
    otherRow("resident memory, idle, MB", memory.proxy.idleMb, memory.floor.idleMb, 0),
    otherRow("resident memory, after load, MB", memory.proxy.loadedMb, memory.floor.loadedMb, 0),
    otherRow("cold start to the first answer, ms", coldStart.proxyMs, coldStart.floorMs, 0),
  ]
  return [
    row([
      "chat",
      "throughput, proxy / floor",
      "proxy req/s",
      "floor req/s",
      "CPU, floor / proxy",
      "proxy us/req",
      "floor us/req",
      "proxy added p50 / p99 ms",
      "floor added p50 / p99 ms",
      "added, proxy / floor",
    ]),
    row(Array.from({ length: 10 }, () => "---")),
    ...sizes,
    "",
    row(["other costs", "proxy", "floor", "proxy / floor"]),
    row(["---", "---", "---", "---"]),
    ...others,
    "",
    describeTranslation(result.translation),
    "",
    `${result.repeats} turns were repeated because something else used the machine.`,
  ].join("\n")
}

/** Median of one number over the rounds. */
export function medianOf<T>(rounds: readonly T[], pick: (round: T) => number): number {
  return median(rounds.map(pick))
}

function otherRow(what: string, proxy: number, floor: number, digits: number): string {
  return row([what, proxy.toFixed(digits), floor.toFixed(digits), ratio(proxy, floor)])
}

/**
 * Two differences of medians may come out at or below zero on a noisy machine: then there is no
 * ratio.
 */
function ratio(a: number, b: number): string {
  return a > 0 && b > 0 ? (a / b).toFixed(2) : "-"
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`
}
