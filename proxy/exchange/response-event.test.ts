import { expect, test } from "vitest"
import { contentLength } from "./response-event.ts"

test.each([
  ["plain text is a quarter of a token a character", "abcd", 4],
  ["two bytes are half a token", "éé", 4],
  ["three are a token", "漢", 4],
  ["an emoji is one and a half", "😀", 6],
  ["half an emoji, which a chunk may end in, is half of that", "\ud83d", 3],
  ["nothing is nothing", "", 0],
])("%s", (_name, text, want) => {
  expect(contentLength({ kind: "text-delta", choice: 0, text })).toBe(want)
})
