/**
 * How large a prompt is, by what it is made of: all that an estimate of its tokens needs.
 *
 * In: positions in a request's body. Out: counts, never text. A surface walks its own shape and
 * says what each span is; no tokenizer runs, since every one of them takes quadratic time on one
 * unbroken run of letters. It must not know models: `quota/estimate-usage.ts` does.
 */
import {
  endOf,
  firstIn,
  isString,
  type JsonDocument,
  KIND,
  kindOf,
  NONE,
  nextIn,
  startOf,
} from "#proxy/contract/json-document.ts"

import { readTerms, type Terms } from "#proxy/contract/price-terms.ts"

/** Of one drawn image in high quality, 1024 x 1536 (OpenAI's "Image generation", costs). */
export const TOKENS_PER_DRAWING = 6240

export interface PromptMeasure {
  /** Bytes of text, of characters of one byte. */
  readonly plainBytes: number
  /** Bytes of text, of characters of more than one, and how many these are. */
  readonly wideBytes: number
  readonly wideChars: number
  readonly messages: number
  readonly hasTools: boolean
  readonly images: number
  /** Of those, the ones asked to be looked at coarsely. */
  readonly coarseImages: number
  /** Bytes of audio and of files that are in the body, decoded. */
  readonly audioBytes: number
  readonly fileBytes: number
  /** Audio and files that the body only refers to. */
  readonly references: number
  /** Whether something is asked to be kept in a cache for an hour. */
  readonly asksHourCache: boolean
  /** What is asked for that costs otherwise than the regular service; absent: nothing is. */
  readonly terms?: Terms
  /** The most that all answers together may have, or a default. */
  readonly outputTokens: number
}

export const EMPTY_PROMPT: PromptMeasure = Object.freeze({
  plainBytes: 0,
  wideBytes: 0,
  wideChars: 0,
  messages: 0,
  hasTools: false,
  images: 0,
  coarseImages: 0,
  audioBytes: 0,
  fileBytes: 0,
  references: 0,
  asksHourCache: false,
  outputTokens: 0,
})

/** What one entry of a list adds to the meter of its body. */
export type Measure = (document: JsonDocument, entry: number, meter: PromptMeter) => void

/** Adds up one body. Every method takes NONE and null as nothing. */
export class PromptMeter {
  messages = 0
  images = 0
  coarseImages = 0
  references = 0
  hasTools = false
  asksHourCache = false
  private textBytes = 0
  private audioBytes = 0
  private fileBytes = 0
  private readonly document: JsonDocument

  constructor(document: JsonDocument) {
    this.document = document
  }

  /** The turns of a conversation, each of which is a message. */
  turns(list: number, measure: Measure): void {
    this.messages += this.each(list, measure)
  }

  /** A turn's content: a list of parts, or else a text whatever it is. */
  content(node: number, measurePart: Measure): void {
    if (node !== NONE && kindOf(this.document, node) === KIND.array) this.each(node, measurePart)
    else this.text(node)
  }

  /** A string, or a whole value as it stands: keys and punctuation are tokens too. */
  text(node: number): void {
    this.textBytes += this.sizeOf(node)
  }

  tools(node: number): void {
    if (this.sizeOf(node) === 0) return
    this.hasTools = true
    this.text(node)
  }

  /** A string of base64, with or without `data:...;base64,` before it. */
  audio(node: number): void {
    this.audioBytes += decodedBytes(this.sizeOf(node))
  }

  /** A recording as it is. */
  recording(bytes: number): void {
    this.audioBytes += bytes
  }

  file(node: number): void {
    this.fileBytes += decodedBytes(this.sizeOf(node))
  }

  finish(outputTokens: number): PromptMeasure {
    const { wideBytes, wideChars } = this.document
    // The body's wide characters are nearly always in its prompt. Where they cannot all be, those
    // that are have as many bytes each as the rest: else other fields could make a prompt small.
    const terms = readTerms(this.document, 0)
    const wide = Math.min(wideBytes, this.textBytes)
    const measure = {
      plainBytes: this.textBytes - wide,
      wideBytes: wide,
      wideChars: wide === wideBytes ? wideChars : Math.floor((wideChars * wide) / wideBytes),
      messages: this.messages,
      hasTools: this.hasTools,
      images: this.images,
      coarseImages: this.coarseImages,
      audioBytes: this.audioBytes,
      fileBytes: this.fileBytes,
      references: this.references,
      asksHourCache: this.asksHourCache,
      outputTokens,
    }
    return terms === undefined ? measure : { ...measure, terms }
  }

  /** How many there are. */
  private each(list: number, measure: Measure): number {
    const { document } = this
    let count = 0
    for (let entry = firstIn(document, list); entry !== NONE; ) {
      count++
      measure(document, entry, this)
      entry = nextIn(document, list, entry)
    }
    return count
  }

  private sizeOf(node: number): number {
    const { document } = this
    if (node === NONE || kindOf(document, node) === KIND.null) return 0
    return endOf(document, node) - startOf(document, node) - (isString(document, node) ? 2 : 0)
  }
}

function decodedBytes(base64: number): number {
  return Math.floor((base64 * 3) / 4)
}
