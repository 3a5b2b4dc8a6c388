/** A token bucket as a value: so many at once, then so many a second. Pure. */
import type { EpochMs } from "#proxy/contract/money.ts"

export interface BucketRate {
  readonly perSecond: number
  readonly burst: number
}

export interface Bucket {
  readonly tokens: number
  readonly atMs: EpochMs
}

export function fullBucket(rate: BucketRate, now: EpochMs): Bucket {
  return { tokens: rate.burst, atMs: now }
}

/** One token out, if there is one. A clock that steps back adds nothing and takes nothing. */
export function takeToken(
  bucket: Bucket,
  rate: BucketRate,
  now: EpochMs,
): { readonly isTaken: boolean; readonly bucket: Bucket } {
  const elapsedMs = Math.max(0, now - bucket.atMs)
  const tokens = Math.min(rate.burst, bucket.tokens + (elapsedMs * rate.perSecond) / 1000)
  if (tokens < 1) return { isTaken: false, bucket: { tokens, atMs: now } }
  return { isTaken: true, bucket: { tokens: tokens - 1, atMs: now } }
}

/** The fleet's calls together and each pod's own: one pod cannot use up what all share. */
export interface CallLimits {
  readonly fleet: BucketRate
  readonly pod: BucketRate
  /**
   * Pods remembered; the one heard of least recently is forgotten, and begins with a full bucket.
   */
  readonly podsMax: number
}

/** A hello with its handshakes and its TokenReview costs the two programs 2 to 3 ms of CPU. */
export const HELLO_LIMITS: CallLimits = Object.freeze({
  fleet: { perSecond: 200, burst: 200 },
  pod: { perSecond: 1, burst: 10 },
  podsMax: 20_000,
})

/**
 * A sidecar reports once a second, or batch after full batch after an outage: 10,000 records a
 * second. One that sends each record by itself is told to come back.
 */
export const USAGE_LIMITS: CallLimits = Object.freeze({
  fleet: { perSecond: 5000, burst: 5000 },
  pod: { perSecond: 20, burst: 100 },
  podsMax: 20_000,
})

export interface CallGate {
  admit(podUid: string, now: EpochMs): boolean
}

export function createCallGate(limits: CallLimits, startMs: EpochMs): CallGate {
  const pods = new Map<string, Bucket>()
  let fleet = fullBucket(limits.fleet, startMs)
  return {
    admit(podUid, now) {
      const own = takeToken(pods.get(podUid) ?? fullBucket(limits.pod, now), limits.pod, now)
      pods.delete(podUid)
      const [oldest] = pods.keys()
      if (pods.size >= limits.podsMax && oldest !== undefined) pods.delete(oldest)
      pods.set(podUid, own.bucket)
      if (!own.isTaken) return false
      const shared = takeToken(fleet, limits.fleet, now)
      fleet = shared.bucket
      return shared.isTaken
    },
  }
}
