/** The fields of one server-sent event, from its bytes: its data and its name. */

export interface EventFields {
  /**
   * Lines joined by LF; null when the event has none, as a comment, or an empty one, which says as
   * little. A view where one line is all.
   */
  readonly data: Uint8Array | null
  /** The last `event:` line, at most 64 bytes of it; null without one. */
  readonly name: string | null
}

const NAME_BYTES_MAX = 64

const LF = 0x0a
const CR = 0x0d
const COLON = 0x3a
const SPACE = 0x20

export function readEvent(bytes: Uint8Array, start: number, end: number): EventFields {
  const lines: Uint8Array[] = []
  let name: string | null = null
  let at = hasMark(bytes, start) ? start + 3 : start
  while (at < end) {
    const lineEnd = endOfLine(bytes, at, end)
    const colon = colonIn(bytes, at, lineEnd)
    const valueStart = bytes[colon + 1] === SPACE ? colon + 2 : colon + 1
    const value = bytes.subarray(Math.min(valueStart, lineEnd), lineEnd)
    if (isNamed(bytes, at, colon, "data")) lines.push(value)
    else if (isNamed(bytes, at, colon, "event")) name = nameOf(value)
    at = lineEnd + 1
  }
  const [first] = lines
  if (first === undefined) return { data: null, name }
  const data = lines.length === 1 ? first : joinLines(lines)
  return { data: data.length === 0 ? null : data, name }
}

function nameOf(value: Uint8Array): string {
  return String.fromCharCode(...value.subarray(0, NAME_BYTES_MAX))
}

/** A byte order mark may open a stream. */
function hasMark(bytes: Uint8Array, start: number): boolean {
  return bytes[start] === 0xef && bytes[start + 1] === 0xbb && bytes[start + 2] === 0xbf
}

function endOfLine(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && bytes[at] !== LF && bytes[at] !== CR) at++
  return at
}

/**
 * Position of the colon; the end of the line when there is none: then the whole line is the name.
 */
function colonIn(bytes: Uint8Array, from: number, end: number): number {
  let at = from
  while (at < end && bytes[at] !== COLON) at++
  return at
}

function isNamed(bytes: Uint8Array, from: number, to: number, name: string): boolean {
  if (to - from !== name.length) return false
  for (let index = 0; index < name.length; index++) {
    if (bytes[from + index] !== name.charCodeAt(index)) return false
  }
  return true
}

function joinLines(lines: readonly Uint8Array[]): Uint8Array {
  let length = lines.length - 1
  for (const line of lines) length += line.length
  const joined = new Uint8Array(length).fill(LF)
  let at = 0
  for (const line of lines) {
    joined.set(line, at)
    at += line.length + 1
  }
  return joined
}
