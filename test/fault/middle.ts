/**
 * Somebody between a sidecar and its operator: takes every connection on one port and keeps all
 * that can be read of it.
 *
 * In: where the operator is, and certificates to pretend with. Out: a port, a way to change what is
 * done to new connections, and what was seen. Must not know the protocol inside.
 */
import { type AddressInfo, connect, createServer, type Socket } from "node:net"
import { TLSSocket } from "node:tls"

export type Trick =
  /** Passes bytes on, both ways: what a wire-tap reads. */
  | { readonly kind: "relay"; readonly port: number }
  /** Speaks TLS as the operator would, with this certificate. */
  | { readonly kind: "pretend"; readonly cert: string; readonly key: string }
  /** Says nothing and reads what comes, as a listener without TLS would. */
  | { readonly kind: "plain" }

export interface Middle {
  readonly port: number
  /** Also cuts what is open, so that the sidecar comes again. */
  readonly play: (trick: Trick) => void
  /** Connections since then. */
  readonly connections: () => number
  /** Bytes since then that the sidecar meant for the operator, as text: decrypted for `pretend`. */
  readonly seen: () => string
  readonly close: () => Promise<void>
}

export async function startMiddle(): Promise<Middle> {
  let trick: Trick = { kind: "plain" }
  let seen: Buffer[] = []
  let connections = 0
  const open = new Set<Socket>()
  const keep = (bytes: Buffer): void => void seen.push(bytes)
  const server = createServer((socket) => {
    connections += 1
    open.add(socket)
    socket.on("close", () => open.delete(socket)).on("error", () => socket.destroy())
    if (trick.kind === "pretend") {
      const tls = new TLSSocket(socket, { isServer: true, cert: trick.cert, key: trick.key })
      tls.on("data", keep).on("error", () => tls.destroy())
      return
    }
    socket.on("data", keep)
    if (trick.kind === "plain") return
    const onward = connect(trick.port, "127.0.0.1")
    open.add(onward)
    onward.on("close", () => socket.destroy()).on("error", () => onward.destroy())
    socket.on("close", () => onward.destroy())
    socket.pipe(onward).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const cut = (): void => {
    for (const socket of open) socket.destroy()
    open.clear()
  }
  return {
    port: (server.address() as AddressInfo).port,
    play: (next) => {
      trick = next
      cut()
      seen = []
      connections = 0
    },
    connections: () => connections,
    seen: () => Buffer.concat(seen).toString("latin1"),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        cut()
      }),
  }
}
