/**
 * A hostile network in front of the real API server: plain HTTP on loopback, forwarded with the
 * administrator's token, with faults that a test switches on. Everything that is not a fault is the
 * real server's answer.
 */
import { readFileSync } from "node:fs"
import http from "node:http"
import https from "node:https"
import type { ControlPlaneAccess } from "./control-plane.ts"

export interface FaultProxy {
  readonly url: string
  /** Text of a kubeconfig whose server is this proxy. */
  readonly kubeconfig: string
  /** Asked for each request; null forwards it unharmed. */
  onRequest: (request: ProxiedRequest) => Fault | null
  /** Requests seen so far, `GET /api/v1/... ?...`, oldest first. */
  readonly seen: readonly ProxiedRequest[]
  /** Destroys every connection that is open now. */
  cutAll(): void
  /** Nobody listens on its port any more, until `listen`. */
  refuse(): Promise<void>
  listen(): Promise<void>
  stop(): Promise<void>
}

export interface ProxiedRequest {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
}

export type Fault =
  /** Answered here. */
  | {
      readonly kind: "answer"
      readonly status: number
      readonly headers?: Readonly<Record<string, string>>
      /** Text goes out as it is, anything else as JSON. */
      readonly body: unknown
    }
  /** Forwarded after this time. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Forwarded once this has come about. */
  | { readonly kind: "hold"; readonly until: Promise<void> }
  /** Answered here with 200 and this text, again and again, without an end. */
  | { readonly kind: "drip"; readonly text: string; readonly everyMs: number }
  /** Accepted, then not a byte. */
  | { readonly kind: "silence" }
  /** Forwarded with another query. */
  | { readonly kind: "rewrite"; readonly query: URLSearchParams }
  /** Forwarded until the answer has `bytes` bytes, then `end`; `stall`: open, and not a byte more. */
  | {
      readonly kind: "cut-after"
      readonly bytes: number
      readonly end: "destroy" | "clean" | "stall"
    }
  /** This text comes before the server's answer. */
  | { readonly kind: "prepend"; readonly text: string }

export async function startFaultProxy(access: ControlPlaneAccess): Promise<FaultProxy> {
  const ca = readFileSync(access.caPath)
  const agent = new https.Agent({ keepAlive: true, ca })
  const seen: ProxiedRequest[] = []
  const sockets = new Set<{ destroy(): void }>()
  let onRequest: FaultProxy["onRequest"] = () => null
  const server = http.createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? "/", "http://proxy")
    const request = { method: incoming.method ?? "", path: url.pathname, query: url.searchParams }
    seen.push(request)
    const fault = onRequest(request)
    if (fault?.kind === "answer" || fault?.kind === "drip") {
      answer(fault, outgoing)
    } else if (fault?.kind !== "silence") {
      const query = fault?.kind === "rewrite" ? fault.query : url.searchParams
      const target = `${access.url}${url.pathname}?${query}`
      const go = () =>
        forward({ target, agent, token: access.adminToken, incoming, outgoing, fault })
      if (fault?.kind === "delay") setTimeout(go, fault.ms)
      else if (fault?.kind === "hold") fault.until.then(go, () => outgoing.destroy())
      else go()
    }
  })
  server.on("connection", (socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
  })
  const listen = (wanted: number): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once("error", reject)
      server.listen(wanted, "127.0.0.1", () => {
        server.off("error", reject)
        const address = server.address()
        resolve(typeof address === "object" && address !== null ? address.port : 0)
      })
    })
  const port = await listen(0)
  const url = `http://127.0.0.1:${port}`
  const cutAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const refuse = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    cutAll()
    await closed
  }
  return {
    url,
    kubeconfig: kubeconfig(url),
    get onRequest() {
      return onRequest
    },
    set onRequest(next) {
      onRequest = next
    },
    seen,
    cutAll,
    refuse,
    listen: async () => {
      await listen(port)
    },
    stop: async () => {
      await refuse()
      agent.destroy()
    },
  }
}

function answer(
  fault: Extract<Fault, { kind: "answer" | "drip" }>,
  outgoing: http.ServerResponse,
): void {
  const type = { "content-type": "application/json" }
  if (fault.kind === "answer") {
    outgoing.writeHead(fault.status, { ...type, ...fault.headers })
    outgoing.end(typeof fault.body === "string" ? fault.body : JSON.stringify(fault.body))
    return
  }
  outgoing.writeHead(200, type).write(fault.text)
  const timer = setInterval(() => outgoing.write(fault.text), fault.everyMs)
  outgoing.on("close", () => clearInterval(timer))
}

interface Forward {
  readonly target: string
  readonly agent: https.Agent
  readonly token: string
  readonly incoming: http.IncomingMessage
  readonly outgoing: http.ServerResponse
  readonly fault: Fault | null
}

function forward({ target, agent, token, incoming, outgoing, fault }: Forward): void {
  const { host: _host, ...headers } = incoming.headers
  const upstream = https.request(target, {
    method: incoming.method,
    headers: { ...headers, authorization: `Bearer ${token}` },
    agent,
  })
  upstream.on("response", (response) => {
    const { "content-length": _length, ...answered } = response.headers
    outgoing.writeHead(response.statusCode ?? 502, answered)
    outgoing.flushHeaders()
    if (fault?.kind === "prepend") outgoing.write(fault.text)
    let left = fault?.kind === "cut-after" ? fault.bytes : Number.POSITIVE_INFINITY
    response.on("data", (chunk: Buffer) => {
      outgoing.write(chunk.subarray(0, left))
      left -= chunk.length
      if (left > 0) return
      response.removeAllListeners().on("error", () => undefined)
      response.destroy()
      if (fault?.kind !== "cut-after" || fault.end === "destroy") outgoing.destroy()
      else if (fault.end === "clean") outgoing.end()
    })
    response.on("end", () => outgoing.end())
    response.on("error", () => outgoing.destroy())
  })
  upstream.on("error", () => outgoing.destroy())
  outgoing.on("close", () => upstream.destroy())
  incoming.pipe(upstream)
}

/** Client-node refuses plain HTTP unless TLS verification is off. */
function kubeconfig(url: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": "proxy",
    clusters: [{ name: "proxy", cluster: { server: url, "insecure-skip-tls-verify": true } }],
    users: [{ name: "nobody", user: {} }],
    contexts: [{ name: "proxy", context: { cluster: "proxy", user: "nobody" } }],
  })
}
