/**
 * What a journal directory says after any death of its writer.
 *
 * In: the directory. Out: where the stream stood, the attempts without an end, and what was
 * damaged. Damaged files are set aside under another name and what was sound in them is kept;
 * nothing is ever written into a segment again. Must not know what is sent to whom.
 */
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import type { AttemptIntent, UsageRecord } from "#proxy/contract/records.ts"
import { encodeAttempt, encodeIntent, encodeWhole } from "./encode-entry.ts"
import { type Entry, LETTERS, parseEntry } from "./entries.ts"
import { FrameBatch, scanFrames } from "./frames.ts"

/** Damaged files kept for a person to look at; older ones are deleted. */
export const QUARANTINED_MAX = 2
const SEGMENT_NAME = /^segment-(\d{12})\.log$/
const QUARANTINE_PREFIX = "quarantined-"

/** A segment on disk. It may go when its intents have ended and its records are acknowledged. */
export interface Segment {
  readonly number: number
  readonly path: string
  bytes: number
  openIntents: number
  /** Range of the records in it; 0 with none. */
  firstSequence: number
  lastSequence: number
}

export interface Replayed {
  readonly segments: readonly Segment[]
  /** By id, in journal order, with the segment each lies in. */
  readonly open: ReadonlyMap<string, { readonly intent: AttemptIntent; readonly segment: Segment }>
  readonly acknowledged: number
  readonly nextSequence: number
  readonly nextNumber: number
  /** Segments whose last write was cut off. */
  readonly torn: number
  readonly quarantined: number
}

export function segmentPath(directory: string, number: number): string {
  return join(directory, `segment-${String(number).padStart(12, "0")}.log`)
}

export function newSegment(directory: string, number: number): Segment {
  return {
    number,
    path: segmentPath(directory, number),
    bytes: 0,
    openIntents: 0,
    firstSequence: 0,
    lastSequence: 0,
  }
}

export function noteRecords(segment: Segment, first: number, last: number): void {
  if (segment.firstSequence === 0) segment.firstSequence = first
  segment.lastSequence = Math.max(segment.lastSequence, last)
}

/** Reads every segment in order. Throws only what the file system throws. */
export function replay(directory: string): Replayed {
  const segments: Segment[] = []
  const open = new Map<string, { intent: AttemptIntent; segment: Segment }>()
  let acknowledged = 0
  let nextSequence = 1
  let torn = 0
  let quarantined = 0
  const numbers = segmentNumbers(directory)
  for (const number of numbers) {
    const segment = newSegment(directory, number)
    const { entries, end, bytes } = readSegment(segment.path)
    segment.bytes = bytes
    if (end === "torn") torn += 1
    if (end === "damaged") {
      quarantine(directory, segment, entries)
      quarantined += 1
    }
    segments.push(segment)
    for (const entry of entries) {
      if (entry.kind === "segment") {
        acknowledged = Math.max(acknowledged, entry.acknowledged)
        nextSequence = Math.max(nextSequence, entry.next)
      } else if (entry.kind === "acknowledged") {
        acknowledged = Math.max(acknowledged, entry.sequence)
      } else if (entry.kind === "intent") {
        const earlier = open.get(entry.intent.id)
        if (earlier !== undefined) earlier.segment.openIntents -= 1
        segment.openIntents += 1
        open.set(entry.intent.id, { intent: entry.intent, segment })
      } else {
        noteRecords(segment, entry.record.sequence, entry.record.sequence)
        nextSequence = Math.max(nextSequence, entry.record.sequence + 1)
        const intent = open.get(entry.record.id)
        if (intent !== undefined) intent.segment.openIntents -= 1
        open.delete(entry.record.id)
      }
    }
  }
  nextSequence = Math.max(nextSequence, acknowledged + 1)
  const nextNumber = (numbers.at(-1) ?? 0) + 1
  return { segments, open, acknowledged, nextSequence, nextNumber, torn, quarantined }
}

/** Records of one segment, in order. */
export function readRecords(path: string): readonly UsageRecord[] {
  return readSegment(path).entries.flatMap((entry) =>
    entry.kind === "record" ? [entry.record] : [],
  )
}

interface ReadSegment {
  readonly entries: readonly Entry[]
  readonly end: "whole" | "torn" | "damaged"
  readonly bytes: number
}

function readSegment(path: string): ReadSegment {
  const bytes = readFileSync(path)
  const scanned = scanFrames(bytes)
  const entries: Entry[] = []
  let end = scanned.end
  for (const { kind, lines } of scanned.payloads) {
    for (const line of lines) {
      const entry = parseEntry(kind, line)
      if (entry === undefined) end = "damaged"
      else entries.push(entry)
    }
  }
  return { entries, end, bytes: bytes.length }
}

/**
 * Keeps the damaged file under another name; its place takes a clean one with what was sound in it.
 */
function quarantine(directory: string, segment: Segment, entries: readonly Entry[]): void {
  const name = `${QUARANTINE_PREFIX}${String(segment.number).padStart(12, "0")}.log`
  copyFileSync(segment.path, join(directory, name))
  const clean = new FrameBatch()
  for (const entry of entries) addEntry(clean, entry)
  const temporary = `${segment.path}.tmp`
  writeFileSync(temporary, clean.bytes(), { mode: 0o600 })
  renameSync(temporary, segment.path)
  segment.bytes = clean.length
  const kept = readdirSync(directory)
    .filter((one) => one.startsWith(QUARANTINE_PREFIX))
    .sort()
  for (const old of kept.slice(0, -QUARANTINED_MAX)) unlinkSync(join(directory, old))
}

export function addEntry(batch: FrameBatch, entry: Entry): void {
  const { kind } = entry
  switch (kind) {
    case "segment": {
      const { version, next, acknowledged } = entry
      batch.add(LETTERS.segment, JSON.stringify({ version, next, acknowledged }))
      return
    }
    case "intent":
      batch.add(LETTERS.intent, encodeIntent(encodeAttempt(entry.intent), entry.intent))
      return
    case "record":
      batch.add(LETTERS.record, encodeWhole(entry.record))
      return
    case "acknowledged":
      batch.add(LETTERS.acknowledged, JSON.stringify({ sequence: entry.sequence }))
      return
    default:
      entry satisfies never
  }
}

function segmentNumbers(directory: string): readonly number[] {
  return readdirSync(directory)
    .map((name) => SEGMENT_NAME.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b)
}
