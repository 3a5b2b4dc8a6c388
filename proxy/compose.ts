/**
 * The proxy as one value: the pure pipeline with its shell around it, over any ControlChannel.
 *
 * In: settings and a channel (HTTPS in a pod, an in-memory pair in `sidegate run`). Out: a running
 * proxy.
 * Must not know who the operator is, nor what started it.
 */
import type { SurfaceName } from "#proxy/exchange/parsed-request.ts"
import type { Client, Ports, RawRequest } from "#proxy/exchange/ports.ts"
import type { Arrival, PipelineContext } from "#proxy/pipeline/exchange-plan.ts"
import { handleModel, handleModels } from "#proxy/pipeline/models.ts"
import { handleModelCall, refuseRequest } from "#proxy/pipeline/pipeline.ts"
import { PIPELINE_SETTINGS, type PipelineSettings } from "#proxy/pipeline/settings.ts"
import { MODEL_PATHS, MODELS_PATHS, SURFACE_PATHS } from "#proxy/surfaces/registry.ts"
import { Closers } from "./closers.ts"
import type { ProxyConfig } from "./config.ts"
import { errorText, monotonic, notReady, notStarted, openParts, type Parts } from "./parts.ts"
import { type AppSurface, openAppSurface } from "./server/app-surface.ts"
import type { Endpoint } from "./server/endpoint-table.ts"
import { openOpsSurface } from "./server/ops-surface.ts"
import type { ControlChannel } from "./sync/channel.ts"

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
  const heldUntil = monotonic() + config.limits.holdMs
  const app = await openApp(config, parts)
  parts.app = app
  closers.add(() => app.close())
  const ops = await openOpsSurface({
    addresses: config.ops,
    notStarted: () => notStarted(parts, heldUntil),
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

function openApp(config: ProxyConfig, parts: Parts): Promise<AppSurface> {
  const { boot, metrics, state } = parts
  const context: PipelineContext = { ports: makePorts(parts), settings: settingsOf(config) }
  const arrive = (raw: RawRequest, client: Client): Arrival => ({
    runtime: state.runtime,
    raw,
    client,
  })
  const endpoints: readonly Endpoint[] = [
    ...SURFACE_PATHS.map(
      ([path, surface]): Endpoint => ({
        method: "POST",
        path,
        surface: surface.name,
        ...(surface.takes === undefined ? {} : { takes: surface.takes }),
        handle: (raw, client) => handleModelCall(surface, arrive(raw, client), context),
      }),
    ),
    ...MODELS_PATHS.map(get((raw, client) => handleModels(arrive(raw, client), context))),
    ...MODEL_PATHS.map(get((raw, client) => handleModel(arrive(raw, client), context))),
  ]
  let requests = 0
  return openAppSurface({
    addresses: config.app,
    limits: config.limits,
    endpoints,
    refuse: refuseRequest,
    nextRequestId: () => `req-${boot}-${++requests}`,
    now: Date.now,
    defer: parts.turn.requests,
    memory: parts.memory,
    onRefused: ({ code }) => metrics.refused(code),
  })
}

function get(handle: Endpoint["handle"]) {
  return ([path, surface]: readonly [string, SurfaceName]): Endpoint => ({
    method: "GET",
    path,
    surface,
    handle,
  })
}

function makePorts({ boot, egress, journal, memory, observations }: Parts): Ports {
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
    refuseStream: memory.refuseStream,
    observe: (record) => observations.add(record),
  }
}

function settingsOf({ limits }: ProxyConfig): PipelineSettings {
  const requestJson = { ...PIPELINE_SETTINGS.requestJson, bytesMax: limits.bodyBytesMax }
  return Object.freeze({ ...PIPELINE_SETTINGS, requestJson: Object.freeze(requestJson) })
}

function noteBug({ log, metrics }: Parts, error: unknown): void {
  metrics.bug()
  const where = error instanceof Error ? /\n\s+at (.*)/.exec(error.stack ?? "")?.[1] : undefined
  log.error("a broken invariant", { error: errorText(error), path: where ?? "unknown" })
}
