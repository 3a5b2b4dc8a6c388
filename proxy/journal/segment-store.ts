/**
 * The segments of one journal: one is appended to, the others wait to be acknowledged and deleted.
 *
 * In: whole frames. Out: files. A failed write leaves no half frame that anything is appended
 * after.
 * Must not know when to write.
 */
import { closeSync, ftruncateSync, openSync, unlinkSync, writeSync } from "node:fs"
import type { UsageRecord } from "#proxy/contract/records.ts"
import { encodeWhole } from "./encode-entry.ts"
import { JOURNAL_VERSION } from "./entries.ts"
import { FrameBatch } from "./frames.ts"
import type { RecordLines } from "./record-lines.ts"
import {
  addEntry,
  newSegment,
  noteRecords,
  type Replayed,
  readRecords,
  type Segment,
} from "./replay.ts"

/** Writes all of `bytes` at `position` of an open file, or throws. */
export type Append = (file: number, bytes: Buffer, position: number) => void

export class SegmentStore {
  readonly #directory: string
  readonly #append: Append
  readonly #segments: Segment[]
  #current: Segment
  #file: number
  #nextNumber: number
  /** The last segment read back, so that a long backlog is parsed once. */
  #cached: { readonly segment: Segment; readonly records: readonly UsageRecord[] } | null = null

  constructor(directory: string, found: Replayed, append: Append = appendAll) {
    this.#directory = directory
    this.#append = append
    this.#segments = [...found.segments]
    this.#nextNumber = found.nextNumber
    const begun = this.#begin(found.nextSequence, found.acknowledged)
    this.#current = begun.segment
    this.#file = begun.file
    this.release(found.acknowledged)
  }

  get current(): Segment {
    return this.#current
  }

  get oldest(): Segment {
    return this.#segments[0] ?? this.#current
  }

  get count(): number {
    return this.#segments.length
  }

  get bytes(): number {
    let bytes = 0
    for (const segment of this.#segments) bytes += segment.bytes
    return bytes
  }

  /**
   * Appends to the current segment; `records` are those within. Throws what the file system throws.
   */
  append(bytes: Buffer, records: readonly RecordLines[]): void {
    const segment = this.#current
    this.#write(this.#file, bytes, segment.bytes)
    segment.bytes += bytes.length
    for (const { first, last } of records) noteRecords(segment, first, last)
  }

  /**
   * Begins the next segment. Throws, with the old one still current, when that cannot be written.
   */
  rotate(nextSequence: number, acknowledged: number): void {
    const begun = this.#begin(nextSequence, acknowledged)
    const old = this.#file
    this.#current = begun.segment
    this.#file = begun.file
    closeSync(old)
    this.release(acknowledged)
  }

  /**
   * Deletes closed segments that nothing needs any more, the oldest first and never around one that
   * stays: a record lies behind its intent, and an intent without its record would be settled again
   * as lost.
   */
  release(acknowledged: number): void {
    let first = this.oldest
    while (first !== this.#current && first.openIntents === 0) {
      if (first.lastSequence > acknowledged) return
      unlinkQuietly(first.path)
      if (this.#cached?.segment === first) this.#cached = null
      this.#segments.shift()
      first = this.oldest
    }
  }

  /** Records after `after` in the oldest segment that has such, at most `max`. */
  read(after: number, max: number): readonly RecordLines[] {
    for (const segment of this.#segments) {
      if (segment.lastSequence <= after) continue
      const records = this.#recordsOf(segment)
      const from = records.findIndex(({ sequence }) => sequence > after)
      if (from >= 0) return linesOf(records.slice(from, from + max))
    }
    return []
  }

  close(): void {
    closeSync(this.#file)
  }

  #recordsOf(segment: Segment): readonly UsageRecord[] {
    if (this.#cached?.segment === segment) return this.#cached.records
    const records = readRecords(segment.path)
    if (segment !== this.#current) this.#cached = { segment, records }
    return records
  }

  #begin(next: number, acknowledged: number): { segment: Segment; file: number } {
    const segment = newSegment(this.#directory, this.#nextNumber)
    const file = openSync(segment.path, "wx", 0o600)
    const header = new FrameBatch()
    addEntry(header, { kind: "segment", version: JOURNAL_VERSION, next, acknowledged })
    try {
      this.#write(file, header.bytes(), 0)
    } catch (error) {
      closeSync(file)
      unlinkQuietly(segment.path)
      throw error
    }
    segment.bytes = header.length
    this.#segments.push(segment)
    this.#nextNumber += 1
    return { segment, file }
  }

  #write(file: number, bytes: Buffer, position: number): void {
    try {
      this.#append(file, bytes, position)
    } catch (error) {
      truncateQuietly(file, position)
      throw error
    }
  }
}

function linesOf(records: readonly UsageRecord[]): readonly RecordLines[] {
  const first = records[0]?.sequence
  const last = records.at(-1)?.sequence
  if (first === undefined || last === undefined) return []
  return [{ first, last, lines: records.map(encodeWhole).join("\n") }]
}

function appendAll(file: number, bytes: Buffer, position: number): void {
  let written = 0
  while (written < bytes.length) {
    written += writeSync(file, bytes, written, bytes.length - written, position + written)
  }
}

/** A disk that refused the write may refuse this as well; replay then drops the torn end. */
function truncateQuietly(file: number, length: number): void {
  try {
    ftruncateSync(file, length)
  } catch {
    return
  }
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    return
  }
}
