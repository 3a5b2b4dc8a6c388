/**
 * One leader among the operator's replicas, by a Lease. It is no fence: the ledger's term is (a
 * paused leader may believe in itself for a moment after it wakes).
 *
 * In: the lease's name and our identity. Out: `acquired`, then `lost` at most once. `lease.ts`
 * decides; this shell reads, writes and waits. Must not know what a leader does.
 */
import { setTimeout as wait } from "node:timers/promises"
import { objectPath } from "./apply.ts"
import type { KubeClient } from "./kube-client.ts"
import { isRefusal, KubeError } from "./kube-error.ts"
import {
  decideLease,
  LEASE_TIMES,
  type LeaseMove,
  type LeaseObservation,
  type LeaseTimes,
  observeLease,
  readLease,
} from "./lease.ts"

export interface LeaderElectionOptions {
  readonly client: KubeClient
  readonly namespace: string
  readonly name: string
  /**
   * Unique to this process, e.g. pod name and a random part: a restarted pod must not think it
   * still leads.
   */
  readonly identity: string
  readonly times?: LeaseTimes
  /** A request that failed; the next look comes after `retryMs`. */
  readonly onFailure: (error: KubeError) => void
  /**
   * Asked at each look once the lease could not be renewed for `renewDeadlineMs` and nobody else is
   * known to hold it: whether the fence still knows us as the leader. False when left out. With a
   * fence an API server that is away deposes nobody.
   */
  readonly mayGoOn?: () => Promise<boolean>
}

export interface LeaderElection {
  /** Resolves when this process leads; never, when it is closed before. */
  readonly acquired: Promise<void>
  /**
   * Resolves when it leads no more though nobody closed it: the process must stop being a leader at
   * once.
   */
  readonly lost: Promise<{ readonly reason: string }>
  isLeader(): boolean
  /** Stops, and gives the lease back so that another need not wait for its end. */
  close(): Promise<void>
}

export function startLeaderElection(options: LeaderElectionOptions): LeaderElection {
  const acquired = Promise.withResolvers<void>()
  const lost = Promise.withResolvers<{ readonly reason: string }>()
  const closing = new AbortController()
  let isLeader = false
  const events: ElectionEvents = {
    onAcquired: () => {
      isLeader = true
      acquired.resolve()
    },
    onLost: (reason) => {
      isLeader = false
      lost.resolve({ reason })
    },
  }
  const running = runElection(options, events, closing.signal)
  return {
    acquired: acquired.promise,
    lost: lost.promise,
    isLeader: () => isLeader,
    close: async () => {
      closing.abort()
      const observation = await running
      if (isLeader && observation !== null) await release(options, observation)
      isLeader = false
    },
  }
}

interface ElectionEvents {
  onAcquired(): void
  onLost(reason: string): void
}

/** Until closed or lost; gives the lease as last seen. */
async function runElection(
  options: LeaderElectionOptions,
  events: ElectionEvents,
  closing: AbortSignal,
): Promise<LeaseObservation | null> {
  const times = options.times ?? LEASE_TIMES
  let look: Look = { seen: null, isHeld: false }
  /** When the last renewal that succeeded was begun; null while not leading. */
  let renewedMs: number | null = null
  while (!closing.aborted) {
    const begunMs = performance.now()
    const patienceMs = patienceOf(renewedMs, begunMs, times)
    const deadline = AbortSignal.timeout(Math.max(1, Math.ceil(patienceMs)))
    look = await lookOnce(options, look, times, closing, AbortSignal.any([closing, deadline]))
    if (look.isHeld) {
      if (renewedMs === null) events.onAcquired()
      renewedMs = begunMs
    } else if (renewedMs !== null) {
      const isOverdue = performance.now() - renewedMs >= times.renewDeadlineMs
      const lostReason = look.otherHolder ?? (isOverdue ? await judgeOverdue(options, times) : null)
      if (lostReason !== null) {
        events.onLost(lostReason)
        return look.seen
      }
    }
    // Not all candidates at the same time.
    const retryMs = times.retryMs * (renewedMs === null ? 1 + Math.random() * 0.2 : 1)
    const pauseMs = look.isHeld ? times.renewMs : retryMs
    await wait(pauseMs, undefined, { signal: closing }).catch(() => undefined)
  }
  return look.seen
}

