/**
 * Chunks of a body of unknown length, each framed for the wire as one piece of bytes.
 *
 * Node frames a chunk as four pieces and hands the socket a list of them a tick later; one piece at
 * once costs far less for an event of a stream (decision 0025). A piece that the socket took whole
 * is free again, so that a stream leaves no garbage behind. Must not know what the bytes mean.
 *
 * Source: RFC 9112, 7.1 "Chunked Transfer Coding".
 */

/** The chunk of length 0 that ends a body; no trailer follows. */
export const LAST_CHUNK = "0\r\n\r\n"

const ROOM_BYTES = 16 * 1024
const CR = 0x0d
const LF = 0x0a
const HEX = Buffer.from("0123456789abcdef")

/** `bytes` is not empty: an empty chunk would end the body. The frame is the receiver's. */
export function frameChunk(bytes: Uint8Array): Buffer {
  return frameInto(Buffer.allocUnsafe(frameLength(bytes.length)), bytes)
}

/**
 * Frames that are written out before the next one is made. They are Buffers, since Node makes a
 * Buffer of whatever else is written.
 */
export class ChunkRoom {
  #room = Buffer.allocUnsafeSlow(ROOM_BYTES)

  /** Valid until the next call, unless it is kept. */
  frame(bytes: Uint8Array): Buffer {
    const length = frameLength(bytes.length)
    if (length > ROOM_BYTES) return frameChunk(bytes)
    return frameInto(this.#room.subarray(0, length), bytes)
  }

  /** The last frame is not written out yet: its bytes are its reader's. */
  keep(): void {
    this.#room = Buffer.allocUnsafeSlow(ROOM_BYTES)
  }
}

function frameLength(length: number): number {
  return hexDigits(length) + length + 4
}

function frameInto(frame: Buffer, bytes: Uint8Array): Buffer {
  const { length } = bytes
  const digits = frame.length - length - 4
  let rest = length
  for (let at = digits - 1; at >= 0; at--) {
    frame[at] = HEX[rest & 15] ?? 0
    rest >>>= 4
  }
  frame[digits] = CR
  frame[digits + 1] = LF
  frame.set(bytes, digits + 2)
  frame[digits + length + 2] = CR
  frame[digits + length + 3] = LF
  return frame
}

function hexDigits(length: number): number {
  let digits = 1
  for (let rest = length >>> 4; rest > 0; rest >>>= 4) digits++
  return digits
}
