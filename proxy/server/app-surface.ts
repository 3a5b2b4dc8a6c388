/**
 * What applications talk to: raw HTTP in, whole requests to the pipeline's handlers, answers out.
 *
 * In: connections on loopback. Out: one handler call per request that passed the guards, else a
 * refusal. A path is looked up exactly as it was sent. Must not know what a handler does, nor any
 * provider.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import { Socket } from "node:net"
import type { SurfaceName } from "#proxy/exchange/parsed-request.ts"
import type { Client } from "#proxy/exchange/ports.ts"
import { excerpt, type Refusal, refuse } from "#proxy/exchange/refusal.ts"
import { ResponseClient, SocketClient } from "./client.ts"
import { createEndpointTable, type Endpoint, type FindEndpoints } from "./endpoint-table.ts"
import { holdersIn } from "./held-bytes.ts"
import { type Address, listenAll } from "./listen.ts"
import type { Gatekeeper, Held } from "./memory-guard.ts"
import { refusalOfParser } from "./parser-failure.ts"
import { checkBody, checkNoBody, type Head, readHead } from "./read-head.ts"
import { type BodyLimits, BodyReceiver, SWEEP_MS } from "./receive-body.ts"
import { createFindNearest, type FindNearest, familyOf } from "./unknown-endpoint.ts"

export interface AppLimits extends BodyLimits {
  readonly headerBytesMax: number
  readonly headersMax: number
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly keepAliveMs: number
  readonly connectionsMax: number
  readonly exchangesMax: number
}

export interface AppOptions {
  readonly addresses: readonly Address[]
  readonly limits: AppLimits
  readonly endpoints: readonly Endpoint[]
  /** Answers in the error shape of the surface. */
  readonly refuse: (surface: SurfaceName, refusal: Refusal, id: string, client: Client) => void
  readonly nextRequestId: () => string
  readonly now: () => number
  /** Runs a handler when all that arrived in this turn of the event loop is read. */
  readonly defer: (run: () => void) => void
  readonly memory: Gatekeeper
  /** Counts what never became an exchange. */
  readonly onRefused: (refusal: Refusal) => void
}

export interface AppSurface {
  readonly addresses: readonly Address[]
  readonly load: () => { readonly connections: number; readonly exchanges: number }
  readonly held: Held
  /**
   * New requests get 503 `draining`; after `ms` those that still run are told so and cut. Resolves
   * when none is left and each has been settled.
   */
  drain(ms: number): Promise<void>
  close(): Promise<void>
}

export async function openAppSurface(options: AppOptions): Promise<AppSurface> {
  const surface = new Surface(options)
  const bound = await listenAll(options.addresses, () => surface.createServer())
  const sweep = setInterval(() => surface.receiver.sweep(), SWEEP_MS)
  sweep.unref()
  const servers = bound.map(({ server }) => server)
  return {
    addresses: bound.map(({ address }) => address),
    held: surface.held,
    load: () => ({ connections: surface.connections, exchanges: surface.exchanges }),
    drain: (ms) => surface.drain(ms),
    close: async () => {
      clearInterval(sweep)
      const closed = servers.map((server) => new Promise((resolve) => server.close(resolve)))
      surface.cut()
      await Promise.all(closed)
    },
  }
}

/** Errors of what is no request at all are worded as OpenAI's, the surface most clients speak. */
const UNKNOWN_SURFACE: SurfaceName = "openai-chat"

/** For the last word of an exchange to leave, and for what a cut connection still has to settle. */
const LAST_WORD_MS = 1_000
const DRAINED = refuse("draining", "the sidecar ended before the answer did; ask again", {
  retryAfterSeconds: 1,
})

