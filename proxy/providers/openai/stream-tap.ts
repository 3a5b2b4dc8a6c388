/**
 * Reads along in a stream of chunks, of chat or of text: first content, usage, errors, `[DONE]`.
 *
 * Bytes pass as they came, in whole events. Until the first content they are held, so that another
 * provider can still answer; after it an event is looked into only when it may hold usage or an
 * error. The usage event that we asked for is dropped for a client that did not.
 */
import {
  endOf,
  firstIn,
  isString,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  NONE,
  nextIn,
  startOf,
  textEquals,
  textOf,
  valueOfKey,
} from "#proxy/contract/json-document.ts"
import { type JsonLimits, scanJson } from "#proxy/contract/json-scan.ts"
import type { TokenUsage } from "#proxy/contract/records.ts"
import { frameLimits, isDoneMarker } from "#proxy/wire/frame-reader.ts"
import { joinBytes } from "#proxy/wire/join-bytes.ts"
import { createEventSplitter, type EventSplitter } from "#proxy/wire/sse-events.ts"
import { readEvent } from "#proxy/wire/sse-fields.ts"
import type { StreamTap, TapEnd, TapOptions } from "../adapter.ts"
import { isSuspect } from "./find-suspect.ts"
import { hasError, isReason, nameOfError } from "./read-answer.ts"
import { readUsage } from "./read-usage.ts"

const DONE: TapEnd = Object.freeze({ kind: "done" })

export function openTap(options: TapOptions): StreamTap {
  return new OpenAiTap(options)
}

class OpenAiTap implements StreamTap {
  end: TapEnd | null = null
  hasContent = false
  usage: TokenUsage | undefined = undefined
  private readonly options: TapOptions
  private readonly limits: JsonLimits
  private readonly splitter: EventSplitter
  /** Events before the first content, then null. */
  private preamble: Uint8Array[] | null = []
  private preambleBytes = 0
  /** What goes on of the buffer under way: one run of whole events, and runs before it. */
  private buffer: Uint8Array | null = null
  private runStart = 0
  private runEnd = 0
  private readonly runs: Uint8Array[] = []
  contentEvents = 0
  private contentBytes = 0
  /** Bytes of the first content event that are not its content. */
  private frameBytes = 0
  /** Where the last event with choices lies; null before any. */
  private last: Uint8Array | null = null
  private lastStart = 0
  private lastEnd = 0

  constructor(options: TapOptions) {
    this.options = options
    this.limits = frameLimits(options.eventBytesMax)
    this.splitter = createEventSplitter(options.eventBytesMax, (bytes, start, end) =>
      this.onEvent(bytes, start, end),
    )
  }

  tokensSeen(bytesPerToken: number): number {
    return Math.max(this.contentEvents, Math.ceil(this.contentBytes / bytesPerToken))
  }

  push(chunk: Uint8Array): Uint8Array | null {
    if (this.end !== null) return null
    this.buffer = null
    this.runStart = 0
    this.runEnd = 0
    if (!this.splitter.push(chunk) && this.end === null) {
      const detail = `one event is over ${this.options.eventBytesMax} bytes`
      this.end = { kind: "invalid", detail }
    }
    return this.takeRuns()
  }

  /**
   * `[DONE]` is the end. Some vendors close without it (Perplexity): an end too, where the last
   * choice had one.
   */
  finish(): Uint8Array | null {
    const { last, lastStart, lastEnd } = this
    if (this.end !== null || last === null) return null
    const { data } = readEvent(last, lastStart, lastEnd)
    const scanned = data === null ? null : scanJson(data, this.limits)
    if (scanned?.ok !== true) return null
    const { document } = scanned
    if (isFinished(document, memberOf(document, 0, "choices"))) this.end = DONE
    return null
  }

  private onEvent(bytes: Uint8Array, start: number, end: number): void {
    if (this.end !== null) return
    this.buffer = bytes
    if (this.preamble === null && isPlainData(bytes, start) && !isSuspect(bytes, start, end)) {
      this.contentEvents++
      this.contentBytes += Math.max(0, end - start - this.frameBytes)
      this.note(bytes, start, end)
      this.pass(start, end)
      return
    }
    this.inspect(bytes, start, end)
  }

  private note(bytes: Uint8Array, start: number, end: number): void {
    this.last = bytes
    this.lastStart = start
    this.lastEnd = end
  }

  private inspect(bytes: Uint8Array, start: number, end: number): void {
    const event = readEvent(bytes, start, end)
    if (event.data === null) {
      // A comment keeps the connection alive; before the first content nobody waits for it.
      if (this.preamble === null) this.pass(start, end)
      return
    }
    if (isDoneMarker(event.data)) {
      this.commit()
      this.pass(start, end)
      this.end = DONE
      return
    }
    const scanned = scanJson(event.data, this.limits)
    if (!scanned.ok || kindOf(scanned.document, 0) !== KIND.object) {
      const detail = scanned.ok ? "an event is not a JSON object" : scanned.fault.message
      this.end = { kind: "invalid", detail }
      return
    }
    const { document } = scanned
    const isError = event.name === "error" || hasError(document)
    if (isError) this.end = { kind: "error", name: nameOfError(document) }
    else this.inspectChunk(document, bytes, start, end)
  }

