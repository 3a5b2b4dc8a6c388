/**
 * `multipart/form-data`, whole bodies only: parsed, bounded and built again under another boundary.
 *
 * In: the bytes of a form and its content type. Out: its parts with their bytes as they came, or
 * what is wrong and in which part; of parts, a body. It is strict where readers of forms differ,
 * since the next one must see the same parts: no preamble, no line that only begins like a
 * boundary, no folded header, no second name. It must not know what a form is for.
 * Source: RFC 7578; RFC 2046 section 5.1.1 for the boundary.
 */

export interface FormPart {
  readonly name: string
  /** It says that it is a file, whatever it is called. */
  readonly isFile: boolean
  /** The header's value as it came, byte for byte as Latin-1. */
  readonly disposition: string
  readonly contentType: string | null
  readonly content: Uint8Array
}

export type FormResult =
  | { readonly ok: true; readonly parts: readonly FormPart[] }
  | { readonly ok: false; readonly fault: FormFault }

export interface FormFault {
  readonly isTooLarge: boolean
  /** Without the caller's words. */
  readonly message: string
  /** Counted from 1; 0 is the form itself. */
  readonly part: number
}

/** More are refused. */
export const FORM_PARTS_MAX = 64
/** Of one part's headers together; more are refused. */
export const PART_HEADER_BYTES_MAX = 4096
/** Boundaries of our own that are tried; a body that holds all of these was made to. */
const CANDIDATES_MAX = 8

/** Of a `multipart/form-data` content type; null when it has none, or one that RFC 2046 forbids. */
export function readBoundary(contentType: string): string | null {
  const found = BOUNDARY.exec(contentType)
  const boundary = found?.[1] ?? found?.[2] ?? ""
  return BOUNDARY_TEXT.test(boundary) ? boundary : null
}

export function parseForm(body: Uint8Array, boundary: string): FormResult {
  try {
    return { ok: true, parts: [...readParts(body, boundary)] }
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault
    const { message, part, isTooLarge } = fault
    return { ok: false, fault: { message, part, isTooLarge } }
  }
}

/**
 * A boundary that no part holds, from letters and digits that differ for each request; null when
 * the parts hold every one that is tried, which no one's do by chance.
 */
export function chooseBoundary(parts: readonly FormPart[], seed: string): string | null {
  const stem = `sidegate-${seed.replaceAll(/[^\w-]/g, "").slice(-48)}`
  for (let turn = 0; turn < CANDIDATES_MAX; turn++) {
    const candidate = turn === 0 ? stem : `${stem}-${turn}`
    const mark = needleOf(`--${candidate}`)
    if (parts.every(({ content }) => find(content, mark, 0) < 0)) return candidate
  }
  return null
}

export function buildForm(parts: readonly FormPart[], boundary: string): Uint8Array {
  const pieces: Uint8Array[] = []
  for (const { disposition, contentType, content } of parts) {
    const type = contentType === null ? "" : `Content-Type: ${contentType}\r\n`
    const head = `--${boundary}\r\nContent-Disposition: ${disposition}\r\n${type}\r\n`
    pieces.push(latin1(head), content, NEW_LINE)
  }
  pieces.push(latin1(`--${boundary}--\r\n`))
  const body = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    body.set(piece, at)
    at += piece.length
  }
  return body
}

/** A field of our own; `name` needs no quoting. */
export function formField(name: string, value: string): FormPart {
  const content = new TextEncoder().encode(value)
  const disposition = `form-data; name="${name}"`
  return { name, isFile: false, disposition, contentType: null, content }
}

const BOUNDARY = /;[\t ]*boundary=(?:"([^"]*)"|([^\t "();,]+))[\t ]*(?:;|$)/i
const BOUNDARY_TEXT = /^[\w'()+,\-./:=? ]{0,69}[\w'()+,\-./:=?]$/
const NEW_LINE = latin1("\r\n")
const HEADERS_END = needleOf("\r\n\r\n")
const [DASH, SPACE, TAB] = [45, 32, 9] as const
const BLANKS: ReadonlySet<number> = new Set([SPACE, TAB, ...NEW_LINE])

class Fault extends Error {
  readonly part: number
  readonly isTooLarge: boolean

  constructor(part: number, message: string, isTooLarge = false) {
    super(message)
    this.part = part
    this.isTooLarge = isTooLarge
  }
}

function* readParts(body: Uint8Array, boundary: string): Generator<FormPart> {
  const mark = needleOf(`\r\n--${boundary}`)
  const { length } = mark.bytes
  let at = startsWith(body, mark.bytes.subarray(2), 0) ? length - 2 : length
  if (at === length && !startsWith(body, mark.bytes, 0)) {
    throw new Fault(0, "the body does not begin with the boundary of its content-type")
  }
  for (let part = 1; !isClosed(body, at); part++) {
    if (part > FORM_PARTS_MAX) {
      throw new Fault(0, `the form has more than ${FORM_PARTS_MAX} parts`, true)
    }
    const start = lineEnd(body, at, part)
    const headEnd = endOfHeaders(body, start, part)
    // Of an empty part the line end before its boundary may be that of its headers.
    const end = find(body, mark, headEnd - NEW_LINE.length)
    if (end < 0) throw new Fault(part, "the last boundary is missing: the body is cut off")
    const head = body.subarray(start, headEnd - HEADERS_END.bytes.length)
    yield readPart(head, body.subarray(Math.min(headEnd, end), end), part)
    at = end + length
  }
}

/**
 * At a boundary: whether it is the last one; nothing may follow that but blanks and ends of lines,
 * of which Ruby's clients write two.
 */
