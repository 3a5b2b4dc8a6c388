/**
 * What to do about a Lease, as values: the rules of client-go's leader election, with fewer
 * renewals.
 */
import { at, textAt } from "./json-path.ts"
import { microTime } from "./micro-time.ts"

export interface LeaseTimes {
  /** Others wait this long after the last renewal that they saw. */
  readonly leaseMs: number
  /** A leader that could not renew for this long stops leading; well below `leaseMs`. */
  readonly renewDeadlineMs: number
  /** Between two renewals that succeed: half of `renewDeadlineMs`, so that one may be lost. */
  readonly renewMs: number
  /** Between two looks at a lease that is not ours, and after a renewal that failed. */
  readonly retryMs: number
}

/** client-go's, with a renewal three times in a lease: 15, 10, 5 and 2 s. */
export const LEASE_TIMES: LeaseTimes = Object.freeze(leaseTimes(15_000))

/** The others follow from the first, in the proportions of `LEASE_TIMES`. */
export function leaseTimes(leaseMs: number): LeaseTimes {
  return {
    leaseMs,
    renewDeadlineMs: (leaseMs * 2) / 3,
    renewMs: leaseMs / 3,
    retryMs: (leaseMs * 2) / 15,
  }
}

export interface HeldLease {
  /** Empty when nobody holds it. */
  readonly holder: string
  readonly leaseMs: number
  readonly transitions: number
  readonly acquireTime: string | null
  /** Changes with every renewal. */
  readonly resourceVersion: string
}

/** The lease as last read, and since when it has been so on our own monotonic clock. */
export interface LeaseObservation {
  readonly lease: HeldLease
  readonly sinceMs: number
}

export type LeaseMove =
  | { readonly kind: "create" | "take" | "renew"; readonly spec: LeaseSpec }
  | { readonly kind: "wait" }

export interface LeaseSpec {
  readonly holderIdentity: string
  readonly leaseDurationSeconds: number
  readonly acquireTime: string
  readonly renewTime: string
  readonly leaseTransitions: number
}

export interface LeaseClock {
  /** Monotonic, in ms. Times of other machines are never compared with ours. */
  readonly monotonicMs: number
  readonly wallMs: number
}

/** An unchanged lease keeps its `sinceMs`; a changed one starts to age now. */
export function observeLease(
  before: LeaseObservation | null,
  lease: HeldLease,
  monotonicMs: number,
): LeaseObservation {
  if (before?.lease.resourceVersion === lease.resourceVersion) return before
  return { lease, sinceMs: monotonicMs }
}

/** `observation` is null when there is no lease. */
export function decideLease(
  observation: LeaseObservation | null,
  identity: string,
  times: LeaseTimes,
  clock: LeaseClock,
): LeaseMove {
  const now = microTime(clock.wallMs)
  const spec = {
    holderIdentity: identity,
    leaseDurationSeconds: Math.ceil(times.leaseMs / 1000),
    acquireTime: now,
    renewTime: now,
    leaseTransitions: 0,
  }
  if (observation === null) return { kind: "create", spec }
  const { lease, sinceMs } = observation
  if (lease.holder === identity) {
    const kept = { acquireTime: lease.acquireTime ?? now, leaseTransitions: lease.transitions }
    return { kind: "renew", spec: { ...spec, ...kept } }
  }
  const isFree = lease.holder === "" || clock.monotonicMs - sinceMs > lease.leaseMs
  if (!isFree) return { kind: "wait" }
  return { kind: "take", spec: { ...spec, leaseTransitions: lease.transitions + 1 } }
}

/** Reads a Lease object; missing parts are those of a lease that nobody holds. */
export function readLease(object: unknown): HeldLease {
  const spec = at(object, "spec")
  const seconds = at(spec, "leaseDurationSeconds")
  const transitions = at(spec, "leaseTransitions")
  return {
    holder: textAt(spec, "holderIdentity") ?? "",
    leaseMs: typeof seconds === "number" ? seconds * 1000 : 0,
    transitions: typeof transitions === "number" ? transitions : 0,
    acquireTime: textAt(spec, "acquireTime") ?? null,
    resourceVersion: textAt(object, "metadata", "resourceVersion") ?? "",
  }
}
