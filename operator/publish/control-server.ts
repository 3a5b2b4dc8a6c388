/**
 * The operator's end of the control channel: TLS 1.3 on one port, the routes of `control-app.ts`
 * behind it.
 *
 * In    a certificate (`setTls` renews it), the publisher, the authenticator, the intake.
 * Out   a listening server; keep-alives and the expiry of tokens are its timers.
 * Must not know Kubernetes or the ledger.
 */
import { createServer, type Server } from "node:https"
import type { AddressInfo } from "node:net"
import { getRequestListener } from "@hono/node-server"
import type { EpochMs } from "#proxy/contract/money.ts"
import { CONTROL_LIMITS } from "#proxy/contract/push.ts"
import type { Authenticator } from "./authenticator.ts"
import { type ControlEvent, createControlApp, type UsageHandler } from "./control-app.ts"
import type { EventStream } from "./event-stream.ts"
import { KEEP_ALIVE_FRAME } from "./frames.ts"
import type { Publisher } from "./publisher.ts"
import { type CallLimits, createCallGate, HELLO_LIMITS, USAGE_LIMITS } from "./token-bucket.ts"

/** PEM texts; `cert` may carry the chain. */
export interface ServerCertificate {
  readonly cert: string
  readonly key: string
}

export interface ControlServerOptions {
  readonly tls: ServerCertificate
  readonly publisher: Publisher
  readonly authenticator: Authenticator
  readonly usage: UsageHandler
  readonly now: () => EpochMs
  /** In [0, 1). */
  readonly draw: () => number
  readonly report: (event: ControlEvent) => void
  /** Parts of SERVER_LIMITS that differ. */
  readonly limits?: Partial<ServerLimits>
}

export interface ServerLimits {
  readonly keepAliveMs: number
  /** How often streams with an expired token are looked for. */
  readonly sweepMs: number
  /** Bytes that may wait for one reader; a slower one is cut. */
  readonly streamBufferBytesMax: number
  /** Bytes of all request bodies at once; more are told to come again. */
  readonly bodyBytesMax: number
  /** Further connections are closed on arrival. */
  readonly connectionsMax: number
  readonly hellos: CallLimits
  readonly usages: CallLimits
}

export const SERVER_LIMITS: ServerLimits = Object.freeze({
  keepAliveMs: CONTROL_LIMITS.keepAliveMs,
  sweepMs: 1000,
  streamBufferBytesMax: 16 * 1024 * 1024,
  bodyBytesMax: 128 * 1024 * 1024,
  connectionsMax: 50_000,
  hellos: HELLO_LIMITS,
  usages: USAGE_LIMITS,
})

/**
 * From the first byte of a request to its last; a slower one gets 408 and its connection is closed.
 */
const REQUEST_TIMEOUT_MS = 30_000
const HEADERS_TIMEOUT_MS = 10_000
const HANDSHAKE_TIMEOUT_MS = 10_000
/** Between two requests of a connection. */
const IDLE_TIMEOUT_MS = 75_000
const TLS_VERSION = "TLSv1.3"

export interface ControlServer {
  /** Port 0 takes a free one; resolves with the one taken. Rejects when the port is in use. */
  listen(port: number, host?: string): Promise<number>
  /** For connections from now on; those that are open keep theirs. */
  setTls(tls: ServerCertificate): void
  /** Ends every stream and connection. */
  close(): Promise<void>
}

export function createControlServer(options: ControlServerOptions): ControlServer {
  const limits = { ...SERVER_LIMITS, ...options.limits }
  const streams = new Set<EventStream>()
  const server = createTlsServer(options, limits, streams)
  const timers = [
    setInterval(() => {
      for (const stream of streams) stream.write(KEEP_ALIVE_FRAME)
    }, limits.keepAliveMs),
    setInterval(() => {
      const now = options.now()
      for (const stream of streams) if (stream.untilMs <= now) stream.end()
    }, limits.sweepMs),
  ]
  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once("error", reject)
        server.listen({ port, host }, () => {
          server.off("error", reject)
          server.on("error", (error) => options.report({ kind: "failed", error }))
          resolve((server.address() as AddressInfo).port)
        })
      }),
    setTls: (tls) => server.setSecureContext(secureContext(tls)),
    close() {
      for (const timer of timers) clearInterval(timer)
      for (const stream of streams) stream.end()
      return new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    },
  }
}

function createTlsServer(
  options: ControlServerOptions,
  limits: ServerLimits,
  streams: Set<EventStream>,
): Server {
  const { publisher, authenticator, usage, now, draw, report } = options
  const app = createControlApp({
    publisher,
    authenticator,
    usage,
    now,
    draw,
    report,
    streams,
    hellos: createCallGate(limits.hellos, now()),
    usages: createCallGate(limits.usages, now()),
    bodies: { bytesMax: limits.bodyBytesMax, bytesInUse: 0 },
    streamBufferBytesMax: limits.streamBufferBytesMax,
  })
  const listener = getRequestListener((request, env) => app.fetch(request, env), {
    overrideGlobalObjects: false,
    autoCleanupIncoming: false,
  })
  const server = createServer(
    {
      ...secureContext(options.tls),
      handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: IDLE_TIMEOUT_MS,
      connectionsCheckingInterval: 5000,
    },
    (incoming, outgoing) => {
      listener(incoming, outgoing).catch((error: unknown) => {
        report({ kind: "failed", error })
        outgoing.destroy()
      })
    },
  )
  server.maxConnections = limits.connectionsMax
  return server
}

/** The version goes with every context: `setSecureContext` falls back to older ones otherwise. */
function secureContext(tls: ServerCertificate) {
  return { cert: tls.cert, key: tls.key, minVersion: TLS_VERSION, maxVersion: TLS_VERSION } as const
}
