import fc from "fast-check"
import { expect, test } from "vitest"
import { createEventSplitter } from "./sse-events.ts"
import { readEvent } from "./sse-fields.ts"

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

function split(
  chunks: readonly Uint8Array[],
  max = 1000,
): { events: string[]; held: number; ok: boolean } {
  const views: Uint8Array[] = []
  const splitter = createEventSplitter(max, (bytes, start, end) => {
    views.push(bytes.subarray(start, end))
  })
  let ok = true
  for (const chunk of chunks) ok = ok && splitter.push(chunk)
  // Read at the very end: bytes that were handed out must not be written over.
  const events = views.map(decode)
  return { events, held: splitter.bytesHeld, ok }
}

const CASES = [
  ["line feeds", "a\n\nb\n\n", ["a\n\n", "b\n\n"]],
  ["carriage returns", "a\r\rb\r\r", ["a\r\r", "b\r\r"]],
  ["both", "a\r\n\r\nb\r\n\r\n", ["a\r\n\r\n", "b\r\n\r\n"]],
  ["a mix", "a\n\r\nb\r\n\nc\r\r\n", ["a\n\r\n", "b\r\n\n", "c\r\r\n"]],
  ["several lines", "event: x\ndata: y\n\n", ["event: x\ndata: y\n\n"]],
  ["blank lines before an event", "\n\na\n\n", ["\n", "\n", "a\n\n"]],
  ["an unfinished event", "a\n\nb\n", ["a\n\n"]],
] as const

test.each(CASES)("events end at a blank line: %s", (_name, text, want) => {
  expect(split([encode(text)]).events).toEqual(want)
})

test("whatever the split, all bytes come out in order and the same data is read", () => {
  const piece = fc.constantFrom("a", "data: x", "\n", "\r", "\r\n", '"usage"', ":", "é", "\n\n")
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), fc.array(fc.nat(60)), (pieces, points) => {
      const bytes = encode(pieces.join(""))
      const cuts = [...new Set(points.map((point) => Math.min(point, bytes.length)))].sort(
        (a, b) => a - b,
      )
      const chunks = [0, ...cuts].map((from, index) =>
        bytes.slice(from, cuts[index] ?? bytes.length),
      )
      const whole = split([bytes])
      const parts = split(chunks)
      const text = (found: readonly string[]): string => found.join("")
      const all = text(parts.events)
      expect(decode(bytes).startsWith(all)).toBe(true)
      expect(encode(all).length + parts.held).toBe(bytes.length)
      const data = (found: readonly string[]): string[] =>
        found.flatMap((event) => {
          const fields = readEvent(encode(event), 0, encode(event).length)
          return fields.data === null ? [] : [decode(fields.data)]
        })
      expect(data(parts.events)).toEqual(data(whole.events))
    }),
    { numRuns: 1000 },
  )
})

test("an event of lines in CRLF ends with its LF, whatever the split", () => {
  const text = "data: a\r\n\r\ndata: b\r\n\r\n"
  const bytes = encode(text)
  for (let cut = 0; cut <= bytes.length; cut++) {
    const { events } = split([bytes.slice(0, cut), bytes.slice(cut)])
    expect(events).toEqual(["data: a\r\n\r\n", "data: b\r\n\r\n"])
  }
})

test("an unfinished event over the limit is refused, whole ones of any size are not held", () => {
  expect(split([encode("x".repeat(1001))]).ok).toBe(false)
  expect(split([encode("x".repeat(999)), encode("yy")]).ok).toBe(false)
  expect(split([encode(`${"x".repeat(5000)}\n\n`)]).ok).toBe(true)
})

const FIELDS = [
  ["data with a space", "data: x\n\n", "x", null],
  ["data without", "data:x\n\n", "x", null],
  ["only one space goes", "data:  x\n\n", " x", null],
  ["several lines of data", "data: a\ndata:b\n\n", "a\nb", null],
  ["data without a colon is empty, which is none", "data\n\n", null, null],
  ["empty data, as servers keep connections alive", "event: ping\ndata: \n\n", null, "ping"],
  ["an event named error", "event: error\ndata: x\n\n", "x", "error"],
  ["another name", "event: errors\ndata: x\n\n", "x", "errors"],
  ["a comment", ": data: x\n\n", null, null],
  ["a field that is longer", "database: x\n\n", null, null],
  ["the LF of the event before", "\ndata: x\r\n\r\n", "x", null],
  ["a byte order mark", "\ufeffdata: x\n\n", "x", null],
] as const

test.each(FIELDS)("fields: %s", (_name, text, data, name) => {
  const bytes = encode(text)
  const fields = readEvent(bytes, 0, bytes.length)
  expect(fields.data === null ? null : decode(fields.data)).toBe(data)
  expect(fields.name).toBe(name)
})
