/**
 * Keeps the process within its memory: looks often enough, says what may come in, ends what holds
 * most before the kernel ends everything.
 *
 * In: the bytes that move through the process, as they do, and a way to read memory. Out: a level
 * that costs nothing to ask, refusals, and exchanges ended one after the other. A look costs about
 * 30 us and comes with every 1/128 of the limit that moved, so no burst outruns it, and with time.
 * It must not know what an exchange is.
 */
import { getHeapStatistics } from "node:v8"
import type { Refusal } from "#proxy/exchange/refusal.ts"
import {
  HELD_RATIO_MIN,
  levelOf,
  type MemoryLevel,
  type MemoryReading,
  mayEnter,
  ratioOf,
  refuseEntry,
  refuseRest,
  STRAINED_RATIO,
} from "./memory-level.ts"
import type { Collect, ReadMemory } from "./read-memory.ts"

/** Between two looks while there are exchanges. */
const LOOK_EVERY_MS = 100
/** Of the limit: bytes that move between two looks. One of them costs up to four of memory. */
const MOVED_RATIO = 1 / 128
/**
 * Between two collections of everything while memory is short; each that finds little doubles the
 * wait. What is young is collected at every look: V8 itself lets 64 MiB of dead buffers wait.
 */
const COLLECT_EVERY_MS = { least: 250, most: 8_000 } as const
/** Of the limit: there the next exchange is ended whatever the one before has brought. */
const LAST_RATIO = 0.96
/**
 * What an exchange held comes back as pages that the next ones use, not to the kernel: while use
 * does not rise another one is ended only after so long.
 */
const ENDED_EVERY_MS = 1_000

/** Of those that wait for room, so many go on at once; the next look sees what came of it. */
const RESUMED_AT_ONCE = 16

/** What was stopped for want of room. */
export interface Waiting {
  resume(): void
}

/** The exchanges, by what they hold. */
export interface Held {
  readonly count: number
  /** Walks through all: asked while memory is short alone. */
  readonly bytes: () => number
  /** Ends the one that holds most; how many bytes, 0 when there is none. */
  readonly endLargest: (refusal: Refusal) => number
}

export interface MemoryOptions {
  readonly read: ReadMemory
  /** Null until there are any. */
  readonly held: () => Held | null
  readonly collect: Collect | null
  readonly monotonic: () => number
  readonly onLevel: (state: MemoryState) => void
}

/** What a surface asks. */
export type Gatekeeper = Pick<MemoryGuard, "moved" | "refuseBody" | "refuseLate">

export interface MemoryState {
  readonly reading: MemoryReading
  readonly level: MemoryLevel
  /** Exchanges ended for want of memory. */
  readonly ended: number
}

export class MemoryGuard {
  readonly #options: MemoryOptions
  readonly #timer: NodeJS.Timeout
  #reading: MemoryReading
  #level: MemoryLevel = "calm"
  #moved = 0
  #movedMax = 0
  #lookedAt = 0
  #collectedAt = -Infinity
  #collectEveryMs: number = COLLECT_EVERY_MS.least
  #ended = 0
  #endedAt = -Infinity
  #endedAtBytes = 0
  #isActing = false
  readonly #waiting: Waiting[] = []

  constructor(options: MemoryOptions) {
    this.#options = options
    this.#reading = options.read()
    this.#movedMax = this.#reading.limitBytes * MOVED_RATIO
    this.#timer = setInterval(() => this.#tick(), LOOK_EVERY_MS)
    this.#timer.unref()
  }