  private inspectChunk(chunk: JsonDocument, bytes: Uint8Array, start: number, end: number): void {
    const usage = readUsage(chunk)
    if (usage !== undefined) this.usage = usage
    const choices = memberOf(chunk, 0, "choices")
    const hasChoices =
      choices !== NONE && kindOf(chunk, choices) === KIND.array && firstIn(chunk, choices) !== NONE
    if (!hasChoices && !this.options.wantsUsage && isReport(chunk)) return
    if (hasChoices) this.note(bytes, start, end)
    const contentBytes = hasChoices ? measureContent(chunk, choices) : 0
    if (contentBytes > 0) {
      if (this.contentEvents === 0) this.frameBytes = end - start - contentBytes
      this.contentEvents++
      this.contentBytes += contentBytes
    }
    if (contentBytes > 0 || (hasChoices && isFinished(chunk, choices))) this.commit()
    this.pass(start, end)
  }

  /** From here on events go to the client, the held ones first. */
  private commit(): void {
    if (this.preamble === null) return
    for (const held of this.preamble) this.runs.push(held)
    this.preamble = null
    this.hasContent = true
  }

  private pass(start: number, end: number): void {
    const { buffer } = this
    if (buffer === null) return
    if (this.preamble !== null) {
      this.preamble.push(buffer.subarray(start, end))
      this.preambleBytes += end - start
      if (this.preambleBytes > this.options.preambleBytesMax) this.commit()
      return
    }
    if (this.runEnd === start && this.runEnd > this.runStart) {
      this.runEnd = end
      return
    }
    this.closeRun(buffer)
    this.runStart = start
    this.runEnd = end
  }

  private closeRun(buffer: Uint8Array): void {
    if (this.runEnd === this.runStart) return
    const isWhole = this.runStart === 0 && this.runEnd === buffer.length
    this.runs.push(isWhole ? buffer : buffer.subarray(this.runStart, this.runEnd))
    this.runStart = 0
    this.runEnd = 0
  }

  private takeRuns(): Uint8Array | null {
    if (this.buffer !== null) this.closeRun(this.buffer)
    this.buffer = null
    const { runs } = this
    if (runs.length === 0) return null
    const whole = joinBytes(runs)
    runs.length = 0
    return whole
  }
}

/** `data: {` or `data:{`: an ordinary chunk, whose inside need not be looked at. */
function isPlainData(bytes: Uint8Array, start: number): boolean {
  if (bytes[start] !== 0x64 || bytes[start + 4] !== 0x3a) return false
  const next = bytes[start + 5]
  return next === 0x7b || (next === 0x20 && bytes[start + 6] === 0x7b)
}

/** A chunk without choices that carries a report, whatever is in it. */
function isReport(chunk: JsonDocument): boolean {
  const usage = memberOf(chunk, 0, "usage")
  return usage !== NONE && kindOf(chunk, usage) === KIND.object
}

/**
 * Bytes of what the deltas bring, 0 for a preamble. Whatever a delta holds besides `role` is
 * content: text, a refusal, tool calls, and the reasoning fields that vendors name differently.
 */
function measureContent(chunk: JsonDocument, choices: number): number {
  let bytes = 0
  for (
    let choice = firstIn(chunk, choices);
    choice !== NONE;
    choice = nextIn(chunk, choices, choice)
  ) {
    const text = memberOf(chunk, choice, "text")
    if (text !== NONE) bytes += contentIn(chunk, text)
    const delta = memberOf(chunk, choice, "delta")
    if (delta === NONE || kindOf(chunk, delta) !== KIND.object) continue
    for (let key = firstIn(chunk, delta); key !== NONE; ) {
      const value = valueOfKey(key)
      if (!textEquals(chunk, key, "role")) bytes += contentIn(chunk, value)
      key = nextIn(chunk, delta, value)
    }
  }
  return bytes
}

function contentIn(chunk: JsonDocument, value: number): number {
  if (isString(chunk, value)) return endOf(chunk, value) - startOf(chunk, value) - 2
  if (kindOf(chunk, value) > KIND.array || firstIn(chunk, value) === NONE) return 0
  return endOf(chunk, value) - startOf(chunk, value)
}

function isFinished(chunk: JsonDocument, choices: number): boolean {
  const choice = firstIn(chunk, choices)
  const reason = memberOf(chunk, choice, "finish_reason")
  return reason !== NONE && isString(chunk, reason) && isReason(textOf(chunk, reason))
}
