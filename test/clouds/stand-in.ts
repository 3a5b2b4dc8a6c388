/** A server on loopback that answers in a cloud's place and keeps what it was asked. */
import { createServer, type IncomingMessage, type Server } from "node:http"
import { createServer as createTlsServer } from "node:https"
import type { AddressInfo } from "node:net"

export interface Asked {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingMessage["headers"]
  readonly text: string
  /** The body read as a form. */
  readonly form: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly type: "application/json" | "text/xml"
  readonly body: string
}

export interface StandIn {
  readonly origin: string
  readonly port: number
  readonly asked: readonly Asked[]
  close(): Promise<void>
}

export function json(status: number, value: unknown): Answer {
  return { status, type: "application/json", body: JSON.stringify(value) }
}

/** With a certificate it speaks TLS. */
export async function startStandIn(
  answer: (asked: Asked) => Answer,
  tls?: { readonly cert: string; readonly key: string },
): Promise<StandIn> {
  const asked: Asked[] = []
  const listener = (request: IncomingMessage, response: import("node:http").ServerResponse) => {
    const pieces: Buffer[] = []
    request.on("data", (piece: Buffer) => pieces.push(piece))
    request.on("end", () => {
      const one = readRequest(request, Buffer.concat(pieces).toString("utf8"))
      asked.push(one)
      const { status, type, body } = answer(one)
      response.writeHead(status, { "content-type": type }).end(body)
    })
  }
  const server: Server =
    tls === undefined ? createServer(listener) : createTlsServer({ ...tls }, listener)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    origin: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    asked,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function readRequest(request: IncomingMessage, text: string): Asked {
  const { method = "", url: path = "", headers } = request
  const form = Object.fromEntries(new URLSearchParams(text))
  return { method, path, headers, text, form }
}