class Surface {
  readonly receiver: BodyReceiver
  readonly #options: AppOptions
  readonly #endpointsAt: FindEndpoints
  readonly #nearest: FindNearest
  readonly #servers: Server[] = []
  /**
   * The exchanges of each connection, for an error of the parser in the midst of one. An entry for
   * each request instead would be dear: a Map that grows and shrinks leaves tables behind, each
   * holding the next, and the collector then keeps whole requests until its next full turn.
   */
  readonly #open = new Map<Socket, ResponseClient[]>()
  readonly #onIdle: (() => void)[] = []
  readonly held = holdersIn({ count: () => this.exchanges, clients: () => this.#open.values() })
  connections = 0
  exchanges = 0
  isDraining = false

  constructor(options: AppOptions) {
    this.#options = options
    this.receiver = new BodyReceiver(options.limits, options.memory)
    this.#endpointsAt = createEndpointTable(options.endpoints)
    this.#nearest = createFindNearest(options.endpoints.map(({ path }) => path))
  }

  createServer(): Server {
    const { limits } = this.#options
    const server = createServer({
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: SWEEP_MS,
      // Refused by the guards, in our words.
      requireHostHeader: false,
    })
    // Node would drop the lines beyond silently; the guards count them, the parser bounds their
    // bytes.
    server.maxHeadersCount = 0
    server.on("connection", (socket) => this.#connected(socket))
    server.on("request", (request, response) => this.#accept(request, response, "none"))
    server.on("checkContinue", (request, response) => this.#accept(request, response, "continue"))
    server.on("checkExpectation", (request, response) => this.#accept(request, response, "other"))
    server.on("connect", (_request, socket: Socket) => {
      this.#refuseSocket(socket, refuse("method_not_allowed", "the method CONNECT is not taken"))
    })
    server.on("clientError", (error, socket) => {
      if (socket instanceof Socket) this.#brokenRequest(error, socket)
      else socket.destroy()
    })
    this.#servers.push(server)
    return server
  }

  async drain(ms: number): Promise<void> {
    this.isDraining = true
    for (const server of this.#servers) server.closeIdleConnections()
    await this.#idle(ms)
    for (const client of [...this.#open.values()].flat()) client.cut(DRAINED)
    await this.#idle(LAST_WORD_MS)
    this.cut()
    await this.#idle(LAST_WORD_MS)
  }

  /** Resolves when no exchange is left, after `ms` at the latest. */
  async #idle(ms: number): Promise<void> {
    if (this.exchanges === 0) return
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms)
    })
    await Promise.race([late, new Promise<void>((resolve) => this.#onIdle.push(resolve))])
    clearTimeout(timer)
  }

  cut(): void {
    for (const server of this.#servers) server.closeAllConnections()
  }

  #connected(socket: Socket): void {
    this.connections += 1
    this.#open.set(socket, [])
    socket.once("close", () => {
      this.connections -= 1
      this.#open.delete(socket)
    })
    const { connectionsMax } = this.#options.limits
    if (this.connections <= connectionsMax) return
    const message = `the sidecar has ${connectionsMax} connections, its limit; reuse them`
    this.#refuseSocket(socket, refuse("overloaded", message, { retryAfterSeconds: 1 }))
  }

  #accept(
    request: IncomingMessage,
    response: ServerResponse,
    expects: "none" | "continue" | "other",
  ): void {
    const { socket } = request
    // A connection over the limit was answered and ended already, whatever it sent.
    if (!socket.writable) return
    const id = this.#options.nextRequestId()
    const client: ResponseClient = new ResponseClient(response, socket, this, () => {
      this.receiver.release(client.bodyBytes)
      this.#closed(socket, client)
    })
    this.#opened(socket, client)
    const refused = (refusal: Refusal, surface = this.#surfaceAt(request)): void => {
      this.#options.onRefused(refusal)
      // Its sender has stopped in the middle: nothing can follow on this connection.
      if (refusal.code === "body_timeout") client.closeAfterwards()
      this.#options.refuse(surface, refusal, id, client)
      this.receiver.letGo(request)
    }
    const method = request.method ?? ""
    const read = readHead(method, request.url ?? "", request.rawHeaders, this.#options.limits)
    if (!read.ok) {
      if (read.isFatal) client.closeAfterwards()
      refused(read.refusal)
      return
    }
    const found = this.#find(method, read.head, expects)
    if ("code" in found) {
      refused(found)
      return
    }
    const receivedAt = this.#options.now()
    const { path, query, headers } = read.head
    const start = (body: Uint8Array): void => {
      client.bodyBytes = body.length
      this.#options.defer(() => {
        // What came behind the body may have broken the connection in the same turn.
        if (!socket.writable) return
        const late = body.length > 0 ? this.#options.memory.refuseLate() : null
        if (late !== null) refused(late, found.surface)
        else found.handle({ method, path, query, headers, body, receivedAt, id }, client)
      })
    }
    if (found.method === "GET") {
      start(NO_BODY)
      return
    }
    if (expects === "continue") response.writeContinue()
    const receiving = this.receiver.receive(request, (result) => {
      if (result.ok) start(result.body)
      else if (result.refusal !== null) refused(result.refusal, found.surface)
    })
    client.heldBy(receiving)
  }

  #find(method: string, head: Head, expects: "none" | "continue" | "other"): Endpoint | Refusal {
    const { limits } = this.#options
    if (this.isDraining) {
      const message = "the sidecar is shutting down; try another instance or again later"
      return refuse("draining", message, { retryAfterSeconds: 1 })
    }
    if (this.exchanges > limits.exchangesMax) {
      const message = `the sidecar has ${limits.exchangesMax} requests in progress, its limit`
      return refuse("overloaded", message, { retryAfterSeconds: 1 })
    }
    const endpoints = this.#endpointsAt(head.path, method)
    if (endpoints === undefined) {
      const near = this.#nearest(head.path)
      const meant = near === undefined ? "" : `; ${near} is one: see the client's base URL`
      return refuse(
        "endpoint_not_enabled",
        `there is no endpoint ${excerpt(head.path)} here${meant}`,
      )
    }
    const endpoint = endpoints.find((one) => one.method === method)
    if (endpoint === undefined) {
      const methods = endpoints.map((one) => one.method).join(" or ")
      const message = `${excerpt(head.path)} takes ${methods}, not ${excerpt(method)}`
      return refuse("method_not_allowed", message)
    }
    if (expects === "other") {
      const message = `the expectation "${excerpt(head.headers["expect"] ?? "")}" is not met`
      return refuse("expectation_failed", message, { param: "expect" })
    }
    const refusal =
      endpoint.method === "POST"
        ? (checkBody(head, endpoint.takes ?? "json", limits.bodyBytesMax) ??
          this.#options.memory.refuseBody(head.contentLength ?? null))
        : checkNoBody(head)
    return refusal ?? endpoint
  }

  /** Whose errors the sender of a request reads. */
  #surfaceAt({ url = "", method = "" }: IncomingMessage): SurfaceName {
    const path = url.split("?", 1)[0] ?? ""
    return this.#endpointsAt(path, method)?.[0]?.surface ?? familyOf(path)
  }

  #opened(socket: Socket, client: ResponseClient): void {
    this.exchanges += 1
    this.#open.get(socket)?.push(client)
  }

  #closed(socket: Socket, client: ResponseClient): void {
    this.exchanges -= 1
    const open = this.#open.get(socket) ?? []
    const at = open.indexOf(client)
    if (at >= 0) open.splice(at, 1)
    if (this.exchanges > 0) return
    for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  /** The parser gave up: answer if nothing of an answer is on the connection yet, then end it. */
  #brokenRequest(error: Error, socket: Socket): void {
    const open = this.#open.get(socket) ?? []
    const isSilent = open.every(({ hasStarted }) => !hasStarted) && open.length <= 1
    const code = "code" in error && typeof error.code === "string" ? error.code : "unknown"
    if (!socket.writable || !isSilent || code === "ECONNRESET") {
      socket.destroy()
      return
    }
    this.#refuseSocket(socket, refusalOfParser(code, this.#options.limits))
  }

  #refuseSocket(socket: Socket, refusal: Refusal): void {
    this.#options.onRefused(refusal)
    const id = this.#options.nextRequestId()
    this.#options.refuse(UNKNOWN_SURFACE, refusal, id, new SocketClient(socket))
  }
}

const NO_BODY = new Uint8Array(0)
