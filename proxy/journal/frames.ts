/**
 * Frames of the journal: how one entry lies in a file, and how entries are found again after a
 * crash.
 *
 *   magic "SGJ1" | payload length u32 | CRC-32 of the payload u32 | payload: one kind letter, then
 *   JSON
 *
 * In: bytes. Out: payloads, and where reading stopped and why. Must not know what the payloads
 * mean.
 */
import { crc32 } from "node:zlib"

export const FRAME_HEADER_BYTES = 12
/** One entry; a longer one is refused when written and counts as damage when read. */
export const PAYLOAD_BYTES_MAX = 256 * 1024
/** Where a growing batch buffer starts. */
const BATCH_BYTES_INITIAL = 64 * 1024
const MAGIC = 0x53474a31

/** Frames of one turn, waiting for one write. Reused from batch to batch. */
export class FrameBatch {
  #buffer = Buffer.allocUnsafe(BATCH_BYTES_INITIAL)
  #length = 0

  get length(): number {
    return this.#length
  }

  /**
   * Appends one frame. Throws RangeError for a payload over PAYLOAD_BYTES_MAX: a bug, ids are
   * bounded.
   */
  add(kind: string, json: string): void {
    const room = FRAME_HEADER_BYTES + 1 + json.length * 3
    if (this.#length + room > this.#buffer.length) this.#grow(room)
    const start = this.#length
    const buffer = this.#buffer
    const body = start + FRAME_HEADER_BYTES
    buffer[body] = kind.charCodeAt(0)
    const end = body + 1 + buffer.write(json, body + 1, "utf8")
    const bytes = end - body
    if (bytes > PAYLOAD_BYTES_MAX) {
      throw new RangeError(`journal entry of ${bytes} bytes is over ${PAYLOAD_BYTES_MAX}`)
    }
    buffer.writeUInt32BE(MAGIC, start)
    buffer.writeUInt32BE(bytes, start + 4)
    buffer.writeUInt32BE(crc32(buffer.subarray(body, end)), start + 8)
    this.#length = end
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

  #grow(room: number): void {
    const next = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + room))
    this.#buffer.copy(next, 0, 0, this.#length)
    this.#buffer = next
  }
}

export interface ScannedFrames {
  readonly payloads: readonly { readonly kind: string; readonly json: Buffer }[]
  /**
   * `torn`: the bytes after the last whole frame hold no further frame, as a process killed in
   * mid-write leaves them. `damaged`: whole frames follow bytes that are none.
   */
  readonly end: "whole" | "torn" | "damaged"
}

/** Every whole frame of a file, damage skipped. Never throws, whatever the bytes are. */
export function scanFrames(bytes: Buffer): ScannedFrames {
  const payloads: { kind: string; json: Buffer }[] = []
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
      json: bytes.subarray(body + 1, end),
    })
    offset = end
  }
  return { payloads, end: isDamaged ? "damaged" : "whole" }
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
