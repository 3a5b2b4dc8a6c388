/**
 * The proxy as one value: the pure pipeline with its shell around it, over any ControlChannel.
 *
 * In: settings and a channel (HTTPS in a pod, an in-memory pair in `sidegate run`). Out: a running
 * proxy.
 * Must not know who the operator is, nor what started it.
 */
import { randomBytes } from "node:crypto"
import type { Ports } from "#proxy/exchange/ports.ts"
import { handleChat, handleModels, refuseRequest } from "#proxy/pipeline/pipeline.ts"
import { PIPELINE_SETTINGS, type PipelineSettings } from "#proxy/pipeline/settings.ts"
import { simulate } from "#proxy/providers/simulated/simulate.ts"
import { linkRuntime } from "#proxy/runtime/link.ts"
import type { Runtime } from "#proxy/runtime/runtime.ts"
import { Closers } from "./closers.ts"
import type { ProxyConfig } from "./config.ts"
import { type Journal, openJournal } from "./journal/journal.ts"
import { logSync } from "./log-sync.ts"
import { type Report, startReport } from "./report/report.ts"
import { type AppSurface, type Endpoint, openAppSurface } from "./server/app-surface.ts"
import { openOpsSurface } from "./server/ops-surface.ts"
import type { ControlChannel } from "./sync/channel.ts"
import { type LastGoodStore, openLastGood } from "./sync/last-good.ts"
import { startSync, type Sync, type SyncEvent } from "./sync/sync.ts"
import { createLog, type Log } from "./telemetry/log.ts"
import { createMetrics, type ProxyMetrics } from "./telemetry/metrics.ts"
import { gatherObservations, type Observations } from "./telemetry/observations.ts"
import type { Observed } from "./telemetry/state-metrics.ts"
import { createEgress, type Egress } from "./upstream/dispatch.ts"

export interface BoundAddress {
  readonly host: string
  readonly port: number
}

