/**
 * The journal: an attempt is on disk before its bytes go out, and ends in exactly one record.
 *
 * In: intents and finals of this turn, acknowledgements from the operator. Out: callbacks once the
 * turn's one write is done, and the numbered records for the report. Append-only segments; "on
 * disk" means handed to the kernel, which outlives this process. Must not know what a record costs
 * or where it is sent.
 */
import { mkdirSync } from "node:fs"
import { runApart } from "#proxy/bugs/run-apart.ts"
import type { AttemptFinal, AttemptIntent } from "#proxy/contract/records.ts"
import type { JournalPort } from "#proxy/exchange/ports.ts"
import { encodeIntent, encodeRecord } from "./encode-entry.ts"
import { lockDirectory } from "./lock.ts"
import { OpenAttempt, OpenAttempts } from "./open-attempts.ts"
import type { RecordLines } from "./record-lines.ts"
import { RecordWindow } from "./record-window.ts"
import { replay, type Segment } from "./replay.ts"
import { type Append, SegmentStore } from "./segment-store.ts"
import { TurnWriter, type WriterOptions } from "./turn-writer.ts"
import { type WritableChange, WritableEdges } from "./writable-edges.ts"

export interface JournalOptions extends WriterOptions {
  readonly directory: string
  /** Records kept while nothing can be written; the next is dropped and counted. */
  readonly memoryRecordsMax: number
  readonly now: () => number
  /** Runs the write of a turn at its end: one write serves all that was journalled in it. */
  readonly defer: (run: () => void) => void
  /**
   * Writes all bytes at a position of an open file, or throws; the file system's own when absent.
   */
  readonly append?: Append
  /** When it begins to refuse intents, and when it takes them again. */
  readonly onWritable?: (change: WritableChange) => void
}

/** For metrics and the log; a value of the moment. */
export interface JournalState {
  readonly isWritable: boolean
  readonly bytes: number
  readonly segments: number
  readonly openIntents: number
  /** Highest sequence given out. */
  readonly sequence: number
  readonly acknowledged: number
  /** Records lost because neither disk nor memory could take them. */
  readonly dropped: number
  readonly writeFailures: number
  /** At the start: segments cut off in mid-write, files set aside, intents settled as lost. */
  readonly torn: number
  readonly quarantined: number
  readonly lost: number
}

export interface Journal extends JournalPort {
  /** Highest sequence given out. */
  readonly sequence: number
  /** Highest sequence that `read` gives: a write of it was tried. */
  readonly readable: number
  /** Highest sequence that the operator has stored. */
  readonly acknowledged: number
  state(): JournalState
  /** Records after `after`, in order, at most `max` of them; empty when there is none. */
  read(after: number, max: number): readonly RecordLines[]
  /** Everything up to `sequence` is stored by the operator and may be forgotten. */
  acknowledge(sequence: number): void
  /** Called after a turn that finished records. */
  onRecords(listener: () => void): void
  /** Writes what is pending now. */
  flush(): void
  /** Flushes, closes the files and gives the lock back. */
  close(): void
}

/**
 * From so many segments on, attempts under way in the oldest are written again so that it may go.
 */
const CARRY_FROM_SEGMENTS = 4

/**
 * Opens or creates the journal in `directory`, replays it, and settles every intent without an end
 * as `lost`, on its estimate. Throws JournalLockedError, or the file system's error: without a
 * journal nothing starts.
 */
export function openJournal(options: JournalOptions): Journal {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 })
  const unlock = lockDirectory(options.directory)
  try {
    return new OpenJournal(options, unlock)
  } catch (error) {
    unlock()
    throw error
  }
}

class OpenJournal implements Journal {
  readonly #options: JournalOptions
  readonly #unlock: () => void
  readonly #store: SegmentStore
  readonly #window: RecordWindow
  readonly #writer: TurnWriter
  readonly #edges: WritableEdges
  readonly #open = new OpenAttempts()
  readonly #listeners: (() => void)[] = []
  readonly #replayed: { torn: number; quarantined: number; lost: number }
  #waiting: OpenAttempt[] = []
  #ended: Segment[] = []
  #carried: OpenAttempt[] = []
  #isScheduled = false
  #isClosed = false

  constructor(options: JournalOptions, unlock: () => void) {
    this.#options = options
    this.#unlock = unlock
    const found = replay(options.directory)
    this.#store = new SegmentStore(options.directory, found, options.append)
    this.#window = new RecordWindow(found.nextSequence, found.acknowledged, options)
    this.#writer = new TurnWriter(this.#store, this.#window, options, () => this.flush())
    this.#edges = new WritableEdges(options.monotonic, options.onWritable ?? (() => undefined))
    const { torn, quarantined, open } = found
    this.#replayed = { torn, quarantined, lost: open.size }
    const endedAt = options.now()
    for (const { intent, segment } of open.values()) {
      const attempt = this.#begin(intent, () => undefined)
      attempt.segment = segment
      attempt.settle({
        id: intent.id,
        endedAt,
        outcome: "lost",
        status: null,
        usage: intent.estimate,
        source: "estimated",
        cost: intent.estimatedCost,
      })
    }
    this.flush()
  }

