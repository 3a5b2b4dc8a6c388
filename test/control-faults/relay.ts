/**
 * What stands between sidecar and operator: as the Service does, or as an attacker would.
 *
 * `startRelay` passes bytes on to whoever leads now; TLS goes through it.
 * `startForger` ends TLS itself, with a certificate that its sidecar trusts, and changes what the
 * operator says on the config stream. Both on loopback.
 */

import type { IncomingMessage, ServerResponse } from "node:http"
import { createServer as createTlsServer, request as httpsRequest } from "node:https"
import { connect, createServer, type Server, type Socket } from "node:net"
import { makeCa, makeLeaf } from "#operator/certificates/make-pair.ts"

export interface Relay {
  readonly port: number
  /** Where new connections go; those that are open are cut. */
  lead(port: number): void
  stop(): Promise<void>
}

export async function startRelay(target: number): Promise<Relay> {
  let port = target
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): Socket => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket)).on("error", () => socket.destroy())
    return socket
  }
  const server = createServer((incoming) => {
    const outgoing = keep(connect(port, "127.0.0.1"))
    keep(incoming)
    const pass = (from: Socket, to: Socket): void => {
      from.on("data", (chunk) => void to.write(chunk))
      from.on("close", () => to.destroy())
    }
    pass(incoming, outgoing)
    pass(outgoing, incoming)
  })
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: await listen(server),
    lead: (next) => {
      port = next
      cut()
    },
    stop: () => end(server, cut),
  }
}

export interface Forger {
  readonly port: number
  /** PEM of the root that its sidecar is to trust. */
  readonly ca: string
  /** Changes one frame of the config stream, without its empty line; null passes it on as it is. */
  forge: ((frame: string) => string | Buffer | null) | null
  /** Bodies of `POST /v1/status` that the sidecar sent, oldest first. */
  readonly answers: readonly StatusBody[]
  stop(): Promise<void>
}

export interface StatusBody {
  readonly version: { readonly term: number; readonly generation: number }
  readonly held: { readonly term: number; readonly generation: number } | null
  readonly nack: { readonly reason: string; readonly path: string | null } | null
}

export interface Genuine {
  readonly port: number
  readonly serverName: string
  readonly ca: string
}

export async function startForger(operator: Genuine): Promise<Forger> {
  const hourMs = 3_600_000
  const life = {
    notBeforeDate: new Date(Date.now() - hourMs),
    notAfterDate: new Date(Date.now() + 24 * hourMs),
  }
  const root = await makeCa(life)
  const leaf = await makeLeaf(root, life, [operator.serverName])
  const answers: StatusBody[] = []
  const forger: { forge: Forger["forge"] } = { forge: null }
  const server = createTlsServer({ cert: leaf.cert, key: leaf.key }, (incoming, outgoing) => {
    void readAll(incoming).then((body) => {
      if (incoming.url === "/v1/status") answers.push(JSON.parse(body) as StatusBody)
      forward(operator, incoming, body, outgoing, (frame) => forger.forge?.(frame) ?? null)
    })
  })
  const port = await listen(server)
  return Object.assign(forger, {
    port,
    ca: root.cert,
    answers,
    stop: () => end(server, () => server.closeAllConnections()),
  })
}

function forward(
  operator: Genuine,
  incoming: IncomingMessage,
  body: string,
  outgoing: ServerResponse,
  forge: (frame: string) => string | Buffer | null,
): void {
  const { host: _host, "transfer-encoding": _coding, ...headers } = incoming.headers
  const upstream = httpsRequest({
    host: "127.0.0.1",
    port: operator.port,
    servername: operator.serverName,
    ca: operator.ca,
    method: incoming.method,
    path: incoming.url,
    headers: { ...headers, "content-length": Buffer.byteLength(body) },
    agent: false,
  })
  upstream.on("response", (response) => {
    outgoing.writeHead(response.statusCode ?? 502, response.headers)
    outgoing.flushHeaders()
    let text = ""
    response.on("data", (chunk: Buffer) => {
      if (response.headers["content-type"] !== "text/event-stream") {
        outgoing.write(chunk)
        return
      }
      const frames = (text + chunk.toString("utf8")).split("\n\n")
      text = frames.pop() ?? ""
      for (const frame of frames) outgoing.write(forge(frame) ?? `${frame}\n\n`)
    })
    response.on("end", () => outgoing.end())
    response.on("error", () => outgoing.destroy())
  })
  upstream.on("error", () => outgoing.destroy())
  outgoing.on("close", () => upstream.destroy())
  upstream.end(body)
}

async function readAll(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  return Buffer.concat(chunks).toString("utf8")
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      if (address === null || typeof address === "string") reject(new Error("no port"))
      else resolve(address.port)
    })
  })
}

async function end(server: Server, cut: () => void): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  cut()
  await closed
}
