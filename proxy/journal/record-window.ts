/**
 * The numbered stream of finished records, as far as memory holds it.
 *
 * In: records as they are made, what was written, what was acknowledged. Out: sequence numbers
 * without gaps, and the newest records for the report. Must not know files.
 */
import type { UsageRecord } from "#proxy/contract/records.ts"

/** Written records kept for the report; older ones are read back from disk. */
const WRITTEN_KEPT_MAX = 4_096

export class RecordWindow {
  readonly #memoryRecordsMax: number
  /** Contiguous, ending at `#sequence`; everything that is not written is in it. */
  #records: UsageRecord[] = []
  #sequence: number
  #writtenUpTo: number
  #flushedUpTo: number
  #acknowledged: number
  #dropped = 0

  constructor(
    nextSequence: number,
    acknowledged: number,
    limits: { readonly memoryRecordsMax: number },
  ) {
    this.#sequence = nextSequence - 1
    this.#writtenUpTo = this.#sequence
    this.#flushedUpTo = this.#sequence
    this.#acknowledged = acknowledged
    this.#memoryRecordsMax = limits.memoryRecordsMax
  }

  /** Highest sequence given out. */
  get sequence(): number {
    return this.#sequence
  }

  /** Everything up to it is on disk, or was acknowledged and need not be. */
  get writtenUpTo(): number {
    return this.#writtenUpTo
  }

  /** A write of everything up to it was tried. */
  get flushedUpTo(): number {
    return this.#flushedUpTo
  }

  get acknowledged(): number {
    return this.#acknowledged
  }

  get dropped(): number {
    return this.#dropped
  }

  /** Numbers a record; undefined, and counted, when memory is full of unwritten ones. */
  add(make: (sequence: number) => UsageRecord): UsageRecord | undefined {
    if (this.#sequence - this.#writtenUpTo >= this.#memoryRecordsMax) {
      this.#dropped += 1
      return undefined
    }
    const record = make(this.#sequence + 1)
    this.#sequence += 1
    this.#records.push(record)
    return record
  }

  unwritten(): readonly UsageRecord[] {
    return this.#records.slice(this.#indexAfter(this.#writtenUpTo))
  }

  markWritten(): void {
    this.#writtenUpTo = this.#sequence
    // Twice the bound before cutting: a cut moves the whole array.
    if (this.#records.length > WRITTEN_KEPT_MAX * 2) {
      this.#records = this.#records.slice(-WRITTEN_KEPT_MAX)
    }
  }

  markFlushed(): void {
    this.#flushedUpTo = this.#sequence
  }

  /** Undefined when memory no longer holds what follows `after`. */
  read(after: number, max: number): readonly UsageRecord[] | undefined {
    if (after >= this.#flushedUpTo) return []
    const [oldest] = this.#records
    if (oldest === undefined || oldest.sequence > after + 1) return undefined
    const from = this.#indexAfter(after)
    const until = Math.min(from + max, this.#indexAfter(this.#flushedUpTo))
    return this.#records.slice(from, until)
  }

  /**
   * False when nothing changed. A sequence that was never given out counts as the highest that was.
   */
  acknowledge(sequence: number): boolean {
    const acknowledged = Math.min(sequence, this.#flushedUpTo)
    if (acknowledged <= this.#acknowledged) return false
    this.#records = this.#records.slice(this.#indexAfter(acknowledged))
    this.#acknowledged = acknowledged
    this.#writtenUpTo = Math.max(this.#writtenUpTo, acknowledged)
    return true
  }

  #indexAfter(sequence: number): number {
    const [oldest] = this.#records
    return oldest === undefined ? 0 : Math.max(0, sequence + 1 - oldest.sequence)
  }
}
