/**
 * Reads along in a stream of a wire whose decoder tells what each frame is, while the bytes pass.
 *
 * For client surfaces of the upstream's own wire. Events are held until the first content, so that
 * another provider can still answer, then go on as they came, or their JSON as the elements of one
 * array for a client that asked for that. Wires whose streams are worth less work per event have a
 * tap of their own.
 */
import type { TokenUsage } from "#proxy/contract/records.ts"
import { contentLength, isContent, type ResponseEvent } from "#proxy/exchange/response-event.ts"
import type { Frame } from "#proxy/wire/frame.ts"
import { createSseReader, type FrameReader } from "#proxy/wire/frame-reader.ts"
import { joinBytes } from "#proxy/wire/join-bytes.ts"
import {
  type StreamDecoder,
  type StreamTap,
  type TapEnd,
  type TapOptions,
  WireFault,
} from "./adapter.ts"

const utf8 = new TextEncoder()
const [OPEN, NEXT, CLOSE] = [utf8.encode("["), utf8.encode(",\n"), utf8.encode("\n]")] as const

/** `outputTokensLeast`: where content does not tell by its size; none before the first of it. */
export function openPassTap(
  decoder: StreamDecoder,
  options: TapOptions,
  outputTokensLeast = 0,
): StreamTap {
  return new PassTap(decoder, options, outputTokensLeast)
}

class PassTap implements StreamTap {
  end: TapEnd | null = null
  hasContent = false
  usage: TokenUsage | undefined = undefined
  contentEvents = 0
  private contentLength = 0
  private readonly decoder: StreamDecoder
  private readonly reader: FrameReader
  private readonly preambleBytesMax: number
  private readonly outputTokensLeast: number
  private readonly asArray: boolean
  private isArrayOpen = false
  private preambleBytes = 0
  private held: Uint8Array[] = []

  constructor(decoder: StreamDecoder, options: TapOptions, outputTokensLeast: number) {
    this.decoder = decoder
    this.outputTokensLeast = outputTokensLeast
    this.preambleBytesMax = options.preambleBytesMax
    this.asArray = options.asArray === true
    this.reader = createSseReader(options.eventBytesMax, (frame, bytes, start, end) =>
      this.onFrame(frame, bytes, start, end),
    )
  }

  tokensSeen(bytesPerToken: number): number {
    const least = this.contentEvents === 0 ? 0 : this.outputTokensLeast
    return Math.max(this.contentEvents, Math.ceil(this.contentLength / bytesPerToken), least)
  }

  get usageSoFar(): TokenUsage | undefined {
    return this.decoder.usageSoFar
  }

  push(chunk: Uint8Array): Uint8Array | null {
    if (this.end !== null) return null
    const fault = this.reader.push(chunk)
    if (fault !== null) this.end ??= { kind: "invalid", detail: fault }
    return this.take()
  }

  finish(): Uint8Array | null {
    if (this.end === null) this.note(this.decoder.finish())
    return this.take()
  }

  private onFrame(frame: Frame | null, bytes: Uint8Array, start: number, end: number): void {
    if (this.end !== null) return
    if (frame !== null) this.decode(frame)
    if (this.hasEnded("done") || this.end === null) {
      if (frame === null && !this.hasContent) return
      if (this.asArray) this.holdElement(frame)
      else this.hold(bytes.subarray(start, end))
    }
  }

  private hold(bytes: Uint8Array): void {
    this.held.push(bytes)
    this.preambleBytes += bytes.length
  }

  /** A comment has no place in an array. */
  private holdElement(frame: Frame | null): void {
    if (frame?.kind !== "json") return
    this.hold(this.isArrayOpen ? NEXT : OPEN)
    this.hold(frame.document.bytes)
    this.isArrayOpen = true
  }

  private hasEnded(kind: TapEnd["kind"]): boolean {
    return this.end?.kind === kind
  }

  private decode(frame: Frame): void {
    const contentBefore = this.contentEvents
    try {
      this.note(this.decoder.push(frame))
      const isQuiet = this.end === null && this.contentEvents === contentBefore
      if (isQuiet && this.decoder.isOtherWork?.(frame) === true) this.noteContent(0)
    } catch (fault) {
      if (!(fault instanceof WireFault)) throw fault
      this.end = { kind: "invalid", detail: fault.message }
    }
  }

  private note(events: readonly ResponseEvent[]): void {
    for (const event of events) {
      if (event.kind === "usage-report") this.usage = event.usage
      else if (event.kind === "response-error") this.end = { kind: "error", name: event.name }
      else if (event.kind === "response-end") {
        this.hasContent = true
        this.end = { kind: "done" }
      } else if (isContent(event)) this.noteContent(contentLength(event))
    }
  }

  private noteContent(length: number): void {
    this.hasContent = true
    this.contentEvents++
    this.contentLength += length
  }

  private take(): Uint8Array | null {
    if (this.asArray && this.hasEnded("done") && this.isArrayOpen) {
      this.hold(CLOSE)
      this.isArrayOpen = false
    }
    if (this.preambleBytes > this.preambleBytesMax) this.hasContent = true
    if (!this.hasContent || this.held.length === 0) return null
    const { held } = this
    this.held = []
    return joinBytes(held)
  }
}
