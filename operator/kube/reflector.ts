/**
 * Keeps a sink in step with one kind of object in the API server, for ever: no error stops it.
 *
 * In: a client, a list path and selectors. Out: `reset` once, then `apply` and `delete`, each
 * change once and in the server's order. `reflector-state.ts` decides; this shell owns the
 * connection, the watchdog and the waiting. Must not know what the objects are.
 */
import { setTimeout as wait } from "node:timers/promises"
import { listAt, textAt } from "./json-path.ts"
import type { KubeClient } from "./kube-client.ts"
import { KubeError } from "./kube-error.ts"
import { createObjectTable, type ObjectSink, type ObjectTable } from "./object-table.ts"
import {
  INITIAL_REFLECTOR,
  type ReflectorInput,
  type ReflectorPhase,
  type ReflectorState,
  stepReflector,
} from "./reflector-state.ts"
import { parseWatchEvent, type WatchFailure } from "./watch-event.ts"

export interface ReflectorOptions {
  readonly client: KubeClient
  /**
   * Path of the collection, e.g. `/apis/sidegate.dev/v1alpha1/airoutes` or
   * `/api/v1/namespaces/x/secrets`.
   */
  readonly path: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly sink: ObjectSink
  /** Told of every failure and of the recovery; for logs and metrics. */
  readonly report?: (report: ReflectorReport) => void
  /** In [0, 1). */
  readonly draw?: () => number
  readonly limits?: ReflectorLimits
}

export interface ReflectorLimits {
  /** A watch without a byte for this long is given up. */
  readonly watchdogMs: number
  /** Objects in one page of a list. */
  readonly pageObjects: number
}

/**
 * Servers send bookmarks about once a minute and before a watch ends, and we end each well before
 * this.
 */
export const REFLECTOR_LIMITS: ReflectorLimits = Object.freeze({
  watchdogMs: 60_000,
  pageObjects: 500,
})

export type ReflectorReport =
  /** A complete list is in, at the start and after each relist. */
  | { readonly kind: "synced"; readonly objects: number }
  /** Watching goes on where it was cut. */
  | { readonly kind: "recovered" }
  | {
      readonly kind: "failed"
      readonly message: string
      readonly retryInMs: number
      /** The server named a time to come back: it is busy, not broken. */
      readonly isAskedToWait: boolean
    }

export interface Reflector {
  /** Resolves after the first `reset`. */
  readonly synced: Promise<void>
  /**
   * Resolves after `close`; rejects when the sink threw, which is a bug the process must not
   * survive.
   */
  readonly finished: Promise<void>
  /** Cancels whatever is going on; nothing reaches the sink afterwards. */
  close(): void
}

const WATCH_SECONDS_MIN = 40
const WATCH_SECONDS_SPREAD = 10

export function startReflector(options: ReflectorOptions): Reflector {
  const { promise: synced, resolve: onSynced } = Promise.withResolvers<void>()
  const closing = new AbortController()
  const table = createObjectTable(options.sink)
  const finished = runReflector(options, table, onSynced, closing.signal)
  // The caller may look at `finished` later; until then a rejection must not be unhandled.
  finished.catch(() => undefined)
  return { synced, finished, close: () => closing.abort() }
}

async function runReflector(
  options: ReflectorOptions,
  table: ObjectTable,
  onSynced: () => void,
  closing: AbortSignal,
): Promise<void> {
  const draw = options.draw ?? Math.random
  let state: ReflectorState = INITIAL_REFLECTOR
  let delayMs: number | null = 0
  let isFailing = false
  /** A watch is answered: what it follows may be quiet for a minute, yet the server is there. */
  const answered = (): void => {
    if (!isFailing || state.phase.kind !== "follow") return
    isFailing = false
    options.report?.({ kind: "recovered" })
  }
  const take = (input: ReflectorInput): boolean => {
    if (closing.aborted) return false
    const { state: next, effects } = stepReflector(state, input, draw())
    state = next
    if (next.failures === 0) answered()
    delayMs = null
    for (const effect of effects) {
      if (effect.kind === "connect") {
        delayMs = effect.delayMs
        if (effect.failure !== null) {
          const { message, retryAfterMs } = effect.failure
          const isAskedToWait = retryAfterMs !== null
          const retryInMs = Math.round(delayMs)
          isFailing = true
          options.report?.({ kind: "failed", message, retryInMs, isAskedToWait })
        }
      } else if (effect.kind === "collect" || effect.kind === "apply" || effect.kind === "delete") {
        table[effect.kind](effect.object)
      } else if (effect.kind === "discard") {
        table.discard()
      } else {
        table.replace()
        onSynced()
        isFailing = false
        options.report?.({ kind: "synced", objects: table.size() })
      }
    }
    return delayMs === null
  }
  while (!closing.aborted) {
    await wait(delayMs ?? 0, undefined, { signal: closing }).catch(() => undefined)
    if (closing.aborted) return
    await connect(options, state.phase, draw(), { take, answered }, closing)
  }
}

