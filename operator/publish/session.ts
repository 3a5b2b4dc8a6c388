/**
 * One sidecar's session as a reducer: what it holds plus what came in gives what it holds next plus
 * what to send. No sockets, no clock.
 *
 * One unanswered Snapshot at a time; what changes meanwhile waits, and only the newest is sent
 * after the answer. A push without an answer for RESYNC_MS is sent again. What the sidecar already
 * holds, or has refused under this version, is not sent.
 */
import { canonicalJson } from "#proxy/contract/json.ts"
import type { EpochMs } from "#proxy/contract/money.ts"
import {
  compareVersions,
  formatVersion,
  type HeldVersion,
  type Hello,
  type Nack,
  type PodIdentity,
  type StatusReport,
  type Version,
} from "#proxy/contract/push.ts"

/** A push that is not answered for so long is sent again. */
export const RESYNC_MS = 30_000

export interface SessionState {
  readonly boot: string
  readonly release: string
  /** The newest Snapshot schema that it links. */
  readonly schemaVersion: number
  /** The identity that the sidecar was told last. */
  readonly told: PodIdentity
  /** What it serves from, by its own word. */
  readonly held: HeldVersion | null
  /** Revision of the credentials it has or was sent. */
  readonly credentials: string | null
  readonly isStreaming: boolean
  /** First and last version sent in this session: answers to others are refused. */
  readonly sent: { readonly first: Version; readonly last: HeldVersion } | null
  readonly pending: {
    readonly version: HeldVersion
    readonly sentAtMs: EpochMs
    /** When the sidecar began to owe an answer: a resend does not move it. */
    readonly sinceMs: EpochMs
  } | null
  readonly refused: { readonly version: HeldVersion; readonly nack: Nack } | null
}

/** What the namespace's sidecars should hold. */
export interface Target {
  readonly snapshot: HeldVersion | null
  /** Revision; null until the first credentials are published. */
  readonly credentials: string | null
}

export type SessionInput =
  | { readonly kind: "subscribed"; readonly identity: PodIdentity }
  | { readonly kind: "identity"; readonly identity: PodIdentity }
  | { readonly kind: "answered"; readonly report: StatusReport }
  /** The target changed, or time has passed. */
  | { readonly kind: "look-again" }

/** In the order to send them: a Snapshot comes after the credentials that it needs. */
export type SessionSend = "credentials" | "identity" | "snapshot"

export interface SessionStep {
  readonly state: SessionState
  readonly send: readonly SessionSend[]
  /** What is wrong with the input; null when it was taken. The state is then unchanged. */
  readonly problem: string | null
}

export function openSession(identity: PodIdentity, hello: Hello): SessionState {
  return {
    boot: hello.boot,
    release: hello.release,
    schemaVersion: hello.schemaVersion,
    told: identity,
    held: hello.held,
    credentials: hello.credentials,
    isStreaming: false,
    sent: null,
    pending: null,
    refused: null,
  }
}

/** Nothing is sent before the stream is open. `now` in ms, from one clock for all steps. */
export function stepSession(
  state: SessionState,
  target: Target,
  input: SessionInput,
  now: EpochMs,
): SessionStep {
  switch (input.kind) {
    case "subscribed":
      return sendDue({ ...state, isStreaming: true }, target, input.identity, now)
    case "identity":
      return sendDue(state, target, input.identity, now)
    case "look-again":
      return sendDue(state, target, state.told, now)
    case "answered": {
      const problem = judgeReport(state, input.report)
      if (problem !== null) return { state, send: [], problem }
      return sendDue(takeReport(state, input.report), target, state.told, now)
    }
    default:
      return input satisfies never
  }
}

/**
 * Whether the sidecar holds a version that nothing of `target` is newer than: a higher term must be
 * taken.
 */
export function waitsForHigherTerm(state: SessionState, target: Target): boolean {
  const { held } = state
  if (held === null || target.snapshot === null || held.hash === target.snapshot.hash) return false
  return compareVersions(target.snapshot, held) <= 0
}

function sendDue(
  state: SessionState,
  target: Target,
  identity: PodIdentity,
  now: EpochMs,
): SessionStep {
  if (!state.isStreaming) return { state, send: [], problem: null }
  const send: SessionSend[] = []
  let next = state
  if (target.credentials !== null && target.credentials !== state.credentials) {
    next = { ...next, credentials: target.credentials }
    send.push("credentials")
  }
  if (identity !== state.told && canonicalJson(identity) !== canonicalJson(state.told)) {
    next = { ...next, told: identity }
    send.push("identity")
  }
  const version = target.snapshot
  if (version !== null && isSnapshotDue(state, target, version, now)) {
    const sinceMs = state.pending?.sinceMs ?? now
    next = {
      ...next,
      pending: { version, sentAtMs: now, sinceMs },
      sent: { first: state.sent?.first ?? version, last: version },
    }
    send.push("snapshot")
  }
  return { state: next, send, problem: null }
}

function isSnapshotDue(
  state: SessionState,
  target: Target,
  version: HeldVersion,
  now: EpochMs,
): boolean {
  if (waitsForHigherTerm(state, target)) return false
  // After a lost answer nobody knows what is in force there, so the newest goes out whatever its
  // hash.
  if (state.pending !== null) return now - state.pending.sentAtMs >= RESYNC_MS
  if (state.refused !== null && compareVersions(state.refused.version, version) === 0) return false
  return state.held?.hash !== version.hash
}

/** Null when the report answers a push of this session and its words fit together. */
function judgeReport(state: SessionState, report: StatusReport): string | null {
  const { sent } = state
  const told = formatVersion(report.version)
  if (sent === null) return `/version: ${told} was never sent, nothing was`
  if (
    compareVersions(report.version, sent.first) < 0 ||
    compareVersions(report.version, sent.last) > 0
  )
    return `/version: ${told} was never sent, the last was ${formatVersion(sent.last)}`
  if (report.nack !== null || isLate(state, report)) return null
  const { held } = report
  const holdsIt =
    held !== null && compareVersions(held, sent.last) === 0 && held.hash === sent.last.hash
  return holdsIt ? null : `/held: an acknowledgement of ${told} must hold it, with its hash`
}

function takeReport(state: SessionState, report: StatusReport): SessionState {
  if (state.sent === null || isLate(state, report)) return state
  const refused = report.nack === null ? null : { version: state.sent.last, nack: report.nack }
  return { ...state, held: report.held, pending: null, refused }
}

/** The answer to a push that another has overtaken: the newer one's answer is still to come. */
function isLate(state: SessionState, report: StatusReport): boolean {
  return state.sent !== null && compareVersions(report.version, state.sent.last) < 0
}
