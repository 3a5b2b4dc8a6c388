/** Binds one surface to all its addresses. An address family that the host lacks is left out. */
import type { Server } from "node:net"

export interface Address {
  readonly host: string
  readonly port: number
}

export class AddressInUseError extends Error {
  readonly code = "EADDRINUSE"
  readonly port: number
  constructor({ host, port }: Address) {
    super(`port ${port} on ${host} is taken by another process`)
    this.port = port
  }
}

/**
 * One server per address; port 0 of a further address is the port of the first. Throws
 * AddressInUseError, or the system's error; then nothing is left listening.
 */
export async function listenAll<S extends Server>(
  addresses: readonly Address[],
  createServer: () => S,
): Promise<readonly { readonly server: S; readonly address: Address }[]> {
  const bound: { server: S; address: Address }[] = []
  try {
    for (const { host, port } of addresses) {
      const server = createServer()
      const address = { host, port: port === 0 ? (bound[0]?.address.port ?? 0) : port }
      const actual = await listen(server, address)
      if (actual !== undefined) bound.push({ server, address: { host, port: actual } })
    }
  } catch (error) {
    for (const { server } of bound) server.close()
    throw error
  }
  if (bound.length === 0) throw new Error("none of the addresses to listen on exists here")
  return bound
}

/** The port; undefined when the host has no such address. */
function listen(server: Server, address: Address): Promise<number | undefined> {
  const { host, port } = address
  return new Promise((resolve, reject) => {
    server.once("error", (error) => {
      const code = "code" in error ? error.code : undefined
      if (code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT") resolve(undefined)
      else if (code === "EADDRINUSE") reject(new AddressInUseError(address))
      else reject(error)
    })
    // `::` takes IPv6 alone, so that both wildcards can be bound beside each other.
    server.listen({ host, port, ipv6Only: true }, () => {
      server.removeAllListeners("error")
      // Later errors are of single accepts, for want of descriptors; the next accept may succeed.
      server.on("error", () => undefined)
      const actual = server.address()
      resolve(typeof actual === "object" && actual !== null ? actual.port : port)
    })
  })
}
