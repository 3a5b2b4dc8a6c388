/**
 * The one way out to upstreams.
 *
 * In: a request whose destination is the provider's own, and a handler. Out: the answer as it
 * comes, or one named failure; a call that can be paused and cut. The credential joins the request
 * here, at the last step: a key in its header, or a signature over all that is sent. It follows no
 * redirect, reads no proxy from the environment and decides nothing about retries.
 */
import { readFileSync } from "node:fs"
import { createSecureContext, getCACertificates, type SecureContext } from "node:tls"
import type { CredentialEntry } from "#proxy/contract/push.ts"
import type { ProviderConfig, SimulatedConfig } from "#proxy/contract/snapshot.ts"
import type { Dispatch, UpstreamCall, UpstreamRequest } from "#proxy/exchange/ports.ts"
import type { SimulatedRequest, SimulatedScript } from "#proxy/providers/simulated/script.ts"
import { KeyRing } from "./key-ring.ts"
import { Pools } from "./pools.ts"
import { createResolve, type Resolve } from "./resolve.ts"
import type { Secret } from "./secret.ts"
import { playScript } from "./simulated-call.ts"
import { type Room, UndiciCall } from "./undici-call.ts"

export interface EgressOptions {
  readonly connectionsMax: number
  readonly headerBytesMax: number
  readonly bodyBytesMax: number
  readonly dnsTimeoutMs: number
  /** PEM file of roots to trust besides the public ones; null adds none. */
  readonly caFile: string | null
  readonly draw: () => number
  /** Writes the script that is played for a provider of schema Simulated. */
  readonly simulate: (
    config: SimulatedConfig,
    request: SimulatedRequest,
    draw: number,
  ) => SimulatedScript
  readonly monotonic: () => number
  /** Wall clock in ms: what expires is judged by it, and signatures carry it. */
  readonly now: () => number
  readonly memory: Room
  /** Hands on what came when all that arrived in this turn of the event loop is read. */
  readonly defer: (run: () => void) => void
  /** Replaces the look-up of names; the system's hosts file and name servers when absent. */
  readonly resolve?: Resolve
  readonly onDial?: (address: string) => void
}

export interface Egress {
  readonly dispatch: Dispatch
  /** Complete: a key that is missing leaves, see `KeyRing`. Requests under way keep theirs. */
  setCredentials(entries: readonly CredentialEntry[]): void
  /** Closes the pools that the configuration in force no longer uses. */
  retain(providers: readonly ProviderConfig[]): void
  readonly poolCount: () => number
  close(): Promise<void>
}

/** Throws when the CA file cannot be read or is no certificate. */
export function createEgress(options: EgressOptions): Egress {
  const { monotonic, now, draw, simulate, bodyBytesMax, defer, memory } = options
  const resolve = options.resolve ?? createResolve({ timeoutMs: options.dnsTimeoutMs, monotonic })
  const pools = new Pools({
    connectionsMax: options.connectionsMax,
    headerBytesMax: options.headerBytesMax,
    resolve,
    secureContext: options.caFile === null ? undefined : trustAlso(options.caFile),
    onDial: options.onDial,
  })
  const keys = new KeyRing(monotonic)
  return {
    dispatch: (request, handler) => {
      const { provider } = request
      if (provider.simulated !== null) {
        return playScript(simulate(provider.simulated, request, draw()), handler)
      }
      const secret = provider.credential === "Secret" ? keys.get(provider) : undefined
      const at = now()
      if (provider.credential === "Secret" && (secret === undefined || secret.isExpired(at))) {
        const detail = `AIProvider ${provider.name}: ${lacking(secret)}`
        handler.onFailure({ kind: "credential-missing", wasSent: false, detail })
        return ENDED
      }
      const call = new UndiciCall(handler, provider.origin, { bodyBytesMax, defer, memory }, secret)
      const headers = headersOf(request, secret, at)
      const { method, path, body } = request
      memory.moved(body.length)
      pools.get(provider, secret).dispatch({ method, path, headers, body }, call)
      return call
    },
    setCredentials: (entries) => keys.set(entries),
    retain: (providers) => {
      pools.retain(providers.map((provider) => [provider, keys.get(provider)] as const))
    },
    poolCount: () => pools.count,
    close: () => {
      keys.close()
      return pools.destroy()
    },
  }
}

const ENDED: UpstreamCall = Object.freeze({
  conceal: (text: string) => text,
  resume: () => undefined,
  abort: () => undefined,
})

function lacking(secret: Secret | undefined): string {
  if (secret === undefined) return "no key has been received"
  const expired = new Date(secret.expiresAt).toISOString()
  return `its credential expired at ${expired} and no newer one has been received`
}

/** We read usage from the bytes as they come, so no upstream may compress them. */
function headersOf(request: UpstreamRequest, secret: Secret | undefined, now: number): string[] {
  const headers = [...request.headers]
  if (!headers.includes("accept-encoding")) headers.push("accept-encoding", "identity")
  if (secret === undefined) return headers
  const { method, path, body, provider, authorization } = request
  const carried = secret.carried(authorization)
  if (carried !== null) headers.push(...carried)
  else {
    const signable = { method, origin: provider.origin, path, headers, body }
    headers.push(...secret.sign(signable, now))
  }
  return headers
}

function trustAlso(caFile: string): SecureContext {
  return createSecureContext({
    ca: [...getCACertificates("default"), readFileSync(caFile, "utf8")],
  })
}
