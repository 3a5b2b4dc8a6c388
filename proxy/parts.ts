/**
 * The parts of a proxy behind its two surfaces: log, journal, egress, sync, report, metrics.
 *
 * In: settings and a channel. Out: the parts, wired to each other. Must not know HTTP.
 */
import { randomBytes } from "node:crypto"
import { simulate } from "#proxy/providers/simulated/simulate.ts"
import { linkRuntime } from "#proxy/runtime/link.ts"
import type { Runtime } from "#proxy/runtime/runtime.ts"
import type { Closers } from "./closers.ts"
import type { ProxyConfig } from "./config.ts"
import { type Journal, openJournal } from "./journal/journal.ts"
import { logReplay, logWritable } from "./log-journal.ts"
import { createLogMemory } from "./log-memory.ts"
import { logSync } from "./log-sync.ts"
import { type Report, startReport } from "./report/report.ts"
import type { AppSurface } from "./server/app-surface.ts"
import { type Held, MemoryGuard } from "./server/memory-guard.ts"
import { collectNow, createReadMemory } from "./server/read-memory.ts"
import type { ControlChannel } from "./sync/channel.ts"
import { type LastGoodStore, openLastGood } from "./sync/last-good.ts"
import { type Sync, type SyncEvent, startSync } from "./sync/sync.ts"
import { createLog, type Log } from "./telemetry/log.ts"
import { createMetrics, type ProxyMetrics } from "./telemetry/metrics.ts"
import { gatherObservations, type Observations } from "./telemetry/observations.ts"
import type { Observed } from "./telemetry/state-metrics.ts"
import { createTurns, type Turn } from "./turn.ts"
import { createEgress, type Egress } from "./upstream/dispatch.ts"

/** What the parts share; written by the sync alone, but for `isDraining`. */
export interface SharedState {
  runtime: Runtime | null
  isDraining: boolean
  readonly ready: Promise<void>
  readonly setReady: () => void
}

export interface Parts {
  readonly boot: string
  readonly log: Log
  readonly metrics: ProxyMetrics
  readonly observations: Observations
  readonly journal: Journal
  readonly egress: Egress
  readonly sync: Sync
  readonly report: Report
  readonly state: SharedState
  readonly turn: Turn
  readonly memory: MemoryGuard
  /** Null until it listens. */
  app: AppSurface | null
}

/** Opens everything but the two surfaces; each part is closed by `closers`. */
export function openParts(config: ProxyConfig, channel: ControlChannel, closers: Closers): Parts {
  const { limits, release } = config
  const boot = randomBytes(6).toString("hex")
  const log = createLog({ level: config.logLevel, fd: config.logFd })
  closers.add(() => log.flush())
  const turn = createTurns()
  const journal = openJournal({
    directory: config.journalDir,
    bytesMax: limits.journalBytesMax,
    segmentBytes: limits.journalSegmentBytes,
    memoryRecordsMax: limits.journalMemoryRecordsMax,
    now: Date.now,
    monotonic,
    defer: turn.writes,
    onWritable: (change) => logWritable(log, change),
  })
  closers.add(() => journal.close())
  const memory = openMemory(log, () => parts.app?.held ?? null)
  closers.add(() => memory.close())
  logReplay(log, journal.state())
  const egress = openEgress(config, memory, turn)
  closers.add(() => egress.close())
  closers.add(() => channel.close())
  const state = makeState()
  const report = startReport({
    boot,
    journal,
    send: (batch) => channel.usage(batch),
    monotonic,
    draw: Math.random,
    onFailure: (error) => log.debug("usage was not taken", { error: errorText(error) }),
  })
  closers.add(() => report.close(0))
  const sync = openSync({ config, channel, boot, journal, egress, state, log, report })
  closers.add(() => sync.close())
  const observations = gatherObservations((record) => {
    parts.metrics.exchange(record)
    log.exchange(record)
  })
  closers.add(() => observations.drain())
  const parts: Parts = {
    boot,
    log,
    observations,
    journal,
    egress,
    sync,
    report,
    state,
    turn,
    memory,
    app: null,
    metrics: createMetrics({ release, now: Date.now, observe: () => observe(parts) }),
  }
  return parts
}

function openMemory(log: Log, held: () => Held | null): MemoryGuard {
  return new MemoryGuard({
    read: createReadMemory(),
    held,
    collect: collectNow,
    monotonic,
    onLevel: createLogMemory(log, monotonic),
  })
}

function openEgress(
  { limits, upstreamCaFile }: ProxyConfig,
  memory: MemoryGuard,
  turn: Turn,
): Egress {
  return createEgress({
    connectionsMax: limits.upstreamConnectionsMax,
    headerBytesMax: limits.upstreamHeaderBytesMax,
    bodyBytesMax: limits.upstreamBodyBytesMax,
    dnsTimeoutMs: limits.dnsTimeoutMs,
    caFile: upstreamCaFile,
    draw: Math.random,
    simulate,
    monotonic,
    now: Date.now,
    memory,
    defer: turn.answers,
  })
}

function openSync(from: {
  readonly config: ProxyConfig
  readonly channel: ControlChannel
  readonly boot: string
  readonly journal: Journal
  readonly egress: Egress
  readonly state: SharedState
  readonly log: Log
  readonly report: Report
}): Sync {
  const { config, channel, boot, journal, egress, state, log, report } = from
  const lastGood: LastGoodStore | null =
    config.stateDir === null
      ? null
      : openLastGood(config.stateDir, (file, error) =>
          log.error("the last good configuration could not be kept", {
            file,
            error: errorText(error),
          }),
        )
  return startSync<Runtime>({
    channel,
    boot,
    release: config.release,
    journalSequence: () => journal.sequence,
    link: linkRuntime,
    lastGood,
    onCredentials: ({ entries, temporary }) => {
      egress.setCredentials([...entries, ...temporary])
      egress.retain(Object.values(state.runtime?.providers ?? {}))
    },
    onRuntime: (runtime) => {
      state.runtime = runtime
      egress.retain(Object.values(runtime?.providers ?? {}))
      if (runtime !== null) state.setReady()
    },
    report: (event: SyncEvent) => {
      logSync(log, event)
      if (event.kind === "connected") report.nudge()
    },
    now: Date.now,
    draw: Math.random,
  })
}

function makeState(): SharedState {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { runtime: null, isDraining: false, ready: promise, setReady: resolve }
}

/** Null when requests of models are served. */
export function notReady({ state }: Parts): string | null {
  if (state.isDraining) return "draining"
  return state.runtime === null ? "config_not_ready" : null
}

/**
 * Null when the pod may go on with its start: once configuration has come, or `heldUntil` (on the
 * monotonic clock) has passed. A hold never ends in a pod that does not start.
 */
export function notStarted({ state }: Parts, heldUntil: number): string | null {
  return state.runtime === null && monotonic() < heldUntil ? "config_not_ready" : null
}

function observe(parts: Parts): Observed {
  const load = parts.app?.load()
  const { reading, level, ended } = parts.memory.state()
  return {
    isReady: notReady(parts) === null,
    config: parts.sync.state(),
    journal: parts.journal.state(),
    reportFailures: parts.report.state().failures,
    memory: {
      usedBytes: reading.usedBytes,
      limitBytes: reading.limitBytes,
      isShort: level !== "calm",
      ended,
    },
    connections: load?.connections ?? 0,
    exchanges: load?.exchanges ?? 0,
    pools: parts.egress.poolCount(),
  }
}

export function monotonic(): number {
  return performance.now()
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
