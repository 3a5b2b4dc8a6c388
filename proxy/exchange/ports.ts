/**
 * What the pure pipeline asks of the shell, as values: time, chance, the client's connection, the
 * one way out to upstreams, the journal, and the observer. The shell implements them; tests pass
 * their own.
 */
import type { AttemptFinal, AttemptIntent } from "#proxy/contract/records.ts"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import type { ExchangeRecord } from "./exchange-record.ts"
import type { Refusal } from "./refusal.ts"

/** Flat list name, value, name, value ... with lower-case names. */
export type HeaderList = readonly string[]

/** Of an upstream's answer, by lower-case names. */
export type AnswerHeaders = Readonly<Record<string, string | undefined>>

/** A request as accepted: limits and raw-HTTP guards have passed, the body is whole. */
export interface RawRequest {
  readonly method: string
  /** Path only, as sent; it passed the raw-target check. */
  readonly path: string
  /** What follows the `?` of the target, as sent; empty without one. */
  readonly query: string
  /** Lower-case names; a repeated header that may not repeat was refused before. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
  /** Wall clock in ms. */
  readonly receivedAt: number
  /** `x-request-id`, and the operation of its attempts. */
  readonly id: string
}

/**
 * The client's side of one exchange. Exactly one `start`, then writes, then one `end` or `destroy`.
 */
export interface Client {
  start(status: number, headers: HeaderList): void
  /** False: hold back until `onDrain`. */
  write(bytes: Uint8Array | string): boolean
  end(bytes?: Uint8Array | string): void
  /**
   * Cuts the connection without a proper end: what was sent must not look complete. Bytes written
   * before still go out if the socket takes them: the last one may be an in-band error.
   */
  destroy(): void
  /** Called when held-back writes may go on. */
  onDrain(listener: () => void): void
  /** Called once when the client goes away before `end`. */
  onGone(listener: () => void): void
  /** Whose this client is from now on. */
  heldBy(holder: Holder): void
}

/** What has a client: it can be asked what it holds, and be ended before its time. */
export interface Holder {
  /** Besides the request's body and what is written, in bytes. */
  readonly heldBytes: number
  /** The gateway ends, or has no memory for it: time for a last word, if there is none yet. */
  giveUp(reason: Refusal): void
}

export interface UpstreamRequest {
  readonly provider: ProviderConfig
  readonly method: "POST" | "GET"
  /** Origin-form target, path prefix included. */
  readonly path: string
  /** Without authorization: the shell adds the credential at the last step. */
  readonly headers: HeaderList
  readonly body: Uint8Array | string
  /** Which header carries the key, and what stands before it. */
  readonly authorization: { readonly header: string; readonly prefix: string }
  readonly connectTimeoutMs: number
}

/** Why no (whole) answer came. `wasSent`: bytes of the request may have reached the upstream. */
export interface UpstreamFailure {
  readonly kind:
    | "connect"
    | "dns"
    | "tls"
    | "address-denied"
    | "reset"
    | "protocol"
    | "too-large"
    | "credential-missing"
  readonly wasSent: boolean
  /** For the log and the refusal: no key, no URL with one. */
  readonly detail: string
}

/**
 * Called in order: onResponse once, onData any times, then onEnd or onFailure once. Not after
 * `abort`.
 */
export interface UpstreamHandler {
  onResponse(status: number, headers: AnswerHeaders): void
  /**
   * False pauses until `resume`. The bytes are the handler's from then on: it may keep or send
   * them.
   */
  onData(bytes: Uint8Array): boolean
  onEnd(): void
  onFailure(failure: UpstreamFailure): void
}

export interface UpstreamCall {
  /** `text` without the key, which an upstream may quote in its errors. */
  conceal(text: string): string
  resume(): void
  /** Ends the call and never reuses its connection. No handler runs afterwards. */
  abort(): void
}

/** The one egress function. A handler may be called before it returns. */
export type Dispatch = (request: UpstreamRequest, handler: UpstreamHandler) => UpstreamCall

export interface JournalPort {
  /** Whether intents can be written now. */
  readonly isWritable: boolean
  /**
   * Makes the intent durable against the death of this process, then runs `then` with the verdict
   * and with where its end is told.
   */
  intend(intent: AttemptIntent, then: (open: OpenIntent, isWritten: boolean) => void): void
}

export interface OpenIntent {
  /** Never waits; what is said after the first end is ignored. */
  settle(final: AttemptFinal): void
}

export type Cancel = () => void

export interface Ports {
  /** Wall clock in ms. */
  readonly now: () => number
  /** Monotonic clock in ms, with fractions. */
  readonly monotonic: () => number
  /** Uniform in [0, 1). */
  readonly draw: () => number
  readonly after: (delayMs: number, run: () => void) => Cancel
  /** Unique for ever: `<boot id>-<counter>`. */
  readonly nextAttemptId: () => string
  readonly dispatch: Dispatch
  readonly journal: JournalPort
  /** Why no new stream is taken now; null when one is. */
  readonly refuseStream: () => Refusal | null
  readonly observe: (record: ExchangeRecord) => void
}
