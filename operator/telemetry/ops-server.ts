/**
 * The second port: `/metrics`, `/healthz` (the loop turns), `/readyz` (the caches are in). Nothing
 * else.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { Registry } from "prom-client"

export interface OpsServerOptions {
  readonly registry: Registry
  /** Null when ready, else what is missing, in words. */
  readonly notReady: () => string | null
}

export interface OpsServer {
  /** Port 0 takes a free one; resolves with the one taken. Rejects when the port is in use. */
  listen(port: number, host: string | null): Promise<number>
  close(): Promise<void>
}

/** Scrapers and probes; one more is closed on arrival. */
const CONNECTIONS_MAX = 64
const REQUEST_TIMEOUT_MS = 10_000

export function createOpsServer(options: OpsServerOptions): OpsServer {
  const server = createServer(
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
    (request, response) => {
      respond(options, request, response).catch(() => response.destroy())
    },
  )
  server.maxConnections = CONNECTIONS_MAX
  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once("error", reject)
        server.listen({ port, ...(host === null ? {} : { host }) }, () => {
          server.off("error", reject)
          const address = server.address()
          resolve(address === null || typeof address === "string" ? port : address.port)
        })
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function respond(
  { registry, notReady }: OpsServerOptions,
  { method, url }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (method !== "GET" && method !== "HEAD") return answer(response, 405, "only GET\n")
  if (url === "/healthz") return answer(response, 200, "ok\n")
  if (url === "/readyz") {
    const missing = notReady()
    return answer(response, missing === null ? 200 : 503, `${missing ?? "ok"}\n`)
  }
  if (url !== "/metrics") return answer(response, 404, "no such page\n")
  answer(response, 200, await registry.metrics(), registry.contentType)
}

function answer(
  response: ServerResponse,
  status: number,
  text: string,
  type = "text/plain; charset=utf-8",
): void {
  response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(text)
}
