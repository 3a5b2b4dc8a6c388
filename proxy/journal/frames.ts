/**
 * Frames of the journal: how entries lie in a file, and how they are found again after a crash.
 *
 *   magic "SGJ1" | payload length u32 | CRC-32 of the payload u32 | payload: one kind letter, then
 *   JSON texts of ASCII characters, one a line
 *
 * In: bytes. Out: payloads, and where reading stopped and why. Must not know what the payloads
 * mean.
 */
import { crc32 } from "node:zlib"

export const FRAME_HEADER_BYTES = 12
/** A longer one is split between lines when written and counts as damage when read. */
export const PAYLOAD_BYTES_MAX = 256 * 1024
/** Where a growing batch buffer starts. */
const BATCH_BYTES_INITIAL = 64 * 1024
const MAGIC = 0x53474a31
const NEWLINE = 0x0a

/** Frames of one turn, waiting for one write. Reused from batch to batch. */
export class FrameBatch {
  #buffer = Buffer.allocUnsafe(BATCH_BYTES_INITIAL)
  #length = 0

  get length(): number {
    return this.#length
  }

  /**
   * Appends one frame with all `lines`, or several when they are long. Throws RangeError for a line
   * over PAYLOAD_BYTES_MAX: a bug, ids are bounded.
   */
  add(kind: string, lines: string): void {
    if (lines.length < PAYLOAD_BYTES_MAX) {
      this.#addFrame(kind, lines)
      return
    }
    for (let from = 0; from < lines.length; ) {
      const room = from + PAYLOAD_BYTES_MAX - 1
      const end = room >= lines.length ? lines.length : lines.lastIndexOf("\n", room)
      if (end <= from) {
        throw new RangeError(`a journal entry is over ${PAYLOAD_BYTES_MAX} bytes`)
      }
      this.#addFrame(kind, lines.slice(from, end))
      from = end + 1
    }
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  clear(): void {
    this.#length = 0
    if (this.#buffer.length > 16 * BATCH_BYTES_INITIAL) {
      this.#buffer = Buffer.allocUnsafe(BATCH_BYTES_INITIAL)
    }
  }

  #addFrame(kind: string, lines: string): void {
    const room = FRAME_HEADER_BYTES + 1 + lines.length
    if (this.#length + room > this.#buffer.length) this.#grow(room)
    const start = this.#length
    const buffer = this.#buffer
    const body = start + FRAME_HEADER_BYTES
    buffer[body] = kind.charCodeAt(0)
    const end = body + 1 + buffer.write(lines, body + 1, "latin1")
    buffer.writeUInt32BE(MAGIC, start)
    buffer.writeUInt32BE(end - body, start + 4)
    buffer.writeUInt32BE(crc32(buffer.subarray(body, end)), start + 8)
    this.#length = end
  }

  #grow(room: number): void {
    const next = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + room))
    this.#buffer.copy(next, 0, 0, this.#length)
    this.#buffer = next
  }
}

export interface ScannedFrames {
  readonly payloads: readonly { readonly kind: string; readonly lines: readonly Buffer[] }[]
  /**
   * `torn`: the bytes after the last whole frame hold no further frame, as a process killed in
   * mid-write leaves them. `damaged`: whole frames follow bytes that are none.
   */
  readonly end: "whole" | "torn" | "damaged"
}

/** Every whole frame of a file, damage skipped. Never throws, whatever the bytes are. */
export function scanFrames(bytes: Buffer): ScannedFrames {
  const payloads: { kind: string; lines: readonly Buffer[] }[] = []
  let isDamaged = false
  let offset = 0
  while (offset < bytes.length) {
    const end = frameEnd(bytes, offset)
    if (end === undefined) {
      const next = nextFrame(bytes, offset + 1)
      if (next === undefined) return { payloads, end: isDamaged ? "damaged" : "torn" }
      isDamaged = true
      offset = next
      continue
    }
    const body = offset + FRAME_HEADER_BYTES
    payloads.push({
      kind: String.fromCharCode(bytes[body] ?? 0),
      lines: linesOf(bytes.subarray(body + 1, end)),
    })
    offset = end
  }
  return { payloads, end: isDamaged ? "damaged" : "whole" }
}

/** JSON has no bare newline within it. */
function linesOf(text: Buffer): readonly Buffer[] {
  const lines: Buffer[] = []
  for (let from = 0; from <= text.length; ) {
    const newline = text.indexOf(NEWLINE, from)
    const end = newline < 0 ? text.length : newline
    lines.push(text.subarray(from, end))
    from = end + 1
  }
  return lines
}

/** Where the frame at `offset` ends; undefined when there is no whole, sound frame. */
function frameEnd(bytes: Buffer, offset: number): number | undefined {
  const body = offset + FRAME_HEADER_BYTES
  if (body >= bytes.length || bytes.readUInt32BE(offset) !== MAGIC) return undefined
  const length = bytes.readUInt32BE(offset + 4)
  const end = body + length
  if (length === 0 || length > PAYLOAD_BYTES_MAX || end > bytes.length) return undefined
  return crc32(bytes.subarray(body, end)) === bytes.readUInt32BE(offset + 8) ? end : undefined
}

const MAGIC_BYTES = Buffer.from("SGJ1", "latin1")

function nextFrame(bytes: Buffer, from: number): number | undefined {
  let offset = bytes.indexOf(MAGIC_BYTES, from)
  while (offset >= 0) {
    if (frameEnd(bytes, offset) !== undefined) return offset
    offset = bytes.indexOf(MAGIC_BYTES, offset + 1)
  }
  return undefined
}
