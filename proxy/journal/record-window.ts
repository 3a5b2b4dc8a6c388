/**
 * The numbered stream of finished records, as far as memory holds it.
 *
 * In: records as JSON as they are made, what was written, what was acknowledged. Out: sequence
 * numbers without gaps, and the newest records for the report. The records of one turn are one
 * text: as objects they would outlive the collector's young generation, and cost more there than
 * in all that was done to make them. Must not know files.
 */
import type { RecordLines } from "./record-lines.ts"

/** Written records kept for the report; older ones are read back from disk. */
const WRITTEN_KEPT_MAX = 4_096

export class RecordWindow {
  readonly #memoryRecordsMax: number
  /**
   * Flushed, contiguous, ending at `#flushedUpTo`; all that was flushed and not written is in it.
   */
  #turns: RecordLines[] = []
  /** One line each, those of the turn under way. */
  #lines = ""
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

  /** Numbers a record; false, and counted, when memory is full of unwritten ones. */
  add(encode: (sequence: number) => string): boolean {
    if (this.#sequence - this.#writtenUpTo >= this.#memoryRecordsMax) {
      this.#dropped += 1
      return false
    }
    const line = encode(this.#sequence + 1)
    this.#sequence += 1
    this.#lines = this.#lines === "" ? line : `${this.#lines}\n${line}`
    return true
  }

  /** The turn is over: what it added is from now on read and written as one. */
  closeTurn(): void {
    if (this.#lines === "") return
    this.#turns.push({ first: this.#flushedUpTo + 1, last: this.#sequence, lines: this.#lines })
    this.#lines = ""
    this.#flushedUpTo = this.#sequence
  }

  /** Of closed turns; with few exceptions one or none. */
  unwritten(): readonly RecordLines[] {
    const first = this.#turns.findLastIndex(({ last }) => last <= this.#writtenUpTo) + 1
    return this.#turns.slice(first)
  }

  /** All closed turns. */
  markWritten(): void {
    this.#writtenUpTo = Math.max(this.#writtenUpTo, this.#flushedUpTo)
    const oldest = this.#turns[0]
    // Twice the bound before cutting: a cut moves the whole array.
    if (oldest === undefined || this.#flushedUpTo - oldest.first < WRITTEN_KEPT_MAX * 2) return
    const kept = this.#flushedUpTo - WRITTEN_KEPT_MAX
    this.#turns = this.#turns.filter(({ last }) => last > kept)
  }

  /** Whole turns behind `after`, the first perhaps in part; undefined when they are gone here. */
  read(after: number, max: number): readonly RecordLines[] | undefined {
    if (after >= this.#flushedUpTo) return []
    const oldest = this.#turns[0]
    if (oldest === undefined || oldest.first > after + 1) return undefined
    const found: RecordLines[] = []
    let left = max
    for (const turn of this.#turns) {
      if (turn.last <= after) continue
      const part = cut(turn, after, left)
      found.push(part)
      left -= part.last - part.first + 1
      if (left <= 0) break
    }
    return found
  }

  /**
   * False when nothing changed. A sequence that was never given out counts as the highest that was.
   */
  acknowledge(sequence: number): boolean {
    const acknowledged = Math.min(sequence, this.#flushedUpTo)
    if (acknowledged <= this.#acknowledged) return false
    this.#turns = this.#turns.filter(({ last }) => last > acknowledged)
    this.#acknowledged = acknowledged
    this.#writtenUpTo = Math.max(this.#writtenUpTo, acknowledged)
    return true
  }
}

/** The records of `turn` behind `after`, at most `max` of them. */
function cut(turn: RecordLines, after: number, max: number): RecordLines {
  const from = Math.max(0, after + 1 - turn.first)
  const until = Math.min(turn.last - turn.first + 1, from + max)
  if (from === 0 && until === turn.last - turn.first + 1) return turn
  const lines = turn.lines.split("\n").slice(from, until).join("\n")
  return { first: turn.first + from, last: turn.first + until - 1, lines }
}
