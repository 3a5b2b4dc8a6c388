/**
 * Starts the webhook role and ends it: stateless, any number of replicas, no access to the cluster.
 *
 *   second port -> certificate files -> webhook port -> asks itself -> ready
 *
 * In    a WebhookConfig, the log. Out: a running webhook. It is ready when it has answered itself
 *       over TLS by its own name; that is repeated, and the certificate files are looked at, every
 *       ten seconds.
 */
import { setTimeout as wait } from "node:timers/promises"
import { type FileCertificate, readCertificate } from "#operator/inject/certificate-files.ts"
import { checkSelf } from "#operator/inject/self-check.ts"
import {
  createWebhookServer,
  type WebhookEvent,
  type WebhookServer,
} from "#operator/inject/webhook-server.ts"
import { errorText, type Log } from "#operator/telemetry/log.ts"
import { createOpsServer } from "#operator/telemetry/ops-server.ts"
import type { WebhookMetrics } from "#operator/telemetry/webhook-metrics.ts"
import type { RunningOperator } from "./start.ts"
import type { WebhookConfig } from "./webhook-config.ts"

export interface StartWebhookOptions {
  readonly config: WebhookConfig
  readonly log: Log
  readonly metrics: WebhookMetrics
  /** Monotonic, in ms. */
  readonly now: () => number
  /** CHECK_MS when left out. */
  readonly checkMs?: number
}

/** Between two looks at the files and two questions to ourselves; sooner while not ready. */
const CHECK_MS = 10_000
const RETRY_MS = 500

/** What `/readyz` says: null when ready. */
interface State {
  missing: string | null
}

export function startWebhook(options: StartWebhookOptions): RunningOperator {
  const { config, log, metrics } = options
  const state: State = { missing: "starting" }
  const closing = new AbortController()
  const ops = createOpsServer({ registry: metrics.registry, notReady: () => state.missing })
  let server: WebhookServer | undefined
  const start = async (): Promise<void> => {
    const opsPort = await ops.listen(config.opsPort, config.listenHost)
    log.info("metrics and probes are served", { port: opsPort })
    const first = await firstCertificate(config.certificateDir, state, log, closing.signal)
    if (first === null) return
    server = createWebhookServer({
      tls: first,
      settings: config.inject,
      report: (event) => reportReview(event, log, metrics),
      now: options.now,
    })
    const port = await server.listen(config.webhookPort, config.listenHost ?? undefined)
    log.info("pods are injected", { port })
    void keepReady({ ...options, server, port, state, signal: closing.signal }, first)
  }
  const started = start()
  return {
    started,
    close: async () => {
      closing.abort()
      state.missing = "draining"
      await started.catch(() => undefined)
      if (server !== undefined) {
        server.drain()
        await wait(config.drainMs)
        await server.close()
      }
      await ops.close()
    },
  }
}

/** Waits until the files are there and fit; null when closed before. */
async function firstCertificate(
  folder: string,
  state: State,
  log: Log,
  signal: AbortSignal,
): Promise<FileCertificate | null> {
  for (;;) {
    const read = await readCertificate(folder)
    if (read.ok) return read.certificate
    if (state.missing !== read.message) log.warn("no certificate yet", { reason: read.message })
    state.missing = read.message
    if (!(await pause(RETRY_MS, signal))) return null
  }
}

interface Keeping extends StartWebhookOptions {
  readonly server: WebhookServer
  readonly port: number
  readonly state: State
  readonly signal: AbortSignal
}

/** Serves the newest certificate and knows whether anybody could verify it. */
async function keepReady(keeping: Keeping, first: FileCertificate): Promise<void> {
  const { config, log, metrics, server, port, state, signal, checkMs = CHECK_MS } = keeping
  const host = config.listenHost ?? "127.0.0.1"
  let served = first
  while (!signal.aborted) {
    metrics.certificateExpiry.set(Math.floor(served.notAfterMs / 1000))
    const { roots } = served
    const problem = await checkSelf({ host, port, serverName: config.serverName, roots })
    if (signal.aborted) return
    if (problem !== state.missing) {
      if (problem === null) log.info("the webhook is ready", { port })
      else log.warn("the webhook is not ready", { reason: problem })
    }
    state.missing = problem
    if (!(await pause(problem === null ? checkMs : RETRY_MS, signal))) return
    const read = await readCertificate(config.certificateDir)
    if (!read.ok) log.warn("the certificate stays as it is", { reason: read.message })
    else if (read.certificate.cert !== served.cert || read.certificate.roots !== served.roots) {
      served = read.certificate
      server.setTls(served)
      log.info("a new certificate is served")
    }
  }
}

function reportReview(event: WebhookEvent, log: Log, metrics: WebhookMetrics): void {
  switch (event.kind) {
    case "reviewed":
      metrics.injections.inc({ result: event.outcome })
      metrics.injectionSeconds.observe(event.durationMs / 1000)
      return
    case "refused":
      metrics.refused.inc({ reason: event.reason })
      return
    case "failed":
      log.warn("a review failed", { error: errorText(event.error) })
      return
    default:
      event satisfies never
  }
}

/** False when closed meanwhile. */
function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  return wait(ms, true, { signal }).catch(() => false)
}