/** For one look: up to the renewal's deadline, then as long as a look may take at all. */
function patienceOf(renewedMs: number | null, nowMs: number, times: LeaseTimes): number {
  if (renewedMs === null) return times.renewDeadlineMs
  const leftMs = renewedMs + times.renewDeadlineMs - nowMs
  return leftMs > 0 ? leftMs : times.retryMs
}

/** Why a leader that cannot renew must stop; null when it may go on. */
async function judgeOverdue(
  { mayGoOn }: LeaderElectionOptions,
  { renewDeadlineMs }: LeaseTimes,
): Promise<string | null> {
  const overdue = `could not renew the lease for ${renewDeadlineMs} ms`
  if (mayGoOn === undefined) return overdue
  return (await mayGoOn()) ? null : `${overdue}, and the ledger is another leader's`
}

interface Look {
  readonly seen: LeaseObservation | null
  readonly isHeld: boolean
  /** Why we certainly do not lead; undefined when that is not known. */
  readonly otherHolder?: string
}

/**
 * Who held the lease at the last look writes at once: the write fails when anybody else has written
 * since, and then it is read like everybody's.
 */
async function lookOnce(
  options: LeaderElectionOptions,
  before: Look,
  times: LeaseTimes,
  closing: AbortSignal,
  signal: AbortSignal,
): Promise<Look> {
  let { seen } = before
  try {
    if (!before.isHeld) seen = await readObservation(options, seen, signal)
    const clock = { monotonicMs: performance.now(), wallMs: Date.now() }
    const move = decideLease(seen, options.identity, times, clock)
    if (move.kind === "wait") {
      return { seen, isHeld: false, otherHolder: `${seen?.lease.holder} holds the lease` }
    }
    const written = readLease(await writeLease(options, seen, move, signal))
    return { seen: observeLease(seen, written, performance.now()), isHeld: true }
  } catch (error) {
    if (!(error instanceof KubeError)) throw error
    const isOvertaken = error.status === 409
    const next = { seen, isHeld: false }
    if (isOvertaken && before.isHeld) return await lookOnce(options, next, times, closing, signal)
    // Another candidate was faster, which the next look will show.
    if (!closing.aborted && !isOvertaken) options.onFailure(error)
    return next
  }
}

/** Null when there is no lease. */
async function readObservation(
  options: LeaderElectionOptions,
  before: LeaseObservation | null,
  signal: AbortSignal,
): Promise<LeaseObservation | null> {
  const object = await readLeaseObject(options, signal)
  return object === null ? null : observeLease(before, readLease(object), performance.now())
}

async function readLeaseObject(
  options: LeaderElectionOptions,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return await options.client.request({ method: "GET", path: leasePath(options), signal })
  } catch (error) {
    if (isRefusal(error, 404)) return null
    throw error
  }
}

function writeLease(
  options: LeaderElectionOptions,
  seen: LeaseObservation | null,
  move: Exclude<LeaseMove, { kind: "wait" }>,
  signal: AbortSignal,
): Promise<unknown> {
  const { client, namespace, name } = options
  const isNew = move.kind === "create"
  // The version makes the write fail when anybody wrote since we read.
  const version = isNew ? {} : { resourceVersion: seen?.lease.resourceVersion ?? "" }
  return client.request({
    method: isNew ? "POST" : "PUT",
    path: leasePath(isNew ? { ...options, name: "" } : options),
    body: {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name, namespace, ...version },
      spec: move.spec,
    },
    signal,
  })
}

/** Best effort: an error only makes the next leader wait for the lease to end. */
async function release(options: LeaderElectionOptions, seen: LeaseObservation): Promise<void> {
  const clock = { monotonicMs: performance.now(), wallMs: Date.now() }
  const move = decideLease(seen, options.identity, options.times ?? LEASE_TIMES, clock)
  if (move.kind !== "renew") return
  const spec = { ...move.spec, holderIdentity: "", leaseDurationSeconds: 1 }
  const signal = AbortSignal.timeout(2_000)
  await writeLease(options, seen, { kind: "renew", spec }, signal).catch(() => undefined)
}

function leasePath({ namespace, name }: Pick<LeaderElectionOptions, "namespace" | "name">): string {
  return objectPath({ apiVersion: "coordination.k8s.io/v1", plural: "leases", namespace, name })
}
