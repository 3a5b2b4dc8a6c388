/** The stand: what is loaded, who loads it, and one measured round. */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { type Program, runningPids, startProgram } from "#test/process/program.ts"
import { cpuMs, machineCpuMs } from "#test/process/resources.ts"
import { answerBody } from "./bodies.ts"
import type { LoadResult, LoadSpec } from "./load-spec.ts"

/** The gateway has one core for itself; everything else is on the other. */
export const GATEWAY_CORE = 0
export const OTHER_CORE = 1

/**
 * This process reads what the others print, every log line of the proxy among it: not on the core
 * of the gateway.
 */
export function leaveGatewayCore(): void {
  const pin = ["-a", "-c", "-p", String(OTHER_CORE), String(process.pid)]
  const { status, stderr } = spawnSync("taskset", pin, { encoding: "utf8" })
  if (status !== 0) throw new Error(`taskset ${pin.join(" ")}: ${stderr}`)
}

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
  /** What others on this machine took meanwhile, in cores. */
  readonly foreignCores: number
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

/** Throws when any answer was wrong: a fast gateway that is wrong has no numbers. */
export async function wholeRound(
  load: Listening,
  contestant: Contestant,
  asked: WholeLoad,
): Promise<Round> {
  const answerBytes = Buffer.byteLength(answerBody())
  const { port, wholePath: path } = contestant
  const spec: LoadSpec = { kind: "whole", port, path, answerBytes, ...asked }
  const spent = await run(load, contestant, spec)
  return roundOf(spent, spent.result.answers)
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
  const spent = await run(load, contestant, spec)
  return roundOf(spent, spent.result.events)
}

interface Spent {
  readonly result: LoadResult
  readonly contestantMs: number
  readonly foreignMs: number
}

async function run(load: Listening, contestant: Contestant, spec: LoadSpec): Promise<Spent> {
  const before = readClocks(contestant)
  const answer = await fetch(`http://127.0.0.1:${load.port}/run`, {
    method: "POST",
    body: JSON.stringify(spec),
  })
  const result = (await answer.json()) as LoadResult
  const after = readClocks(contestant)
  if (result.wrong.length > 0) {
    throw new Error(`${contestant.name} answered wrongly: ${result.wrong.join("; ")}`)
  }
  const oursMs = after.oursMs - before.oursMs
  return {
    result,
    contestantMs: after.contestantMs - before.contestantMs,
    foreignMs: Math.max(0, after.machineMs - before.machineMs - oursMs),
  }
}

/** `ours` are all programs of the stand, and this one. */
function readClocks(contestant: Contestant) {
  const machineMs = machineCpuMs()
  const oursMs = runningPids().reduce((sum, pid) => sum + cpuMs(pid), cpuMs(process.pid))
  return { contestantMs: cpuMs(contestant.pid), oursMs, machineMs }
}

function roundOf({ result, contestantMs, foreignMs }: Spent, units: number): Round {
  return {
    perSecond: (result.answers * 1000) / result.elapsedMs,
    cpuUs: (contestantMs * 1000) / units,
    p50Ms: result.p50Ms,
    p99Ms: result.p99Ms,
    // No answer at all: the whole machine stood still.
    foreignCores: result.answers === 0 ? Number.POSITIVE_INFINITY : foreignMs / result.elapsedMs,
  }
}
