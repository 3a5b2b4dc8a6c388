/**
 * Keeps the sidecar's configuration what the operator says it is, and keeps serving when the
 * operator is away.
 *
 * In: a ControlChannel, the last good files. Out: a Runtime in force, keys, and an answer to every
 * push. One session at a time: hello, then the stream; whatever ends it, the next follows after a
 * jittered wait.
 * Must not know what the Runtime is, nor how the channel is carried.
 */
import { createHash } from "node:crypto"
import { throwApart } from "#proxy/bugs/run-apart.ts"
import { canonicalJson } from "#proxy/contract/json.ts"
import {
  type ConfigEvent,
  type CredentialsPush,
  formatVersion,
  type HelloAnswer,
  type Nack,
  type PodIdentity,
  type SnapshotPush,
} from "#proxy/contract/push.ts"
import { SNAPSHOT_SCHEMA_VERSION } from "#proxy/contract/snapshot.ts"
import { AnswerQueue } from "./answer-queue.ts"
import { type BackoffLimits, backoffMs } from "./backoff.ts"
import { carryOver } from "./carry-over.ts"
import { ChannelError, type ControlChannel } from "./channel.ts"
import type { LastGoodStore } from "./last-good.ts"
import { type Held, heldVersion, type Link, receiveIdentity, receiveSnapshot } from "./receive.ts"

export interface SyncOptions<R> {
  readonly channel: ControlChannel
  readonly boot: string
  readonly release: string
  readonly journalSequence: () => number
  readonly link: Link<R>
  /** A new Runtime is in force; null when the held one turned out to be another namespace's. */
  readonly onRuntime: (runtime: R | null) => void
  /** Complete: keys that are not in it are gone. Comes before the Runtime that needs them. */
  readonly onCredentials: (credentials: CredentialsPush) => void
  /** Null keeps nothing across a restart. */
  readonly lastGood: LastGoodStore | null
  readonly report: (event: SyncEvent) => void
  readonly now: () => number
  readonly draw: () => number
  readonly backoff?: BackoffLimits
}

/** For the log and the metrics. Never holds a key. */
export type SyncEvent =
  | { readonly kind: "connected"; readonly session: string }
  | { readonly kind: "disconnected"; readonly code: string; readonly message: string }
  | { readonly kind: "applied"; readonly version: string; readonly hash: string }
  | { readonly kind: "refused"; readonly version: string; readonly nack: Nack }
  | { readonly kind: "restored"; readonly version: string; readonly ageMs: number }
  | { readonly kind: "unreadable"; readonly file: string }

export interface SyncState {
  readonly isConnected: boolean
  /** As in `x-sidegate-config`; null with none. */
  readonly version: string | null
  readonly hash: string | null
  /** Wall clock in ms when the configuration in force came; null with none. */
  readonly appliedAt: number | null
  readonly nacks: number
}

export interface Sync {
  state(): SyncState
  /** Ends the session and writes what is left to write. */
  close(): Promise<void>
}

/** `architecture.md` section 4: full jitter from 0.1 to 10 s. */
const BACKOFF: BackoffLimits = Object.freeze({ leastMs: 100, mostMs: 10_000 })
/** A session of this length was a good one: the next failure is the first again. */
const GOOD_SESSION_MS = 10_000

/** What was kept from the last process is in force when this returns. */
export function startSync<R>(options: SyncOptions<R>): Sync {
  const sync = new RunningSync({ ...options, link: linkApart(options.link) })
  sync.restore()
  sync.run()
  return sync
}

class RunningSync<R> implements Sync {
  readonly #options: SyncOptions<R>
  readonly #stopped = new AbortController()
  #held: Held<R> = { runtime: null, push: null, identity: null }
  #credentials: CredentialsPush | null = null
  #appliedAt: number | null = null
  #isConnected = false
  #nacks = 0
  #running: Promise<void> = Promise.resolve()

  constructor(options: SyncOptions<R>) {
    this.#options = options
  }

  state(): SyncState {
    const { push } = this.#held
    return {
      isConnected: this.#isConnected,
      version: push === null ? null : formatVersion(push.version),
      hash: push?.hash ?? null,
      appliedAt: this.#appliedAt,
      nacks: this.#nacks,
    }
  }

  restore(): void {
    const { lastGood, link, report, now } = this.#options
    const found = lastGood?.load()
    if (found === undefined) return
    for (const file of found.unreadable) report({ kind: "unreadable", file })
    if (found.credentials !== null) this.#takeCredentials(found.credentials)
    if (found.config === null) return
    const { push, identity, savedAt } = found.config
    const empty: Held<R> = { runtime: null, push: null, identity }
    const { held, answer } = receiveSnapshot(empty, push, hashOf(push), link)
    const version = formatVersion(push.version)
    if (answer.nack !== null) {
      report({ kind: "refused", version, nack: answer.nack })
      return
    }
    this.#held = held
    this.#appliedAt = savedAt
    this.#options.onRuntime(held.runtime)
    report({ kind: "restored", version, ageMs: now() - savedAt })
  }

