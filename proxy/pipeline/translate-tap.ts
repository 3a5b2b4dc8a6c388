/**
 * A stream of one wire in, the client's own shape out: the decoder's events, rendered.
 *
 * What is rendered before the first content is held, so that another provider can still answer.
 */
import type { AttemptIntent, TokenUsage } from "#proxy/contract/records.ts"
import {
  contentLength,
  isContent,
  type ResponseEvent,
  type ResponseStart,
} from "#proxy/exchange/response-event.ts"
import {
  type StreamDecoder,
  type StreamTap,
  type TapEnd,
  WireFault,
} from "#proxy/providers/adapter.ts"
import type { StreamRenderer } from "#proxy/surfaces/surface.ts"
import type { Frame } from "#proxy/wire/frame.ts"
import type { FrameReader, OnFrame } from "#proxy/wire/frame-reader.ts"
import { usageSeen } from "./usage-seen.ts"

/** What its attempt expects, and of which model. */
type Expected = Pick<AttemptIntent, "estimate" | "model">

type Ending = Extract<ResponseEvent, { readonly kind: "choice-end" }>

const utf8 = new TextEncoder()

export class TranslateTap implements StreamTap {
  end: TapEnd | null = null
  hasContent = false
  usage: TokenUsage | undefined = undefined
  contentEvents = 0
  private contentLength = 0
  private text = ""
  private hasStarted = false
  /** How each choice that began ends: told once, last, whatever the upstream still says of it. */
  private readonly endings = new Map<number, Ending>()
  private readonly decoder: StreamDecoder
  private readonly renderer: StreamRenderer
  private readonly reader: FrameReader
  private readonly preambleCharsMax: number
  private readonly intent: Expected

  constructor(
    decoder: StreamDecoder,
    renderer: StreamRenderer,
    openReader: (onFrame: OnFrame) => FrameReader,
    preambleCharsMax: number,
    intent: Expected,
  ) {
    this.decoder = decoder
    this.renderer = renderer
    this.preambleCharsMax = preambleCharsMax
    this.intent = intent
    this.reader = openReader((frame) => this.onFrame(frame))
  }

  tokensSeen(bytesPerToken: number): number {
    return Math.max(this.contentEvents, Math.ceil(this.contentLength / bytesPerToken))
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
    if (this.end === null) this.noteAll(this.decoder.finish())
    return this.take()
  }

  private onFrame(frame: Frame | null): void {
    if (this.end !== null || frame === null) return
    try {
      this.noteAll(this.decoder.push(frame))
    } catch (fault) {
      if (!(fault instanceof WireFault)) throw fault
      this.end = { kind: "invalid", detail: fault.message }
    }
  }

  private noteAll(events: readonly ResponseEvent[]): void {
    for (const event of events) {
      if (this.end !== null) return
      this.note(event)
    }
  }

  private note(event: ResponseEvent): void {
    if (event.kind === "response-error") {
      this.end = { kind: "error", name: event.name }
      return
    }
    if (event.kind === "response-start") {
      this.hasStarted = true
      // An answer has one choice at least.
      this.begin(0)
    } else if (!this.hasStarted) {
      this.end = { kind: "invalid", detail: "it has events before the start of an answer" }
      return
    }
    if (event.kind === "usage-report") this.usage = event.usage
    if (isContent(event)) {
      this.hasContent = true
      this.contentEvents++
      this.contentLength += contentLength(event)
    }
    if (event.kind === "choice-end") {
      this.endings.set(event.choice, event)
      return
    }
    if ("choice" in event) this.begin(event.choice)
    if (event.kind === "response-end") this.endAnswer()
    else if (event.kind === "response-start") this.startAnswer(event)
    else this.text += this.renderer.push(event)
  }

  private startAnswer(start: ResponseStart): void {
    const prompt = this.usageSoFar ?? this.intent.estimate
    this.text += this.renderer.push({ ...start, prompt })
  }

  private endAnswer(): void {
    if ([...this.endings.values()].some(({ reason }) => reason === "failed")) {
      this.end = { kind: "error", name: null }
      return
    }
    for (const ending of this.endings.values()) this.text += this.renderer.push(ending)
    const settled = this.usage ?? usageSeen(this, this.intent)
    this.text += this.renderer.push({ kind: "response-end", settled })
    this.hasContent = true
    this.end = { kind: "done" }
  }

  /** As `collectAnswer` has it: a choice that never ended has reason `other`. */
  private begin(choice: number): void {
    if (this.endings.has(choice)) return
    this.endings.set(choice, { kind: "choice-end", choice, reason: "other", stopSequence: null })
  }

  private take(): Uint8Array | null {
    if (this.text.length > this.preambleCharsMax) this.hasContent = true
    if (!this.hasContent || this.text === "") return null
    const bytes = utf8.encode(this.text)
    this.text = ""
    return bytes
  }
}
