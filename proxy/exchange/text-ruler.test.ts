import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { cutSpan, spanOf, TextRuler } from "./text-ruler.ts"

function rulerOf(...pieces: readonly string[]): TextRuler {
  const ruler = new TextRuler()
  for (const piece of pieces) ruler.add(piece)
  return ruler
}

const bytesOf = (text: string) => new TextEncoder().encode(text).length

describe("a place in bytes", () => {
  // a: 1 byte, ä: 2, €: 3, 🌍: 4, e + combining acute: 1 + 2.
  const text = "aä€🌍e\u0301z"
  test.each([
    ["of the whole text", 0, 14, { start: 0, end: 7 }],
    ["of one character of four bytes", 6, 10, { start: 3, end: 4 }],
    ["of a combining mark alone", 11, 13, { start: 5, end: 6 }],
    ["that begins within a character begins with it", 4, 10, { start: 2, end: 4 }],
    ["that ends within a character ends behind it", 1, 8, { start: 1, end: 4 }],
    ["that ends beyond the text ends with it", 13, 99, { start: 6, end: 7 }],
    ["beyond the text is none", 14, 99, null],
  ])("%s", (_case, start, end, want) => {
    expect(rulerOf(text).pointsOf({ start, end })).toEqual(want)
    expect(rulerOf(...text.split("")).pointsOf({ start, end })).toEqual(want)
  })
})

test("a place in code points that goes beyond the text is cut off, and none beyond it is told", () => {
  const ruler = rulerOf("ä🌍")
  expect(ruler.bytesOf({ start: 1, end: 9 })).toEqual({ start: 2, end: 6 })
  expect(ruler.bytesOf({ start: 2, end: 9 })).toBeNull()
  expect(rulerOf("").bytesOf({ start: 0, end: 9 })).toBeNull()
})

test("half a character is one, of the three bytes that UTF-8 has for it", () => {
  const ruler = rulerOf("a\ud83c")
  expect([ruler.points, ruler.bytes]).toEqual([2, 4])
  expect(ruler.pointsOf({ start: 1, end: 4 })).toEqual({ start: 1, end: 2 })
  ruler.add("\udf0d")
  expect([ruler.points, ruler.bytes]).toEqual([2, 5])
  const lone = rulerOf("\udf0d", "\ud83c", "x")
  expect([lone.points, lone.bytes]).toEqual([3, 7])
})

test("bytes and code points of every text are those of its characters, however it is cut", () => {
  const text = fc.string({ unit: "binary", maxLength: 40 })
  const cuts = fc.array(fc.nat(80), { maxLength: 6 })
  fc.assert(
    fc.property(text, cuts, fc.nat(45), fc.nat(45), (said, at, from, to) => {
      const edges = [0, ...at.toSorted((a, b) => a - b), said.length]
      const pieces = edges.slice(1).map((edge, index) => said.slice(edges[index], edge))
      const ruler = rulerOf(...pieces)
      const characters = [...said]
      expect([ruler.points, ruler.bytes]).toEqual([characters.length, bytesOf(said)])
      const span = spanOf(from, Math.min(to, characters.length))
      if (span === null) return
      const bytes = ruler.bytesOf(span)
      expect(bytes).toEqual({
        start: bytesOf(characters.slice(0, span.start).join("")),
        end: bytesOf(characters.slice(0, span.end).join("")),
      })
      expect(bytes === null ? null : ruler.pointsOf(bytes)).toEqual(span)
    }),
  )
})

test("a hundred thousand places of a long text are found in no time", () => {
  const ruler = rulerOf("aä€🌍".repeat(250_000))
  const startedAt = performance.now()
  for (let index = 0; index < 100_000; index++) {
    ruler.pointsOf({ start: index * 25, end: index * 25 + 10 })
  }
  // Some 0.1 s; where each place is counted from the start of the text some minutes.
  expect(performance.now() - startedAt).toBeLessThan(5000)
})

test("what of a place lies in a piece of the text is counted from the piece's start", () => {
  const piece = { start: 10, end: 20 }
  expect(cutSpan({ start: 12, end: 15 }, piece)).toEqual({ start: 2, end: 5 })
  expect(cutSpan({ start: 5, end: 25 }, piece)).toEqual({ start: 0, end: 10 })
  expect(cutSpan({ start: 2, end: 10 }, piece)).toBeNull()
  expect(cutSpan({ start: 20, end: 30 }, piece)).toBeNull()
  expect(cutSpan(null, piece)).toBeNull()
})

test("a text of more changes than are kept is measured as far as they go", () => {
  const changes = "aä".repeat(50_000)
  const ruler = rulerOf(...Array.from({ length: 11 }, () => changes))
  // The first mark is the start: ten pieces of 100,000 changes, and the eleventh is left out.
  expect([ruler.points, ruler.bytes]).toEqual([1_000_000, 1_500_000])
  expect(ruler.pointsOf({ start: 1_499_997, end: 1_499_999 })).toEqual({
    start: 999_998,
    end: 1_000_000,
  })
  expect(ruler.pointsOf({ start: 1_500_000, end: 1_600_000 })).toBeNull()
  expect(ruler.bytesOf({ start: 1_000_000, end: 1_050_000 })).toBeNull()
})