  get sequence(): number {
    return this.#window.sequence
  }

  get acknowledged(): number {
    return this.#window.acknowledged
  }

  get isWritable(): boolean {
    return this.#writer.isWritable
  }

  intend(intent: AttemptIntent, onWritten: OpenAttempt["onWritten"]): void {
    const attempt = this.#begin(intent, onWritten)
    attempt.isBatched = this.isWritable
    if (attempt.isBatched) this.#addIntent(attempt)
    this.#waiting.push(attempt)
    this.#schedule()
  }

  settle(attempt: OpenAttempt, final: AttemptFinal): void {
    if (attempt.place < 0) return
    this.#open.remove(attempt)
    const { fields, segment } = attempt
    if (segment !== null) this.#ended.push(segment)
    if (this.#window.add((sequence) => encodeRecord(fields, final, sequence))) this.#schedule()
  }

  get readable(): number {
    return this.#window.flushedUpTo
  }

  read(after: number, max: number): readonly RecordLines[] {
    return this.#window.read(after, max) ?? this.#store.read(after, max)
  }

  acknowledge(sequence: number): void {
    if (!this.#window.acknowledge(sequence)) return
    const { acknowledged } = this.#window
    if (!this.#writer.isDegraded) {
      this.#writer.addAcknowledged(acknowledged)
      this.#carryForward()
      this.#schedule()
    }
    this.#store.release(acknowledged)
  }

  onRecords(listener: () => void): void {
    this.#listeners.push(listener)
  }

  state(): JournalState {
    return {
      isWritable: this.isWritable,
      bytes: this.#store.bytes,
      segments: this.#store.count,
      openIntents: this.#open.count,
      sequence: this.#window.sequence,
      acknowledged: this.#window.acknowledged,
      dropped: this.#window.dropped,
      writeFailures: this.#writer.failures,
      ...this.#replayed,
    }
  }

  flush(): void {
    this.#isScheduled = false
    const waiting = this.#waiting
    const ended = this.#ended
    const carried = this.#carried
    this.#waiting = []
    this.#ended = []
    this.#carried = []
    const hadRecords = this.#window.flushedUpTo < this.#window.sequence
    this.#window.closeTurn()
    const isWritten = this.#writer.write()
    if (isWritten) {
      for (const segment of ended) segment.openIntents -= 1
      for (const attempt of carried) this.#noteIntent(attempt)
      this.#window.markWritten()
    } else {
      // Their intents must stay on disk until the records are.
      this.#ended = ended
    }
    this.#edges.note(this.#writer.trouble, this.#window.dropped)
    for (const attempt of waiting) {
      const isDurable = isWritten && attempt.isBatched
      if (isDurable) this.#noteIntent(attempt)
      runApart(() => attempt.onWritten(attempt, isDurable))
    }
    if (hadRecords) for (const listener of this.#listeners) runApart(listener)
  }

  close(): void {
    if (this.#isClosed) return
    this.flush()
    this.#isClosed = true
    this.#writer.close()
    this.#store.close()
    this.#unlock()
  }

  #begin(intent: AttemptIntent, onWritten: OpenAttempt["onWritten"]): OpenAttempt {
    const attempt = new OpenAttempt(this, intent, onWritten)
    this.#open.add(attempt)
    return attempt
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return
    this.#isScheduled = true
    this.#options.defer(() => this.flush())
  }

  /** An attempt that was settled before its intent was written leaves nothing to wait for. */
  #noteIntent(attempt: OpenAttempt): void {
    if (attempt.place < 0) return
    if (attempt.segment !== null) attempt.segment.openIntents -= 1
    attempt.segment = this.#store.current
    attempt.segment.openIntents += 1
  }

  /** One long stream must not keep every segment since its start. */
  #carryForward(): void {
    const { oldest, current, count } = this.#store
    if (count < CARRY_FROM_SEGMENTS || oldest === current || this.#carried.length > 0) return
    if (oldest.lastSequence > this.#window.acknowledged) return
    for (const attempt of this.#open.in(oldest)) {
      this.#addIntent(attempt)
      this.#carried.push(attempt)
    }
  }

  #addIntent({ fields, intent }: OpenAttempt): void {
    this.#writer.addIntent(encodeIntent(fields, intent))
  }
}
