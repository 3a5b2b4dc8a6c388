/**
 * The proxy as one value: the pure pipeline with its shell around it, over any ControlChannel.
 *
 * In: settings and a channel (HTTPS in a pod, an in-memory pair in `sidegate run`). Out: a running proxy.
 * Must not know who the operator is, nor what started it.
 */

export interface BoundAddress {
  readonly host: string
  readonly port: number
}

/** What `createProxy(config, channel)` resolves with, once both surfaces listen. */
export interface Proxy {
  readonly boot: string
  readonly app: readonly BoundAddress[]
  readonly ops: readonly BoundAddress[]
  /** Resolves when a Snapshot is in force for the first time, from the last good one too. */
  readonly ready: Promise<void>
  /**
   * Refuses new requests, lets exchanges run for at most `drainMs` (default: the limit of the config),
   * flushes the journal, tries once more to report, closes everything. Safe to call twice; a later
   * call with a shorter time shortens the drain.
   */
  close(options?: { readonly drainMs?: number }): Promise<void>
}
