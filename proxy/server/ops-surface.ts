/**
 * What the cluster asks: is it alive, is it ready, its metrics. Nothing here changes or tells a
 * secret: the application next door can reach it as well.
 *
 * In: GET requests. Out: short text. Must not know what the numbers mean.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { getRequestListener } from "@hono/node-server"
import { type Context, Hono } from "hono"
import { throwApart } from "#proxy/bugs/run-apart.ts"
import { REFUSALS, type Refusal, refuse } from "#proxy/exchange/refusal.ts"
import { type Address, listenAll } from "./listen.ts"
import { checkNoBody, type Head, readHead } from "./read-head.ts"

export interface OpsOptions {
  readonly addresses: readonly Address[]
  /** Why the start of the pod still waits; null when it does not. */
  readonly notStarted: () => string | null
  /** Why the sidecar is not ready; null when it is. */
  readonly notReady: () => string | null
  readonly metrics: () => Promise<{ readonly contentType: string; readonly text: string }>
}

export interface OpsSurface {
  readonly addresses: readonly Address[]
  close(): Promise<void>
}

/** A probe and two scrapers need a handful; the next connection is dropped. */
const CONNECTIONS_MAX = 64
const HEADER_LIMITS = Object.freeze({ headersMax: 64 })
const TIMEOUT_MS = 10_000

export async function openOpsSurface(options: OpsOptions): Promise<OpsSurface> {
  const listener = getRequestListener(createApp(options).fetch, { overrideGlobalObjects: false })
  const bound = await listenAll(options.addresses, () => createOpsServer(listener))
  return {
    addresses: bound.map(({ address }) => address),
    close: async () => {
      const servers = bound.map(({ server }) => server)
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)))
      for (const server of servers) server.closeAllConnections()
      await Promise.all(closed)
    },
  }
}

type Listener = (request: IncomingMessage, response: ServerResponse) => void

/** Hono normalises paths and trusts Host, so the raw head is judged before it sees anything. */
function createOpsServer(listener: Listener): Server {
  const server = createServer({
    headersTimeout: TIMEOUT_MS,
    requestTimeout: TIMEOUT_MS,
    requireHostHeader: false,
  })
  server.maxConnections = CONNECTIONS_MAX
  server.on("request", (request, response) => {
    const { method = "", url = "", rawHeaders } = request
    const read = readHead(method, url, rawHeaders, HEADER_LIMITS)
    const refusal = read.ok ? checkPlain(method, read.head) : read.refusal
    if (refusal === undefined) {
      listener(request, response)
      return
    }
    const text = Buffer.from(`${refusal.code}: ${refusal.message}\n`)
    const length = String(text.length)
    const headers = ["connection", "close", "content-type", "text/plain", "content-length", length]
    response.writeHead(REFUSALS[refusal.code].status, headers)
    response.end(text)
  })
  return server
}

function checkPlain(method: string, head: Head): Refusal | undefined {
  if (method !== "GET") return refuse("method_not_allowed", "only GET is taken here")
  if (!/^\/[a-z]{1,16}$/.test(head.path)) {
    return refuse("endpoint_not_enabled", "there is no such page here")
  }
  return checkNoBody(head)
}

function createApp({ notStarted, notReady, metrics }: OpsOptions): Hono {
  const app = new Hono()
  const tell = (context: Context, reason: string | null) =>
    reason === null
      ? context.text("ok\n")
      : context.text(`${reason}\n`, REFUSALS.config_not_ready.status)
  app.get("/healthz", (context) => context.text("ok\n"))
  app.get("/startupz", (context) => tell(context, notStarted()))
  app.get("/readyz", (context) => tell(context, notReady()))
  app.get("/metrics", async (context) => {
    const { contentType, text } = await metrics()
    return context.body(text, 200, { "content-type": contentType })
  })
  app.notFound((context) => context.text("not found\n", REFUSALS.endpoint_not_enabled.status))
  app.onError((error, context) => {
    // A bug: told to the process handler, which counts it, and not to the caller.
    throwApart(error)
    return context.text("internal error\n", REFUSALS.internal_error.status)
  })
  return app
}