  /** Bytes came in or were copied: a piece of a body, of an answer. Looks when it is time. */
  readonly moved = (bytes: number): void => {
    this.#moved += bytes
    if (this.#moved >= this.#movedMax) this.#look()
  }

  /** Null: it may come in. `bodyBytes` is the announced length; null: none is. */
  refuseBody(bodyBytes: number | null): Refusal | null {
    return mayEnter(this.#level, bodyBytes) ? null : refuseEntry(this.#reading)
  }

  /** For what came in before memory was nearly used up, and is not dispatched yet. */
  readonly refuseLate = (): Refusal | null =>
    this.#level === "critical" ? refuseEntry(this.#reading) : null

  readonly refuseStream = (): Refusal | null =>
    this.#level === "calm" ? null : refuseEntry(this.#reading)

  /** True: memory is nearly used up, and what waits is resumed once when it is not. */
  readonly isFull = (waiting: Waiting): boolean => {
    if (this.#level !== "critical") return false
    this.#waiting.push(waiting)
    return true
  }

  /** As of now, for a scrape. */
  state(): MemoryState {
    if (this.#options.monotonic() - this.#lookedAt >= LOOK_EVERY_MS) this.#look()
    return this.#facts
  }

  get #facts(): MemoryState {
    return { reading: this.#reading, level: this.#level, ended: this.#ended }
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** An idle sidecar looks at nothing. */
  #tick(): void {
    const count = this.#options.held()?.count ?? 0
    if (count > 0 || this.#level !== "calm" || this.#waiting.length > 0) this.#look()
  }

  #look(): void {
    const { read, held, monotonic, onLevel } = this.#options
    this.#moved = 0
    this.#lookedAt = monotonic()
    this.#reading = read()
    if (ratioOf(this.#reading) >= STRAINED_RATIO && this.#options.collect !== null) {
      this.#collect(this.#options.collect)
      this.#reading = read()
    }
    this.#movedMax = this.#reading.limitBytes * MOVED_RATIO
    const before = this.#level
    const isShort = ratioOf(this.#reading) >= STRAINED_RATIO
    this.#level = levelOf(this.#reading, isShort ? (held()?.bytes() ?? 0) : 0)
    if (this.#level !== before) onLevel(this.#facts)
    if (this.#level === "critical") {
      if (this.#mayEnd()) this.#soon()
      return
    }
    this.#endedAtBytes = 0
    if (this.#waiting.length > 0) this.#soon()
  }

  /** What is garbage must refuse nothing and end nobody. */
  #collect(collect: Collect): void {
    const { monotonic } = this.#options
    if (monotonic() - this.#collectedAt < this.#collectEveryMs) {
      collect("minor")
      return
    }
    const before = liveBytes()
    collect("major")
    this.#collectedAt = monotonic()
    const hasHelped = before - liveBytes() >= this.#reading.limitBytes * HELD_RATIO_MIN
    const { least, most } = COLLECT_EVERY_MS
    this.#collectEveryMs = hasHelped ? least : Math.min(most, this.#collectEveryMs * 2)
  }

  #mayEnd(): boolean {
    return (
      this.#reading.usedBytes > this.#endedAtBytes ||
      ratioOf(this.#reading) >= LAST_RATIO ||
      this.#options.monotonic() - this.#endedAt >= ENDED_EVERY_MS
    )
  }

  /** Not within a callback of the exchange that may be the one to end or to resume. */
  #soon(): void {
    if (this.#isActing) return
    this.#isActing = true
    process.nextTick(() => {
      this.#isActing = false
      if (this.#level === "critical") this.#relieve()
      else for (const one of this.#waiting.splice(0, RESUMED_AT_ONCE)) one.resume()
    })
  }

  /** As much as may have come in since the last look, and one exchange at least. */
  #relieve(): void {
    const held = this.#options.held()
    if (held === null) return
    const enough = this.#reading.limitBytes * HELD_RATIO_MIN
    const refusal = refuseRest(this.#reading)
    for (let freed = 0; freed < enough; ) {
      const bytes = held.endLargest(refusal)
      if (bytes === 0) break
      freed += bytes
      this.#ended += 1
    }
    this.#endedAt = this.#options.monotonic()
    this.#endedAtBytes = this.#reading.usedBytes
    // What they held is garbage now, and the next look must not count it.
    this.#collectedAt = -Infinity
  }
}

function liveBytes(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics()
  return heap + external
}
