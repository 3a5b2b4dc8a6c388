/**
 * AWS's binary event stream: messages with a length, headers and a payload, each with checksums.
 *
 * In: chunks at any split. Out: a frame at a time, named by `:event-type`, with the payload's JSON
 * checked. It must not know what an event means. A message over the limit, with a wrong checksum or
 * without valid JSON is a fault, and nothing more is read. Source: Amazon Transcribe Developer
 * Guide, "Event stream encoding", which Bedrock's runtime shares.
 */
import { type JsonLimits, scanJson } from "#proxy/contract/json-scan.ts"
import { crc32 } from "./crc32.ts"
import { type FrameReader, frameLimits, type OnFrame } from "./frame-reader.ts"

/** Total length, length of the headers, and the checksum of both. */
const PRELUDE_BYTES = 12
const CHECKSUM_BYTES = 4
const HEADERS_BYTES_MAX = 128 * 1024
/** The only type of header value that Bedrock sends; the others have these lengths. */
const STRING_TYPE = 7
const FIXED_LENGTHS: Readonly<Record<number, number>> = {
  0: 0,
  1: 0,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  8: 8,
  9: 16,
}

const utf8 = new TextDecoder("utf-8")

export function createAwsReader(eventBytesMax: number, onFrame: OnFrame): FrameReader {
  return new AwsReader(eventBytesMax, onFrame)
}

class AwsReader implements FrameReader {
  private readonly limits: JsonLimits
  private readonly onFrame: OnFrame
  private fault: string | null = null
  /** The unfinished message, grown by doubling. */
  private held = new Uint8Array(0)
  private heldBytes = 0

  constructor(eventBytesMax: number, onFrame: OnFrame) {
    this.limits = frameLimits(eventBytesMax)
    this.onFrame = onFrame
  }

  push(chunk: Uint8Array): string | null {
    if (this.fault !== null) return this.fault
    this.hold(chunk)
    let start = 0
    while (this.fault === null) {
      const bytes = this.held.subarray(start, this.heldBytes)
      const length = this.lengthOf(bytes)
      if (length === null || bytes.length < length) break
      this.read(bytes.slice(0, length))
      start += length
    }
    // Else a large message in small chunks would be moved onto itself with each.
    if (start > 0) this.held.copyWithin(0, start, this.heldBytes)
    this.heldBytes -= start
    return this.fault
  }

  /** Null while it is not known; a length that cannot be sets the fault. */
  private lengthOf(bytes: Uint8Array): number | null {
    if (bytes.length < PRELUDE_BYTES) return null
    const view = viewOf(bytes)
    const length = view.getUint32(0)
    const headers = view.getUint32(4)
    if (crc32(bytes.subarray(0, 8)) !== view.getUint32(8)) {
      this.fault = "the checksum of a message's lengths is wrong"
    } else if (length > this.limits.bytesMax || headers > HEADERS_BYTES_MAX) {
      this.fault = `one message is over ${this.limits.bytesMax} bytes`
    } else if (headers + PRELUDE_BYTES + CHECKSUM_BYTES > length) {
      this.fault = "a message is shorter than its headers"
    }
    return this.fault === null ? length : null
  }

  private read(message: Uint8Array): void {
    const view = viewOf(message)
    const end = message.length - CHECKSUM_BYTES
    if (crc32(message.subarray(0, end)) !== view.getUint32(end)) {
      this.fault = "the checksum of a message is wrong"
      return
    }
    const bodyAt = PRELUDE_BYTES + view.getUint32(4)
    const headers = readHeaders(message.subarray(PRELUDE_BYTES, bodyAt))
    if (headers === null) {
      this.fault = "a message's headers are broken"
      return
    }
    const error = nameOfError(headers)
    const body = message.subarray(bodyAt, end)
    let scanned = scanJson(body.length === 0 ? EMPTY_OBJECT : body, this.limits)
    // What stands below an error may be a mere text: the name is what is told of it.
    if (!scanned.ok && error !== null) scanned = scanJson(EMPTY_OBJECT, this.limits)
    if (!scanned.ok) {
      this.fault = scanned.fault.message
      return
    }
    const name = error ?? headers.get(":event-type") ?? "!unknown"
    this.onFrame({ kind: "json", name, document: scanned.document }, message, 0, message.length)
  }

  private hold(chunk: Uint8Array): void {
    const total = this.heldBytes + chunk.length
    if (total > this.held.length) {
      const grown = new Uint8Array(Math.max(total, this.held.length * 2, 4096))
      grown.set(this.held.subarray(0, this.heldBytes))
      this.held = grown
    }
    this.held.set(chunk, this.heldBytes)
    this.heldBytes = total
  }
}

const EMPTY_OBJECT = new Uint8Array([0x7b, 0x7d])

/**
 * What is reported within a stream: `exception` with its type, `error` with its code; null of an
 * event. Only the type of the message says which it is.
 */
function nameOfError(headers: ReadonlyMap<string, string>): string | null {
  const name = headers.get(":exception-type") ?? headers.get(":error-code")
  const isEvent = name === undefined && headers.get(":message-type") !== "exception"
  return isEvent ? null : `!${name ?? "unknown"}`
}

/** Null when they do not fill their room. Values that are no strings are passed over. */
function readHeaders(bytes: Uint8Array): ReadonlyMap<string, string> | null {
  const headers = new Map<string, string>()
  const view = viewOf(bytes)
  let at = 0
  while (at < bytes.length) {
    const nameAt = at + 1
    const nameEnd = nameAt + (bytes[at] ?? 0)
    if (nameEnd >= bytes.length) return null
    const type = bytes[nameEnd] ?? 0
    const fixed = FIXED_LENGTHS[type]
    const valueAt = nameEnd + (fixed === undefined ? 3 : 1)
    if (valueAt > bytes.length) return null
    const length = fixed ?? view.getUint16(nameEnd + 1)
    at = valueAt + length
    if (at > bytes.length) return null
    if (type !== STRING_TYPE) continue
    const name = utf8.decode(bytes.subarray(nameAt, nameEnd))
    headers.set(name, utf8.decode(bytes.subarray(valueAt, at)))
  }
  return headers
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