/** What `createProxy(config, channel)` resolves with, once both surfaces listen. */
export interface Proxy {
  readonly boot: string
  readonly app: readonly BoundAddress[]
  readonly ops: readonly BoundAddress[]
  /** Resolves when a Snapshot is in force for the first time, from the last good one too. */
  readonly ready: Promise<void>
  /** Counts and logs a broken invariant that reached the process. */
  noteBug(error: unknown): void
  /**
   * Refuses new requests, lets exchanges run for at most `drainMs` (default: the limit of the
   * config), flushes the journal, tries once more to report, closes everything, the channel too.
   * Safe to call twice; a later call with a shorter time shortens the drain.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>
}

/**
 * How long the last usage may take to be delivered before the process ends; the journal keeps the
 * rest.
 */
const LAST_REPORT_MS = 2_000

/**
 * Rejects with JournalLockedError, AddressInUseError (code `EADDRINUSE`, `port`) or the system's
 * error; then nothing is left open.
 */
export async function createProxy(config: ProxyConfig, channel: ControlChannel): Promise<Proxy> {
  const closers = new Closers()
  try {
    return await open(config, channel, closers)
  } catch (error) {
    await closers.run()
    throw error
  }
}

async function open(
  config: ProxyConfig,
  channel: ControlChannel,
  closers: Closers,
): Promise<Proxy> {
  const parts = openParts(config, channel, closers)
  const { boot, log, state, report } = parts
  const app = await openApp(config, parts)
  parts.app = app
  closers.add(() => app.close())
  const ops = await openOpsSurface({
    addresses: config.ops,
    notReady: () => notReady(parts),
    metrics: () => {
      parts.observations.drain()
      return parts.metrics.scrape()
    },
  })
  closers.add(() => ops.close())
  const [first] = app.addresses
  log.info("listening", {
    host: first?.host ?? "",
    port: first?.port ?? 0,
    release: config.release,
  })
  let closing: Promise<void> | undefined
  return {
    boot,
    app: app.addresses,
    ops: ops.addresses,
    ready: state.ready,
    noteBug: (error) => noteBug(parts, error),
    close: (options) => {
      const drained = app.drain(options?.drainMs ?? config.limits.drainMs)
      state.isDraining = true
      closing ??= drained.then(async () => {
        parts.journal.flush()
        await report.close(LAST_REPORT_MS)
        await closers.run()
      })
      return closing
    },
  }
}

/** What the parts share; written by the sync alone, but for `isDraining`. */
interface SharedState {
  runtime: Runtime | null
  isDraining: boolean
  readonly ready: Promise<void>
  readonly setReady: () => void
}

interface Parts {
  readonly boot: string
  readonly log: Log
  readonly metrics: ProxyMetrics
  readonly observations: Observations
  readonly journal: Journal
  readonly egress: Egress
  readonly sync: Sync
  readonly report: Report
  readonly state: SharedState
  /** Null until it listens. */
  app: AppSurface | null
}

function openParts(config: ProxyConfig, channel: ControlChannel, closers: Closers): Parts {
  const { limits, release } = config
  const boot = randomBytes(6).toString("hex")
  const log = createLog({ level: config.logLevel, fd: config.logFd })
  closers.add(() => log.flush())
  const journal = openJournal({
    directory: config.journalDir,
    bytesMax: limits.journalBytesMax,
    segmentBytes: limits.journalSegmentBytes,
    memoryRecordsMax: limits.journalMemoryRecordsMax,
    now: Date.now,
    monotonic,
  })
  closers.add(() => journal.close())
  logJournal(log, journal)
  const egress = createEgress({
    connectionsMax: limits.upstreamConnectionsMax,
    headerBytesMax: limits.upstreamHeaderBytesMax,
    bodyBytesMax: limits.upstreamBodyBytesMax,
    dnsTimeoutMs: limits.dnsTimeoutMs,
    caFile: config.upstreamCaFile,
    draw: Math.random,
    simulate,
    monotonic,
  })
  closers.add(() => egress.close())
  closers.add(() => channel.close())
  const state = makeState()
  const report = startReport({
    boot,
    journal,
    send: (batch) => channel.usage(batch),
    monotonic,
    draw: Math.random,
    onFailure: (error) => log.debug("usage was not taken", { error: textOf(error) }),
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
    app: null,
    metrics: createMetrics({ release, now: Date.now, observe: () => observe(parts) }),
  }
  return parts
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
            error: textOf(error),
          }),
        )
  return startSync<Runtime>({
    channel,
    boot,
    release: config.release,
    journalSequence: () => journal.sequence,
    link: linkRuntime,
    lastGood,
    onCredentials: ({ entries }) => {
      egress.setCredentials(entries)
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

function openApp(config: ProxyConfig, parts: Parts): Promise<AppSurface> {
  const { boot, metrics, state } = parts
  const ports = makePorts(parts)
  const settings = settingsOf(config)
  const endpoints: readonly Endpoint[] = [
    {
      method: "POST",
      path: "/v1/chat/completions",
      surface: "openai-chat",
      handle: (raw, client) => handleChat(state.runtime, raw, client, ports, settings),
    },
    {
      method: "GET",
      path: "/v1/models",
      surface: "openai-models",
      handle: (raw, client) => handleModels(state.runtime, raw, client, ports, settings),
    },
  ]
  let requests = 0
  return openAppSurface({
    addresses: config.app,
    limits: config.limits,
    endpoints,
    refuse: refuseRequest,
    nextRequestId: () => `req-${boot}-${++requests}`,
    now: Date.now,
    onRefused: ({ code }) => metrics.refused(code),
  })
}

function makePorts({ boot, egress, journal, observations }: Parts): Ports {
  let attempts = 0
  return {
    now: Date.now,
    monotonic,
    draw: Math.random,
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs)
      return () => clearTimeout(timer)
    },
    nextAttemptId: () => `${boot}-${++attempts}`,
    dispatch: egress.dispatch,
    journal,
    observe: (record) => observations.add(record),
  }
}

function settingsOf({ limits }: ProxyConfig): PipelineSettings {
  const requestJson = { ...PIPELINE_SETTINGS.requestJson, bytesMax: limits.bodyBytesMax }
  return Object.freeze({ ...PIPELINE_SETTINGS, requestJson: Object.freeze(requestJson) })
}

function makeState(): SharedState {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { runtime: null, isDraining: false, ready: promise, setReady: resolve }
}

function notReady({ state }: Parts): string | null {
  if (state.isDraining) return "draining"
  return state.runtime === null ? "config_not_ready" : null
}

function observe(parts: Parts): Observed {
  const load = parts.app?.load()
  return {
    isReady: notReady(parts) === null,
    config: parts.sync.state(),
    journal: parts.journal.state(),
    reportFailures: parts.report.state().failures,
    connections: load?.connections ?? 0,
    exchanges: load?.exchanges ?? 0,
    pools: parts.egress.poolCount(),
  }
}

function logJournal(log: Log, journal: Journal): void {
  const { lost, torn, quarantined } = journal.state()
  if (lost > 0) log.warn("attempts of an earlier process were settled as lost", { count: lost })
  if (torn > 0) log.warn("the journal had writes cut off", { count: torn })
  if (quarantined > 0) log.error("damaged journal files were set aside", { count: quarantined })
}

function noteBug({ log, metrics }: Parts, error: unknown): void {
  metrics.bug()
  const where = error instanceof Error ? /\n\s+at (.*)/.exec(error.stack ?? "")?.[1] : undefined
  log.error("a broken invariant", { error: textOf(error), path: where ?? "unknown" })
}

function monotonic(): number {
  return performance.now()
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
