/**
 * Dialling: the resolved address is judged, and exactly that address is dialled.
 *
 * In: a provider's network and time limit. Out: a connector for its pool. Redirects and proxies
 * from the environment do not exist here: nothing else in the program opens a connection to an
 * upstream.
 */
import { isIP, type LookupFunction } from "node:net"
import type { SecureContext } from "node:tls"
import { buildConnector } from "undici"
import { mayDial, type Network } from "./judge-address.ts"
import type { Resolve } from "./resolve.ts"

export class AddressDeniedError extends Error {
  readonly code = "EADDRESSDENIED"
  constructor(hostname: string, network: Network) {
    const why =
      network === "Public"
        ? "is not a public address; in-cluster and local servers need network: Private"
        : "is a link-local, multicast or cloud metadata address"
    super(`${hostname} ${why}`)
  }
}

export interface ConnectOptions {
  readonly network: Network
  readonly timeoutMs: number
  readonly resolve: Resolve
  /** Roots to trust; undefined takes those of Node. */
  readonly secureContext: SecureContext | undefined
  /** Sees each address that is dialled, for tests that count dials. */
  readonly onDial: ((address: string) => void) | undefined
}

export function createConnector(options: ConnectOptions): buildConnector.connector {
  const { network, timeoutMs, resolve, secureContext, onDial } = options
  const connect = buildConnector({
    allowH2: false,
    timeout: timeoutMs,
    autoSelectFamily: true,
    lookup: createLookup(network, resolve, onDial),
    ...(secureContext === undefined ? {} : { secureContext }),
  })
  return (target, callback) => {
    // Node never asks the look-up about a host that is an address already.
    if (isIP(target.hostname) === 0) return connect(target, callback)
    if (!mayDial(target.hostname, network)) {
      callback(new AddressDeniedError(target.hostname, network), null)
      return
    }
    onDial?.(target.hostname)
    connect(target, callback)
  }
}

/** The allowed ones of the resolved addresses; with none allowed nothing is dialled. */
function createLookup(
  network: Network,
  resolve: Resolve,
  onDial: ((address: string) => void) | undefined,
): LookupFunction {
  return (hostname, { all }, callback) => {
    resolve(hostname).then(
      (resolved) => {
        const [first, ...others] = resolved
          .filter((address) => mayDial(address, network))
          .map((address) => ({ address, family: isIP(address) }))
        if (first === undefined) {
          callback(new AddressDeniedError(hostname, network), "")
          return
        }
        if (onDial !== undefined) for (const { address } of [first, ...others]) onDial(address)
        if (all === true) callback(null, [first, ...others])
        else callback(null, first.address, first.family)
      },
      (error: unknown) => {
        callback(error instanceof Error ? error : new Error(String(error)), "")
      },
    )
  }
}
