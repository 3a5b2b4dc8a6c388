/**
 * The protocol of one reflector, without sockets: what it holds plus what came in gives what it
 * holds next, what to tell the table of objects, and how to connect next.
 *
 *   stream initial events ──end of them──> follow ──cut, silence──> follow, same version
 *        │ server cannot                      │ 410, unreadable line
 *        v                                    v
 *   list page by page ──last page──> follow   back to the left, at once the first time
 */
import type { WatchEvent, WatchFailure } from "./watch-event.ts"

export type ReflectorPhase =
  /** `sendInitialEvents`: objects arrive as events, a bookmark says that they are complete. */
  | { readonly kind: "stream-all" }
  /** A null token asks for the first page. */
  | { readonly kind: "list"; readonly continueToken: string | null }
  | { readonly kind: "follow"; readonly resourceVersion: string }

export interface ReflectorState {
  readonly phase: ReflectorPhase
  /** Failures since the last progress; decides the delay before the next attempt. */
  readonly failures: number
  /** False once the server has refused `sendInitialEvents`. */
  readonly canStreamAll: boolean
  /** The newest version a complete list had; null before the first. */
  readonly listedVersion: string | null
  /** Complete lists in a row that were older than `listedVersion`. */
  readonly staleLists: number
}

export type ReflectorInput =
  | { readonly kind: "event"; readonly event: WatchEvent }
  | {
      readonly kind: "page"
      readonly objects: readonly unknown[]
      readonly continueToken: string | null
      readonly resourceVersion: string
    }
  /** The server ended the watch cleanly after it lived this long, in ms. */
  | { readonly kind: "ended"; readonly livedMs: number }
  | { readonly kind: "failed"; readonly failure: WatchFailure }

export type ReflectorEffect =
  | { readonly kind: "collect"; readonly object: unknown }
  /** What was collected is incomplete: forget it. */
  | { readonly kind: "discard" }
  /** What was collected is complete: it replaces the table. */
  | { readonly kind: "replace" }
  | { readonly kind: "apply"; readonly object: unknown }
  | { readonly kind: "delete"; readonly object: unknown }
  /** Give up the connection, if one is open, and make the next after `delayMs`. */
  | {
      readonly kind: "connect"
      readonly delayMs: number
      readonly failure: WatchFailure | null
    }

export interface ReflectorStep {
  readonly state: ReflectorState
  readonly effects: readonly ReflectorEffect[]
}

export const RETRY_BASE_MS = 200
/**
 * Low, so that what an outage hid shows within five seconds of its end: an operator has nine
 * watches, which makes six requests a second of an API server that fails them all, at the most.
 */
export const RETRY_MAX_MS = 3_000
/** Of a `Retry-After`, which an API server in trouble may well set higher than that. */
export const RETRY_AFTER_MAX_MS = 30_000
/**
 * A watch that the server ends sooner counts as failed, or an empty answer would be asked for in a
 * circle.
 */
export const WATCH_LIFE_MIN_MS = 1_000
/**
 * Older complete lists are refused this often, then believed: the store was restored from a backup.
 */
export const STALE_LISTS_MAX = 3

export const INITIAL_REFLECTOR: ReflectorState = Object.freeze<ReflectorState>({
  phase: { kind: "stream-all" },
  failures: 0,
  canStreamAll: true,
  listedVersion: null,
  staleLists: 0,
})

/** `draw` is in [0, 1) and spreads the retries of many reflectors. */
export function stepReflector(
  state: ReflectorState,
  input: ReflectorInput,
  draw: number,
): ReflectorStep {
  switch (input.kind) {
    case "event":
      return onEvent(state, input.event, draw)
    case "page":
      return onPage(state, input, draw)
    case "ended":
      return onEnded(state, input.livedMs, draw)
    case "failed":
      return onFailed(state, input.failure, draw)
  }
}

function onEvent(state: ReflectorState, event: WatchEvent, draw: number): ReflectorStep {
  switch (event.type) {
    case "ERROR":
      return onFailed(state, event.failure, draw)
    case "BOOKMARK":
      if (state.phase.kind === "follow") return follow(state, event.resourceVersion, [])
      return event.isInitialEnd ? complete(state, event.resourceVersion, [], draw) : stay(state)
    case "ADDED":
    case "MODIFIED":
      if (state.phase.kind !== "follow") {
        return { state, effects: [{ kind: "collect", object: event.object }] }
      }
      return follow(state, event.resourceVersion, [{ kind: "apply", object: event.object }])
    case "DELETED":
      // Not among initial events: those tell of what exists.
      if (state.phase.kind !== "follow") return stay(state)
      return follow(state, event.resourceVersion, [{ kind: "delete", object: event.object }])
  }
}

