/**
 * What a turn of the journal writes: one batch, and a further try after a while when that fails.
 *
 * In: entries of this turn, and the window's records that no write has taken yet. Out: whether they
 * are on disk now. It must not know attempts, nor who waits for them.
 */
import { LETTERS } from "./entries.ts"
import { FrameBatch } from "./frames.ts"
import type { RecordWindow } from "./record-window.ts"
import { addEntry } from "./replay.ts"
import type { SegmentStore } from "./segment-store.ts"
import type { Trouble } from "./writable-edges.ts"

export interface WriterOptions {
  /** All segments together; at it intents are no longer written. */
  readonly bytesMax: number
  readonly segmentBytes: number
  /** Monotonic, in ms: when to try again must not depend on a clock that is set. */
  readonly monotonic: () => number
}

/** While writing fails, one further try in this time. */
const RETRY_MS = 1_000

export class TurnWriter {
  readonly #store: SegmentStore
  readonly #window: RecordWindow
  readonly #options: WriterOptions
  /** Called when a further try is due. */
  readonly #onRetry: () => void
  readonly #batch = new FrameBatch()
  /** This turn's, one a line. */
  #intents = ""
  /** Why the last write failed; null when it did not. */
  #failure: Trouble | null = null
  #isClosed = false
  #retryAt = 0
  #failures = 0
  #retry: NodeJS.Timeout | undefined

  constructor(
    store: SegmentStore,
    window: RecordWindow,
    options: WriterOptions,
    onRetry: () => void,
  ) {
    this.#store = store
    this.#window = window
    this.#options = options
    this.#onRetry = onRetry
  }

  /** The last write failed: until one does not, nothing is added and memory keeps the records. */
  get isDegraded(): boolean {
    return this.#failure !== null
  }

  get isWritable(): boolean {
    return this.#failure === null && !this.#isFull
  }

  /** Null when intents are taken. */
  get trouble(): Trouble | null {
    return this.#failure ?? (this.#isFull ? fullAt(this.#store.bytes) : null)
  }

  get #isFull(): boolean {
    return this.#store.bytes >= this.#options.bytesMax
  }

  get failures(): number {
    return this.#failures
  }

  addIntent(line: string): void {
    this.#intents = this.#intents === "" ? line : `${this.#intents}\n${line}`
  }

  addAcknowledged(sequence: number): void {
    addEntry(this.#batch, { kind: "acknowledged", sequence })
  }

  /** At the end of a turn. True: all that was added, and every record before, is on disk. */
  write(): boolean {
    return this.isDegraded ? this.#recover() : this.#writeTurn()
  }

  close(): void {
    this.#isClosed = true
    clearTimeout(this.#retry)
  }

  #writeTurn(): boolean {
    const { segmentBytes } = this.#options
    if (this.#intents !== "") this.#batch.add(LETTERS.intent, this.#intents)
    this.#addUnwritten()
    return this.#append(this.#store.current.bytes + this.#batch.length > segmentBytes)
  }

  /**
   * After a failure, once `RETRY_MS` have passed: a new segment begins with all that memory kept.
   */
  #recover(): boolean {
    if (this.#options.monotonic() < this.#retryAt) return false
    this.#batch.clear()
    this.#addUnwritten()
    return this.#append(true)
  }

  #addUnwritten(): void {
    for (const { lines } of this.#window.unwritten()) this.#batch.add(LETTERS.record, lines)
  }

  /** Writes the batch, which is empty afterwards either way. Failing makes the journal degraded. */
  #append(isNewSegment: boolean): boolean {
    if (this.#batch.length === 0 && !this.isDegraded) return true
    if (!this.#hasRoom()) {
      this.#degrade(fullAt(this.#store.bytes))
      this.#letGo()
      return false
    }
    try {
      const { writtenUpTo, acknowledged } = this.#window
      if (isNewSegment) this.#store.rotate(writtenUpTo + 1, acknowledged)
      this.#store.append(this.#batch.bytes(), this.#window.unwritten())
      this.#failure = null
      return true
    } catch (error) {
      this.#degrade(troubleOf(error))
      return false
    } finally {
      this.#letGo()
    }
  }

  #letGo(): void {
    this.#batch.clear()
    this.#intents = ""
  }

  /** Records may go past the bound of intents by two segments, so that what began can end. */
  #hasRoom(): boolean {
    const { bytesMax, segmentBytes } = this.#options
    return this.#store.bytes + this.#batch.length <= bytesMax + 2 * segmentBytes
  }

  #degrade(failure: Trouble): void {
    this.#failures += 1
    this.#failure = failure
    this.#retryAt = this.#options.monotonic() + RETRY_MS
    if (this.#isClosed) return
    clearTimeout(this.#retry)
    this.#retry = setTimeout(this.#onRetry, RETRY_MS + 1)
    this.#retry.unref()
  }
}

function fullAt(bytes: number): Trouble {
  const message = `it is full at ${bytes} bytes, and waits for the operator to store them`
  return { code: "JOURNAL_FULL", message }
}

function troubleOf(error: unknown): Trouble {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown"
  return { code, message }
}
