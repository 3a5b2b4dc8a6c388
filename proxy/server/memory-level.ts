/**
 * How near this process is to the end of its memory, and what may still come in then.
 *
 * In: a reading and what the exchanges hold, in bytes. Out: a level, and the refusal that goes with
 * it. Pure.
 */
import { type Refusal, refuse } from "#proxy/exchange/refusal.ts"

export interface MemoryReading {
  readonly usedBytes: number
  readonly limitBytes: number
  /** Whose limit is nearest: the container's (its working set), or V8's for the heap. */
  readonly bound: "container" | "heap"
}

/**
 * - strained: no new stream, and no request whose body is not small
 * - critical: nothing new at all, and those that hold most are ended until it is over
 */
export type MemoryLevel = "calm" | "strained" | "critical"

/** Of the limit; the rest takes what is under way (`reliability.md`, F37). */
export const STRAINED_RATIO = 0.85
/** Of the limit; the rest is what may come in between two readings, several times over. */
export const CRITICAL_RATIO = 0.92
/**
 * Of the limit. Exchanges that hold less together are not what fills it: the allocator keeps pages
 * for what comes next. Refusing for those would never end, and ending exchanges would not help.
 */
export const HELD_RATIO_MIN = 1 / 64
/** Body of a request that is still taken while memory is strained. */
export const SMALL_BODY_BYTES = 16 * 1024

const RETRY_AFTER_SECONDS = 1
const MEBIBYTE = 1024 * 1024

export function ratioOf({ usedBytes, limitBytes }: MemoryReading): number {
  return limitBytes > 0 ? usedBytes / limitBytes : 0
}

export function levelOf(reading: MemoryReading, heldBytes: number): MemoryLevel {
  const ratio = ratioOf(reading)
  if (ratio < STRAINED_RATIO) return "calm"
  if (heldBytes < reading.limitBytes * HELD_RATIO_MIN) return "calm"
  return ratio < CRITICAL_RATIO ? "strained" : "critical"
}

/** `bodyBytes` is the announced length; null: none is. */
export function mayEnter(level: MemoryLevel, bodyBytes: number | null): boolean {
  if (level === "calm") return true
  return level === "strained" && bodyBytes !== null && bodyBytes <= SMALL_BODY_BYTES
}

/** For what is not taken. */
export function refuseEntry(reading: MemoryReading): Refusal {
  return overloaded(`${told(reading)}; streams and large requests wait: try again`)
}

/** For the exchange that is ended because it holds most. */
export function refuseRest(reading: MemoryReading): Refusal {
  return overloaded(`${told(reading)}, and this request held most of it: try again`)
}

function told({ usedBytes, limitBytes, bound }: MemoryReading): string {
  const used = Math.round(usedBytes / MEBIBYTE)
  const limit = Math.round(limitBytes / MEBIBYTE)
  const whose = bound === "container" ? "its container's" : "its heap's"
  return `the sidecar uses ${used} of ${whose} ${limit} MiB of memory`
}

function overloaded(message: string): Refusal {
  return refuse("overloaded", message, { retryAfterSeconds: RETRY_AFTER_SECONDS })
}