function onPage(
  state: ReflectorState,
  page: Extract<ReflectorInput, { kind: "page" }>,
  draw: number,
): ReflectorStep {
  const collected = page.objects.map((object) => ({ kind: "collect", object }) as const)
  if (page.continueToken === null) return complete(state, page.resourceVersion, collected, draw)
  const phase = { kind: "list", continueToken: page.continueToken } as const
  return { state: { ...state, phase }, effects: [...collected, reconnect(0)] }
}

/** A complete list has arrived; a stale one changes nothing. */
function complete(
  state: ReflectorState,
  resourceVersion: string,
  collected: readonly ReflectorEffect[],
  draw: number,
): ReflectorStep {
  const isStale =
    state.listedVersion !== null && compareVersions(resourceVersion, state.listedVersion) < 0
  if (isStale && state.staleLists < STALE_LISTS_MAX) {
    const message = `the list is of version ${resourceVersion}, older than ${state.listedVersion}`
    return onFailed({ ...state, staleLists: state.staleLists + 1 }, noStatus(message), draw)
  }
  const isStream = state.phase.kind === "stream-all"
  return {
    state: {
      ...state,
      phase: { kind: "follow", resourceVersion },
      failures: 0,
      listedVersion: resourceVersion,
      staleLists: 0,
    },
    effects: [...collected, { kind: "replace" }, ...(isStream ? [] : [reconnect(0)])],
  }
}

function onEnded(state: ReflectorState, livedMs: number, draw: number): ReflectorStep {
  if (state.phase.kind !== "follow" || livedMs < WATCH_LIFE_MIN_MS) {
    return onFailed(state, noStatus(`the watch ended after ${Math.round(livedMs)} ms`), draw)
  }
  return { state: { ...state, failures: 0 }, effects: [reconnect(0)] }
}

function onFailed(state: ReflectorState, failure: WatchFailure, draw: number): ReflectorStep {
  const { phase } = state
  const isExpired = failure.status === 410 || failure.reason === "Expired"
  // A server without WatchList answers 400 or 422 to `sendInitialEvents`, and would to each
  // repetition.
  const isUnsupported =
    phase.kind === "stream-all" && (failure.status === 400 || failure.status === 422)
  const canStreamAll = state.canStreamAll && !isUnsupported
  const start: ReflectorPhase = canStreamAll
    ? { kind: "stream-all" }
    : { kind: "list", continueToken: null }
  const mustRelist = phase.kind !== "follow" || isExpired || failure.isUnreadable
  const isPrompt = isUnsupported || (isExpired && state.failures === 0)
  const delayMs = isPrompt ? 0 : retryDelay(state.failures, failure.retryAfterMs, draw)
  const next = { ...state, canStreamAll, failures: state.failures + 1 }
  // A page that failed for another reason than its age is asked for again: the token still holds.
  const keepsPages = phase.kind === "list" && phase.continueToken !== null && !isExpired
  if (keepsPages && !failure.isUnreadable) {
    return { state: next, effects: [{ kind: "connect", delayMs, failure }] }
  }
  return {
    state: mustRelist ? { ...next, phase: start } : next,
    effects: [
      ...(mustRelist ? [{ kind: "discard" } as const] : []),
      { kind: "connect", delayMs, failure },
    ],
  }
}

function follow(
  state: ReflectorState,
  resourceVersion: string,
  effects: readonly ReflectorEffect[],
): ReflectorStep {
  return { state: { ...state, phase: { kind: "follow", resourceVersion }, failures: 0 }, effects }
}

function stay(state: ReflectorState): ReflectorStep {
  return { state, effects: [] }
}

function reconnect(delayMs: number): ReflectorEffect {
  return { kind: "connect", delayMs, failure: null }
}

function noStatus(message: string): WatchFailure {
  return { status: null, reason: null, retryAfterMs: null, isUnreadable: false, message }
}

/** Exponential with half of it drawn; a `Retry-After` is a lower bound. Each has its cap. */
function retryDelay(failures: number, retryAfterMs: number | null, draw: number): number {
  const full = Math.min(RETRY_MAX_MS, RETRY_BASE_MS * 2 ** Math.min(failures, 20))
  const asked = Math.min(RETRY_AFTER_MAX_MS, retryAfterMs ?? 0)
  return Math.max(asked, full * (0.5 + draw / 2))
}

/**
 * Versions of one API server are decimal numbers of equal meaning (comparable since Kubernetes
 * 1.35).
 */
function compareVersions(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : Number(a > b))
}
