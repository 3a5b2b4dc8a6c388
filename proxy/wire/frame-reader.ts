/**
 * Bytes of a stream to whole frames, with their JSON checked.
 *
 * In: chunks at any split. Out: a frame at a time with the bytes it lies in, which a tap may pass
 * on. It must not know what a frame means. A frame over the limit or without valid JSON is a fault,
 * and nothing more is read.
 */
import { type JsonLimits, scanJson } from "#proxy/contract/json-scan.ts"
import type { Frame } from "./frame.ts"
import { createEventSplitter, type EventSplitter } from "./sse-events.ts"
import { readEvent } from "./sse-fields.ts"

/** `frame` is null for a comment, which keeps a connection alive and says nothing. */
export type OnFrame = (frame: Frame | null, bytes: Uint8Array, start: number, end: number) => void

export interface FrameReader {
  /** What is wrong with the stream, once; null while nothing is. */
  push(chunk: Uint8Array): string | null
}

const FRAME_DEPTH_MAX = 64
/** The last event of a response tells all of its output again, log-probabilities and all. */
const FRAME_TOKENS_MAX = 1_000_000

export function frameLimits(eventBytesMax: number): JsonLimits {
  return {
    bytesMax: eventBytesMax,
    depthMax: FRAME_DEPTH_MAX,
    tokensMax: FRAME_TOKENS_MAX,
    loneSurrogates: "accepted",
  }
}

export function createSseReader(eventBytesMax: number, onFrame: OnFrame): FrameReader {
  return new SseReader(eventBytesMax, onFrame)
}

class SseReader implements FrameReader {
  private readonly limits: JsonLimits
  private readonly onFrame: OnFrame
  private readonly splitter: EventSplitter
  private fault: string | null = null

  constructor(eventBytesMax: number, onFrame: OnFrame) {
    this.limits = frameLimits(eventBytesMax)
    this.onFrame = onFrame
    this.splitter = createEventSplitter(eventBytesMax, (bytes, start, end) =>
      this.onEvent(bytes, start, end),
    )
  }

  push(chunk: Uint8Array): string | null {
    if (this.fault === null && !this.splitter.push(chunk)) {
      this.fault ??= `one event is over ${this.limits.bytesMax} bytes`
    }
    return this.fault
  }

  private onEvent(bytes: Uint8Array, start: number, end: number): void {
    if (this.fault !== null) return
    const { data, name } = readEvent(bytes, start, end)
    if (data === null) {
      this.onFrame(null, bytes, start, end)
      return
    }
    if (isDoneMarker(data)) {
      this.onFrame({ kind: "done-marker" }, bytes, start, end)
      return
    }
    const scanned = scanJson(data, this.limits)
    if (!scanned.ok) {
      this.fault = scanned.fault.message
      return
    }
    this.onFrame({ kind: "json", name, document: scanned.document }, bytes, start, end)
  }
}

/** `[DONE]`, perhaps with spaces behind it. */
export function isDoneMarker(data: Uint8Array): boolean {
  let length = data.length
  while (data[length - 1] === 0x20) length--
  return length === 6 && String.fromCharCode(...data.subarray(0, 6)) === "[DONE]"
}
