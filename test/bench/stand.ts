/** The stand: what is loaded, who loads it, and one measured round. */
import { fileURLToPath } from "node:url"
import { type Program, startProgram } from "#test/process/program.ts"
import { cpuMs } from "#test/process/resources.ts"
import { answerBody } from "./bodies.ts"
import type { LoadResult, LoadSpec } from "./load-spec.ts"

/** The gateway has one core for itself; everything else is on the other. */
export const GATEWAY_CORE = 0
export const OTHER_CORE = 1
/** Deltas, the usage event and `[DONE]`; `test/bench/upstream.ts` sends them. */
const EVENTS_PER_STREAM = 102

/** Who is loaded: the upstream itself, the floor, the proxy. */
export interface Contestant {
  readonly name: "direct" | "floor" | "proxy"
  readonly port: number
  readonly pid: number
  readonly wholePath: string
  readonly streamPath: string
}

export interface Round {
  readonly perSecond: number
  /** CPU of the contestant, in microseconds a request (or an event, of streams). */
  readonly cpuUs: number
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface Listening {
  readonly program: Program
  readonly port: number
}

/** Starts one of the bench's own programs, which say `listening PORT`. */
export async function startListening(
  file: string,
  core: number,
  args: readonly string[] = [],
): Promise<Listening> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const program = await startProgram({ name: file, args: [path, ...args], core })
  const match = await program.waitForLine(/^listening (\d+)$/, 10_000)
  return { program, port: Number(match[1]) }
}

export interface WholeLoad {
  readonly bodyBytes: number
  readonly connections: number
  readonly durationMs: number
  readonly ratePerSecond: number | null
}

/** Throws when any answer was wrong: a fast wrong gateway has no numbers. */
export async function wholeRound(
  load: Listening,
  contestant: Contestant,
  asked: WholeLoad,
): Promise<Round> {
  const answerBytes = Buffer.byteLength(answerBody())
  const { port, wholePath: path } = contestant
  const spec: LoadSpec = { kind: "whole", port, path, answerBytes, ...asked }
  const { result, cpuSpentMs } = await run(load, contestant, spec)
  return roundOf(result, cpuSpentMs, result.answers)
}

export interface StreamLoad {
  readonly streams: number
  readonly durationMs: number
}

export async function streamRound(
  load: Listening,
  contestant: Contestant,
  asked: StreamLoad,
): Promise<Round> {
  const { port, streamPath: path } = contestant
  const spec: LoadSpec = {
    kind: "streams",
    port,
    path,
    eventsPerStream: EVENTS_PER_STREAM,
    ...asked,
  }
  const { result, cpuSpentMs } = await run(load, contestant, spec)
  return roundOf(result, cpuSpentMs, result.events)
}

async function run(
  load: Listening,
  contestant: Contestant,
  spec: LoadSpec,
): Promise<{ readonly result: LoadResult; readonly cpuSpentMs: number }> {
  const before = cpuMs(contestant.pid)
  const answer = await fetch(`http://127.0.0.1:${load.port}/run`, {
    method: "POST",
    body: JSON.stringify(spec),
  })
  const result = (await answer.json()) as LoadResult
  const cpuSpentMs = cpuMs(contestant.pid) - before
  if (result.wrong.length > 0 || result.answers === 0) {
    throw new Error(`${contestant.name} answered wrongly: ${result.wrong.join("; ")}`)
  }
  return { result, cpuSpentMs }
}

function roundOf(result: LoadResult, cpuSpentMs: number, units: number): Round {
  return {
    perSecond: (result.answers * 1000) / result.elapsedMs,
    cpuUs: (cpuSpentMs * 1000) / units,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
  }
}