function isClosed(body: Uint8Array, at: number): boolean {
  if (body[at] !== DASH || body[at + 1] !== DASH) return false
  if (body.subarray(at + 2).every((byte) => BLANKS.has(byte))) return true
  throw new Fault(0, "something follows the last boundary")
}

function lineEnd(body: Uint8Array, from: number, part: number): number {
  let at = from
  while (body[at] === SPACE || body[at] === TAB) at++
  if (startsWith(body, NEW_LINE, at)) return at + 2
  throw new Fault(part, "a line begins like the boundary and goes on as something else")
}

/** Where the content begins. */
function endOfHeaders(body: Uint8Array, start: number, part: number): number {
  const head = body.subarray(start, start + PART_HEADER_BYTES_MAX)
  const end = find(head, HEADERS_END, 0)
  if (end >= 0) return start + end + HEADERS_END.bytes.length
  const isTooLarge = head.length === PART_HEADER_BYTES_MAX
  const limit = `its headers have more than ${PART_HEADER_BYTES_MAX} bytes`
  throw new Fault(part, isTooLarge ? limit : "its headers do not end", isTooLarge)
}

function readPart(head: Uint8Array, content: Uint8Array, part: number): FormPart {
  const headers = readHeaders(head, part)
  const coding = headers.get("content-transfer-encoding") ?? "binary"
  if (!/^(?:7bit|8bit|binary)$/i.test(coding)) {
    throw new Fault(part, "its content-transfer-encoding is not taken; send its bytes as they are")
  }
  const contentType = headers.get("content-type") ?? null
  if (contentType !== null && /^multipart\//i.test(contentType)) {
    throw new Fault(part, "it is a form in a form; send each file as a part of its own")
  }
  const disposition = headers.get("content-disposition")
  if (disposition === undefined) throw new Fault(part, "it has no content-disposition")
  const named = readDisposition(disposition, part)
  return { ...named, disposition, contentType, content }
}

/** Other headers than the three are to be ignored (RFC 7578 section 4.8). */
function readHeaders(head: Uint8Array, part: number): ReadonlyMap<string, string> {
  const headers = new Map<string, string>()
  for (const line of textOf(head).split("\r\n")) {
    const [, name = "", value = ""] = HEADER.exec(line) ?? []
    if (name === "") throw new Fault(part, "it has a line that is no header")
    const key = name.toLowerCase()
    if (headers.has(key)) throw new Fault(part, "one of its headers stands more than once")
    headers.set(key, trimBlanks(value))
  }
  return headers
}

/**
 * Printable Latin-1 and tabs: a name may be in UTF-8, and no line can end early. Blanks around the
 * value are cut by hand: an expression that does it takes quadratic time within a long run of them.
 */
const HEADER = /^([\w!#$%&'*+.^`|~-]+):([\t\x20-\x7e\x80-\xff]*)$/

function trimBlanks(text: string): string {
  let [start, end] = [0, text.length]
  while (start < end && isBlank(text.charCodeAt(start))) start++
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isBlank(unit: number): boolean {
  return unit === SPACE || unit === TAB
}

const PARAMETER = /[\t ]*;[\t ]*([a-z]+\*?)=(?:"((?:[^"\\]|\\.)*)"|([\w!#$%&'*+.^`|~-]+))/iy

function readDisposition(value: string, part: number): { name: string; isFile: boolean } {
  const parameters = new Map<string, string>()
  let at = /^form-data/i.test(value) ? "form-data".length : value.length + 1
  while (at < value.length) {
    PARAMETER.lastIndex = at
    const [, key = "", quoted, token = ""] = PARAMETER.exec(value) ?? []
    const isKnown = ["name", "filename", "filename*"].includes(key.toLowerCase())
    if (!isKnown || parameters.has(key.toLowerCase())) break
    parameters.set(key.toLowerCase(), quoted?.replaceAll(/\\(.)/g, "$1") ?? token)
    at = PARAMETER.lastIndex
  }
  if (at !== value.length) {
    throw new Fault(part, 'its content-disposition is not form-data; name="..."; filename="..."')
  }
  const name = new TextDecoder().decode(latin1(parameters.get("name") ?? ""))
  if (name === "") throw new Fault(part, "it has no name")
  if (name.includes("\ufffd")) throw new Fault(part, "its name is not UTF-8")
  return { name, isFile: parameters.has("filename") || parameters.has("filename*") }
}

interface Needle {
  readonly bytes: Uint8Array
  /** By the byte under the needle's last one: how far the next place can be. */
  readonly shifts: Uint8Array
}

/** Of at most 255 characters. */
function needleOf(text: string): Needle {
  const bytes = latin1(text)
  const shifts = new Uint8Array(256).fill(bytes.length)
  for (const [index, byte] of bytes.subarray(0, -1).entries()) {
    shifts[byte] = bytes.length - 1 - index
  }
  return { bytes, shifts }
}

/**
 * First place of the needle at or after `from`, or -1 (Horspool's search). It compares from the
 * needle's first two bytes on, which a boundary does not have again: time is linear at worst.
 */
function find(haystack: Uint8Array, { bytes, shifts }: Needle, from: number): number {
  const [first, second] = bytes
  const last = bytes.length - 1
  for (let at = from; at + last < haystack.length; ) {
    const isLikely = haystack[at] === first && haystack[at + 1] === second
    if (isLikely && startsWith(haystack, bytes, at)) return at
    at += shifts[haystack[at + last] ?? 0] ?? 1
  }
  return -1
}

function startsWith(bytes: Uint8Array, needle: Uint8Array, at: number): boolean {
  if (at + needle.length > bytes.length) return false
  for (let index = 0; index < needle.length; index++) {
    if (bytes[at + index] !== needle[index]) return false
  }
  return true
}

function textOf(bytes: Uint8Array): string {
  let text = ""
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0))
}
