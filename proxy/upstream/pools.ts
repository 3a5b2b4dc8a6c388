/**
 * One connection pool for each (provider, origin, network, key): no connection is ever shared
 * between keys.
 *
 * In: a provider and its key. Out: its pool. Pools of providers or keys that are gone finish what
 * they carry and close. Must not know requests.
 */
import type { SecureContext } from "node:tls"
import { Pool } from "undici"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import { createConnector } from "./connect.ts"
import type { Resolve } from "./resolve.ts"
import type { Secret } from "./secret.ts"

export interface PoolOptions {
  readonly connectionsMax: number
  readonly headerBytesMax: number
  readonly resolve: Resolve
  readonly secureContext: SecureContext | undefined
  readonly onDial: ((address: string) => void) | undefined
}

/**
 * How long an idle connection is kept when the server does not say. Public front ends keep theirs
 * for a minute and more; common local servers close after 5 s without saying so, and a request
 * written into a connection that is just being closed is lost.
 */
const IDLE_MS = { Public: 30_000, Private: 4_000 } as const

interface Entry {
  readonly pool: Pool
  readonly provider: ProviderConfig
  readonly secret: Secret | undefined
  isClosing: boolean
}

export class Pools {
  readonly #options: PoolOptions
  /** The usual way: the linked provider already has its entry. */
  readonly #byProvider = new WeakMap<ProviderConfig, Entry>()
  #entries: Entry[] = []

  constructor(options: PoolOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#entries.length
  }

  /** Throws TypeError for an origin that is no URL: the link checked it. */
  get(provider: ProviderConfig, secret: Secret | undefined): Pool {
    const known = this.#byProvider.get(provider)
    if (known !== undefined && known.secret === secret && !known.isClosing) return known.pool
    const entry =
      this.#entries.find((one) => one.secret === secret && isSame(one.provider, provider)) ??
      this.#create(provider, secret)
    this.#byProvider.set(provider, entry)
    return entry.pool
  }

  /** Closes, gracefully, every pool that none of `wanted` with its present key would use. */
  retain(wanted: readonly (readonly [ProviderConfig, Secret | undefined])[]): void {
    const isWanted = (entry: Entry): boolean =>
      wanted.some(
        ([provider, secret]) => entry.secret === secret && isSame(entry.provider, provider),
      )
    for (const entry of this.#entries) {
      if (isWanted(entry)) continue
      entry.isClosing = true
      entry.pool.close().catch(() => undefined)
    }
    this.#entries = this.#entries.filter((entry) => !entry.isClosing)
  }

  /** Ends every connection now. */
  async destroy(): Promise<void> {
    const entries = this.#entries
    this.#entries = []
    for (const entry of entries) entry.isClosing = true
    await Promise.all(entries.map(({ pool }) => pool.destroy()))
  }

  #create(provider: ProviderConfig, secret: Secret | undefined): Entry {
    const { connectionsMax, headerBytesMax, resolve, secureContext, onDial } = this.#options
    const { network } = provider
    const timeoutMs = provider.connectTimeoutMs
    const pool = new Pool(provider.origin, {
      connections: connectionsMax,
      pipelining: 1,
      maxHeaderSize: headerBytesMax,
      keepAliveTimeout: IDLE_MS[network],
      // Deadlines belong to the exchange, which knows route and stream.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: createConnector({ network, timeoutMs, resolve, secureContext, onDial }),
    })
    const entry: Entry = { pool, provider, secret, isClosing: false }
    this.#entries.push(entry)
    return entry
  }
}

function isSame(a: ProviderConfig, b: ProviderConfig): boolean {
  return (
    a.name === b.name &&
    a.origin === b.origin &&
    a.network === b.network &&
    a.connectTimeoutMs === b.connectTimeoutMs
  )
}