interface Taking {
  /** False when the connection is to be given up. */
  readonly take: (input: ReflectorInput) => boolean
  /** The head of a watch's answer is there. */
  readonly answered: () => void
}

/** One list page or one watch. */
async function connect(
  options: ReflectorOptions,
  phase: ReflectorPhase,
  draw: number,
  { take, answered }: Taking,
  closing: AbortSignal,
): Promise<void> {
  if (phase.kind === "list") {
    take(await readPage(options, phase.continueToken, closing))
    return
  }
  const begun = performance.now()
  let isGivenUp = false
  let bug: { readonly error: unknown } | null = null
  const { watchdogMs } = options.limits ?? REFLECTOR_LIMITS
  const watchdog = startWatchdog(watchdogMs, closing)
  try {
    await options.client.watch({
      path: options.path,
      query: watchQuery(options, phase, draw),
      signal: watchdog.signal,
      onAnswer: answered,
      onBytes: watchdog.feed,
      onLine: (line) => {
        if (isGivenUp || line.length === 0) return
        const event = parseWatchEvent(line)
        try {
          isGivenUp = !take({ kind: "event", event })
        } catch (error) {
          bug = { error }
          isGivenUp = true
        }
        if (isGivenUp) watchdog.giveUp()
      },
    })
    if (!isGivenUp) take({ kind: "ended", livedMs: performance.now() - begun })
  } catch (error) {
    if (!isGivenUp) take({ kind: "failed", failure: failureOf(error, watchdog.complaint()) })
  } finally {
    watchdog.stop()
  }
  rethrow(bug)
}

function rethrow(bug: { readonly error: unknown } | null): void {
  if (bug !== null) throw bug.error
}

async function readPage(
  options: ReflectorOptions,
  continueToken: string | null,
  signal: AbortSignal,
): Promise<ReflectorInput> {
  try {
    const answer = await options.client.request({
      method: "GET",
      path: options.path,
      query: {
        ...selectors(options),
        limit: String((options.limits ?? REFLECTOR_LIMITS).pageObjects),
        ...(continueToken === null ? {} : { continue: continueToken }),
      },
      signal,
    })
    const resourceVersion = textAt(answer, "metadata", "resourceVersion")
    if (resourceVersion === undefined) throw new KubeError("bad-answer", "the answer is no list")
    const next = textAt(answer, "metadata", "continue")
    return {
      kind: "page",
      objects: listAt(answer, "items"),
      continueToken: next === undefined || next === "" ? null : next,
      resourceVersion,
    }
  } catch (error) {
    return { kind: "failed", failure: failureOf(error, null) }
  }
}

function watchQuery(
  options: ReflectorOptions,
  phase: Exclude<ReflectorPhase, { kind: "list" }>,
  draw: number,
): Readonly<Record<string, string>> {
  const seconds = WATCH_SECONDS_MIN + Math.floor(draw * WATCH_SECONDS_SPREAD)
  const query = {
    ...selectors(options),
    allowWatchBookmarks: "true",
    timeoutSeconds: String(seconds),
  }
  if (phase.kind === "follow") return { ...query, resourceVersion: phase.resourceVersion }
  return { ...query, sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan" }
}

function selectors(options: ReflectorOptions): Readonly<Record<string, string>> {
  const { labelSelector, fieldSelector } = options
  return {
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  }
}

interface Watchdog {
  readonly signal: AbortSignal
  feed(): void
  giveUp(): void
  /** Null unless it was the watchdog that aborted. */
  complaint(): string | null
  stop(): void
}

/** Aborts after `limitMs` without a byte, and when `closing` does. */
function startWatchdog(limitMs: number, closing: AbortSignal): Watchdog {
  const controller = new AbortController()
  const abort = (): void => controller.abort()
  let hasBarked = false
  const timer = setTimeout(() => {
    hasBarked = true
    abort()
  }, limitMs)
  timer.unref()
  closing.addEventListener("abort", abort, { once: true })
  return {
    signal: controller.signal,
    feed: () => {
      timer.refresh()
    },
    giveUp: abort,
    complaint: () => (hasBarked ? `no byte for ${limitMs} ms` : null),
    stop: () => {
      clearTimeout(timer)
      closing.removeEventListener("abort", abort)
    },
  }
}

function failureOf(error: unknown, complaint: string | null): WatchFailure {
  if (!(error instanceof KubeError)) throw error
  return {
    status: error.status,
    reason: error.reason,
    retryAfterMs: error.retryAfterSeconds === null ? null : error.retryAfterSeconds * 1000,
    isUnreadable: error.code === "bad-answer",
    message: complaint ?? error.message,
  }
}
