/**
 * Reads along in a stream that has no events: sound, sent as it comes.
 *
 * Every byte is content, so the first one decides the attempt, and the upstream's close is the end:
 * a connection that breaks before it is not.
 */
import type { PassedStream, StreamTap, TapEnd } from "./adapter.ts"

export function openBytesTap(stream: Omit<PassedStream, "contentType">): StreamTap {
  return new BytesTap(stream)
}

class BytesTap implements StreamTap {
  end: TapEnd | null = null
  readonly usage = undefined
  contentEvents = 0
  private bytes = 0
  private readonly bytesMax: number
  private readonly outputTokensExpected: number

  constructor({ bytesMax, outputTokensExpected }: Omit<PassedStream, "contentType">) {
    this.bytesMax = bytesMax
    this.outputTokensExpected = outputTokensExpected
  }

  get hasContent(): boolean {
    return this.bytes > 0
  }

  /** How many bytes a token gives is the codec's secret: the request tells more. */
  tokensSeen(): number {
    return this.hasContent ? this.outputTokensExpected : 0
  }

  push(chunk: Uint8Array): Uint8Array | null {
    if (this.end !== null || chunk.length === 0) return null
    this.bytes += chunk.length
    if (this.bytes > this.bytesMax) {
      this.end = { kind: "invalid", detail: `it is over ${this.bytesMax} bytes` }
      return null
    }
    this.contentEvents += 1
    return chunk
  }

  finish(): Uint8Array | null {
    this.end ??= this.hasContent ? { kind: "done" } : { kind: "invalid", detail: "it is empty" }
    return null
  }
}
