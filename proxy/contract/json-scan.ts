/**
 * The strict JSON scanner: RFC 8259 on UTF-8 bytes, one pass, no values built.
 *
 * Refused beyond the grammar: a byte order mark, invalid UTF-8, escapes of lone surrogates, numbers
 * outside the range of a double, duplicate keys (escapes resolved), and what is over the limits.
 * Depth is bounded by the limits, so the recursion is too.
 */
import { type JsonDocument, KIND, STRIDE } from "./json-document.ts"
import {
  decimalEnd,
  exponentEnd,
  hex4,
  isDigit,
  isExponent,
  isFiniteNumber,
  isSimpleEscape,
  utf8Length,
} from "./json-grammar.ts"
import { keysBefore, keyText, pathUnderWay, repeatsKey } from "./json-keys.ts"
import type { JsonFault, JsonLimits } from "./json-limits.ts"
import { plainEnd, viewWords, type Words } from "./json-plain.ts"
import { growTape, keepTape, takeTape } from "./json-tape.ts"

export type { JsonFault, JsonLimits } from "./json-limits.ts"

export type ScanResult =
  | { readonly ok: true; readonly document: JsonDocument }
  | { readonly ok: false; readonly fault: JsonFault }

/** Checks `bytes` whole and gives the positions of all values in it. */
export function scanJson(bytes: Uint8Array, limits: JsonLimits): ScanResult {
  if (bytes.length > limits.bytesMax) {
    const message = `JSON of ${bytes.length} bytes is over the limit of ${limits.bytesMax} bytes`
    return { ok: false, fault: { code: "json_too_large", message, offset: 0, path: "" } }
  }
  const scan = new Scan(bytes, limits)
  if (!scan.readAll()) return { ok: false, fault: scan.fault }
  return { ok: true, document: scan.document() }
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/**
 * From here on, or from the first with an escape, an object's keys are remembered in a set instead
 * of compared one by one.
 */
const KEYS_COMPARED_MAX = 12
/** A double has 17 digits that matter; millions of them would only be work. */
const NUMBER_BYTES_MAX = 1024
/** Up to so many characters a number without an exponent is within the range of a double. */
const PLAIN_NUMBER_MAX = 300
const NO_FAULT: JsonFault = { code: "invalid_json", message: "", offset: 0, path: "" }

class Scan {
  fault: JsonFault = NO_FAULT
  private readonly bytes: Uint8Array
  private readonly limits: JsonLimits
  private readonly words: Words | null
  private tape: Int32Array
  private used = 0
  private at = 0
  private tokens = 0
  private depth = 0
  private wideChars = 0
  private wideBytes = 0
  private hasEscapes = false
  /** Node of the open container at each depth, for the path of a fault. */
  private readonly open: number[] = []
  /** Key under way in that container; 0 in an array. */
  private readonly keys: number[] = []

  constructor(bytes: Uint8Array, limits: JsonLimits) {
    this.bytes = bytes
    this.words = viewWords(bytes)
    this.limits = limits
    this.tape = takeTape()
  }

  /** To be called once, at the end: what the tape does not use goes to the next scan. */
  document(): JsonDocument {
    keepTape(this.tape, this.used)
    return this.view()
  }

  private view(): JsonDocument {
    return {
      bytes: this.bytes,
      tape: this.tape,
      wideChars: this.wideChars,
      wideBytes: this.wideBytes,
    }
  }

  readAll(): boolean {
    const { bytes } = this
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
      return this.fail("invalid_json", "the text begins with a byte order mark")
    }
    this.skipSpace()
    if (!this.readValue()) return false
    this.skipSpace()
    if (this.at < bytes.length) return this.unexpected("the end of the text")
    return true
  }

  private readValue(): boolean {
    const byte = this.bytes[this.at]
    switch (byte) {
      case QUOTE:
        return this.readString()
      case OPEN_BRACE:
        return this.readObject()
      case OPEN_BRACKET:
        return this.readArray()
      case 0x74:
        return this.readWord("true", KIND.true)
      case 0x66:
        return this.readWord("false", KIND.false)
      case 0x6e:
        return this.readWord("null", KIND.null)
      default:
        if (byte === 0x2d || isDigit(byte)) return this.readNumber()
        return this.unexpected("a value")
    }
  }

  private readObject(): boolean {
    const { bytes } = this
    const node = this.begin(KIND.object)
    if (node < 0) return false
    this.skipSpace()
    if (bytes[this.at] === CLOSE_BRACE) return this.finish(node)
    this.tokens++
    let count = 0
    let seen: Set<string> | null = null
    for (;;) {
      if (bytes[this.at] !== QUOTE) return this.unexpected("a key in quotes")
      const key = this.used
      if (!this.readString()) return false
      this.keys[this.depth] = key
      this.tape[key + 3] = this.glance(key)
      if (++count > KEYS_COMPARED_MAX || this.hasEscapes || seen !== null) {
        seen ??= keysBefore(this.view(), node, key)
        const size = seen.size
        if (seen.add(keyText(this.view(), key)).size === size) return this.duplicate(key)
      } else if (repeatsKey(this.tape, this.bytes, node, key)) return this.duplicate(key)
      this.skipSpace()
      if (bytes[this.at] !== COLON) return this.unexpected("a colon")
      this.at++
      this.skipSpace()
      if (!this.readValue()) return false
      this.skipSpace()
      const byte = bytes[this.at]
      if (byte === CLOSE_BRACE) return this.finish(node)
      if (byte !== COMMA) return this.unexpected("a comma or a closing brace")
      this.at++
      this.tokens += 2
      if (this.tokens > this.limits.tokensMax) return this.tooManyTokens()
      this.keys[this.depth] = 0
      this.skipSpace()
    }
  }

  private readArray(): boolean {
    const { bytes } = this
    const node = this.begin(KIND.array)
    if (node < 0) return false
    this.skipSpace()
    if (bytes[this.at] === CLOSE_BRACKET) return this.finish(node)
    for (;;) {
      if (!this.readValue()) return false
      this.skipSpace()
      const byte = bytes[this.at]
      if (byte === CLOSE_BRACKET) return this.finish(node)
      if (byte !== COMMA) return this.unexpected("a comma or a closing bracket")
      this.at++
      this.tokens++
      if (this.tokens > this.limits.tokensMax) return this.tooManyTokens()
      this.skipSpace()
    }
  }

  /** Node of the container, or -1 at a limit. */
  private begin(kind: number): number {
    this.tokens += 2
    if (this.tokens > this.limits.tokensMax) {
      this.tooManyTokens()
      return -1
    }
    if (this.depth >= this.limits.depthMax) {
      const message = `nested deeper than ${this.limits.depthMax} levels`
      this.fail("json_too_deep", message)
      return -1
    }
    const node = this.push(kind, this.at, 0)
    this.depth++
    this.open[this.depth] = node
    this.keys[this.depth] = 0
    this.at++
    return node
  }

  private finish(node: number): boolean {
    this.at++
    this.depth--
    this.tape[node + 2] = this.at
    this.tape[node + 3] = this.used
    return this.tokens <= this.limits.tokensMax || this.tooManyTokens()
  }

  private readString(): boolean {
    const { bytes } = this
    const start = this.at
    this.hasEscapes = false
    let at = start + 1
    for (;;) {
      at = plainEnd(bytes, this.words, at)
      const byte = bytes[at]
      if (byte === QUOTE) break
      this.at = at
      const next = byte === BACKSLASH ? this.escapeEnd(at) : this.wideEnd(at)
      if (next < 0) return false
      at = next
    }
    this.at = at + 1
    const kind = this.hasEscapes ? KIND.escaped : KIND.text
    this.push(kind, start, this.at)
    return true
  }

  /** A key's length and first and last bytes in one number. */
  private glance(key: number): number {
    const { bytes, tape } = this
    const start = tape[key + 1] ?? 0
    const end = tape[key + 2] ?? 0
    return ((end - start) << 16) | ((bytes[start + 1] ?? 0) << 8) | (bytes[end - 2] ?? 0)
  }

  /** End of the escape at `at`, a pair of surrogates taken as one; -1 after a fault. */
  private escapeEnd(at: number): number {
    const { bytes } = this
    this.hasEscapes = true
    const letter = bytes[at + 1]
    if (letter !== 0x75) {
      if (isSimpleEscape(letter)) return at + 2
      this.fail("invalid_json", "a backslash is followed by what is no escape", at)
      return -1
    }
    const unit = hex4(bytes, at + 2)
    if (unit < 0) {
      this.fail("invalid_json", "\\u is not followed by four hexadecimal digits", at)
      return -1
    }
    if (unit < 0xd800 || unit > 0xdfff) return at + 6
    const isPair = unit < 0xdc00 && bytes[at + 6] === BACKSLASH && bytes[at + 7] === 0x75
    const low = isPair ? hex4(bytes, at + 8) : -1
    if (low >= 0xdc00 && low <= 0xdfff) return at + 12
    if (this.limits.loneSurrogates === "accepted") return at + 6
    this.fail("invalid_json", "a \\u escape is half of a surrogate pair", at)
    return -1
  }

  /** End of the run of characters of more than one byte at `from`; -1 after a fault. */
  private wideEnd(from: number): number {
    const { bytes } = this
    const first = bytes[from]
    if (first === undefined || first < 0x20) {
      const what = first === undefined ? "the text ends inside" : "a control character stands in"
      this.fail("invalid_json", `${what} a string`, from)
      return -1
    }
    let at = from
    let chars = 0
    for (let byte = first; byte >= 0x80; byte = bytes[at] ?? 0) {
      const length = utf8Length(bytes, at, byte)
      if (length === 0) {
        this.fail("invalid_json", "the text is not valid UTF-8", at)
        return -1
      }
      at += length
      chars++
    }
    this.wideChars += chars
    this.wideBytes += at - from
    return at
  }

  private readNumber(): boolean {
    const { bytes, at: start } = this
    let end = decimalEnd(bytes, start)
    const hasExponent = isExponent(bytes[end])
    if (hasExponent) end = exponentEnd(bytes, end)
    if (end < 0) return this.unexpected("a digit", ~end)
    const length = end - start
    if (length > NUMBER_BYTES_MAX) {
      const message = `the number has over ${NUMBER_BYTES_MAX} characters`
      return this.fail("number_out_of_range", message, start)
    }
    if ((hasExponent || length > PLAIN_NUMBER_MAX) && !isFiniteNumber(bytes, start, end)) {
      return this.fail("number_out_of_range", "the number is outside the range of a double", start)
    }
    this.at = end
    this.push(KIND.number, start, end)
    return true
  }

  private readWord(word: string, kind: number): boolean {
    const { bytes, at } = this
    for (let index = 1; index < word.length; index++) {
      if (bytes[at + index] !== word.charCodeAt(index)) return this.unexpected("a value")
    }
    this.at = at + word.length
    this.push(kind, at, this.at)
    return true
  }

  private push(kind: number, start: number, end: number): number {
    const node = this.used
    if (node + STRIDE > this.tape.length) this.tape = growTape(this.tape)
    const { tape } = this
    tape[node] = kind
    tape[node + 1] = start
    tape[node + 2] = end
    tape[node + 3] = 0
    this.used = node + STRIDE
    return node
  }

  private skipSpace(): void {
    const { bytes } = this
    let at = this.at
    for (;;) {
      const byte = bytes[at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break
      at++
    }
    this.at = at
  }

  private duplicate(key: number): boolean {
    const at = this.tape[key + 1] ?? 0
    return this.fail("duplicate_key", "the key stands twice in its object", at)
  }

  private tooManyTokens(): boolean {
    const message = `more than ${this.limits.tokensMax} commas, colons and brackets`
    return this.fail("json_too_many_tokens", message)
  }

  private unexpected(wanted: string, at = this.at): boolean {
    const what = at >= this.bytes.length ? "the text ends" : "something else stands"
    return this.fail("invalid_json", `${what} where ${wanted} is due`, at)
  }

  private fail(code: JsonFault["code"], message: string, at = this.at): false {
    const offset = Math.min(at, this.bytes.length)
    const open = this.open.slice(1, this.depth + 1)
    const path = pathUnderWay(this.view(), open, this.keys.slice(1), this.used)
    this.fault = { code, message: `${message} (byte ${offset})`, offset, path }
    return false
  }
}