  run(): void {
    this.#running = this.#loop()
  }

  async close(): Promise<void> {
    this.#stopped.abort()
    await this.#running
    await this.#options.lastGood?.flush()
  }

  async #loop(): Promise<void> {
    const { draw, report, now, backoff = BACKOFF } = this.#options
    let failures = 0
    while (!this.#stopped.signal.aborted) {
      const startedAt = now()
      const ended = await this.#session()
      this.#isConnected = false
      if (this.#stopped.signal.aborted) return
      report({ kind: "disconnected", code: ended.code, message: ended.message })
      failures = now() - startedAt > GOOD_SESSION_MS ? 1 : failures + 1
      const waitMs = backoffMs(failures, draw(), ended.retryAfterSeconds, backoff)
      await waitFor(waitMs, this.#stopped.signal)
    }
  }

  /** Resolves with what ended it. */
  async #session(): Promise<ChannelError> {
    const { channel, boot, release, journalSequence, report } = this.#options
    const ended = new AbortController()
    const signal = AbortSignal.any([ended.signal, this.#stopped.signal])
    try {
      const { session, identity }: HelloAnswer = await channel.hello({
        boot,
        held: heldVersion(this.#held),
        credentials: this.#credentials?.revision ?? null,
        journalSequence: journalSequence(),
        schemaVersion: SNAPSHOT_SCHEMA_VERSION,
        release,
      })
      if (signal.aborted) return new ChannelError("closed", "the sidecar is shutting down")
      this.#isConnected = true
      report({ kind: "connected", session })
      this.#takeIdentity(identity)
      const answers = new AnswerQueue(channel, session, ended)
      await channel.config(session, (event) => this.#take(event, answers), signal)
      return answers.failure ?? new ChannelError("stream_ended", "the operator ended the stream")
    } catch (error) {
      if (error instanceof ChannelError) return error
      throw error
    } finally {
      ended.abort()
    }
  }

  #take(event: ConfigEvent, answers: AnswerQueue): void {
    switch (event.event) {
      case "credentials": {
        // Not within the optional call: without a store its argument would not be evaluated.
        const credentials = this.#takeCredentials(event.data)
        this.#options.lastGood?.saveCredentials(credentials)
        return
      }
      case "identity":
        this.#takeIdentity(event.data)
        return
      case "snapshot":
        this.#takeSnapshot(event.data, answers)
        return
      default:
        event satisfies never
    }
  }

  /** Gives what is in force now. */
  #takeCredentials(push: CredentialsPush): CredentialsPush {
    const credentials = carryOver(this.#credentials, push)
    this.#credentials = credentials
    this.#options.onCredentials(credentials)
    return credentials
  }

  #takeIdentity(identity: PodIdentity): void {
    const before = this.#held
    if (before.identity !== null && isSame(before.identity, identity)) return
    const { held, nack } = receiveIdentity(before, identity, this.#options.link)
    this.#held = held
    if (nack !== null) this.#countNack(before.push, nack)
    if (held.runtime !== before.runtime) this.#options.onRuntime(held.runtime)
    this.#save()
  }

  #takeSnapshot(push: SnapshotPush, answers: AnswerQueue): void {
    const { link, onRuntime, report, now } = this.#options
    const { held, answer } = receiveSnapshot(this.#held, push, hashOf(push), link)
    this.#held = held
    if (answer.nack === null) {
      this.#appliedAt = now()
      onRuntime(held.runtime)
      report({ kind: "applied", version: formatVersion(push.version), hash: push.hash })
      this.#save()
    } else {
      this.#countNack(push, answer.nack)
    }
    answers.send(answer)
  }

  #countNack(push: SnapshotPush | null, nack: Nack): void {
    this.#nacks += 1
    const version = push === null ? "none" : formatVersion(push.version)
    this.#options.report({ kind: "refused", version, nack })
  }

  #save(): void {
    const { push, identity } = this.#held
    if (push === null || identity === null) return
    this.#options.lastGood?.saveConfig({ push, identity, savedAt: this.#options.now() })
  }
}

/**
 * A link that throws has a bug: the push is refused like any other that cannot be linked, and
 * counted.
 */
function linkApart<R>(link: Link<R>): Link<R> {
  return (push, identity) => {
    try {
      return link(push, identity)
    } catch (error) {
      throwApart(error)
      const reason = `internal_error: linking failed: ${errorText(error)}`
      return { ok: false, nack: { reason, object: null, path: null } }
    }
  }
}

function hashOf(push: SnapshotPush): string {
  return createHash("sha256").update(canonicalJson(push.snapshot)).digest("hex")
}

function isSame(a: PodIdentity, b: PodIdentity): boolean {
  return a === b || canonicalJson(a) === canonicalJson(b)
}

function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener("abort", done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener("abort", done)
  })
}

function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
