import { expect, test } from "vitest"
import type { Citation } from "#proxy/exchange/response-event.ts"
import { splitCited } from "./split-cited.ts"

const cite = (url: string, start?: number, end = 0): Citation => ({
  ...{ url, title: null, citedText: null, documentIndex: null, documentPlace: null },
  place: start === undefined ? null : { start, end },
})

/** Each block's text, and the addresses that it rests on. */
function split(text: string, citations: readonly Citation[], start = 0) {
  const own = { start, end: start + [...text].length }
  return splitCited(text, own, citations).map((block) => [
    block.text,
    block.citations.map(({ url }) => url).join(""),
  ])
}

test.each([
  ["a text that rests on nothing is one block", "ä🌍", [], [["ä🌍", ""]]],
  ["one whose sources have no place is one", "ä🌍", [cite("a"), cite("b")], [["ä🌍", "ab"]]],
  ["an empty one has its sources all the same", "", [cite("a"), cite("b", 0, 3)], [["", "ab"]]],
  [
    "what is cited is a block, and so is what lies between",
    "ä🌍 x e\u0301!",
    [cite("b", 5, 7), cite("a", 0, 2)],
    [
      ["ä🌍", "a"],
      [" x ", ""],
      ["e\u0301", "b"],
      ["!", ""],
    ],
  ],
  [
    "white space is no block: it stays with the one before it, or at the start with the next",
    "\n\nab cd\n",
    [cite("a", 2, 4), cite("b", 5, 7)],
    [
      ["\n\nab ", "a"],
      ["cd\n", "b"],
    ],
  ],
  ["one place is one block", "abc", [cite("x", 0, 3), cite("y", 0, 3)], [["abc", "xy"]]],
  [
    "places that overlap share a block, those that touch do not",
    "abcdef",
    [cite("x", 0, 2), cite("y", 1, 4), cite("z", 4, 6)],
    [
      ["abcd", "xy"],
      ["ef", "z"],
    ],
  ],
  [
    "a source without a place, or beyond the text, stands with the last block",
    "abc",
    [cite("x", 0, 1), cite("y"), cite("z", 8, 9)],
    [
      ["a", "x"],
      ["bc", "yz"],
    ],
  ],
] as const)("%s", (_case, text, citations, want) => {
  expect(split(text, citations)).toEqual(want)
})

test("places count from the start of the choice's text", () => {
  expect(split("abc", [cite("x", 1, 6)], 5)).toEqual([
    ["a", "x"],
    ["bc", ""],
  ])
})

test("a hundred thousand places are told in linear time, overlapping or not", () => {
  const text = "ä🌍".repeat(100_000)
  const apart = Array.from({ length: 100_000 }, (_, index) => cite("x", index * 2, index * 2 + 1))
  const nested = apart.map(({ place }) => cite("y", place?.start, 200_000))
  const startedAt = performance.now()
  expect(split(text, apart)).toHaveLength(200_000)
  expect(split(text, nested)).toHaveLength(1)
  // Some 0.3 s; where each place is counted from the start of the text some minutes.
  expect(performance.now() - startedAt).toBeLessThan(10_000)
})
