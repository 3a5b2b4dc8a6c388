import { expect, test } from "vitest"
import { collectAnswer, placesOfTexts } from "./chat-answer.ts"
import type { Citation, ResponseEvent } from "./response-event.ts"

test("a citation belongs to the last text before it, or to an empty one where there is none", () => {
  const { choices } = collectAnswer([
    cite("a"),
    { kind: "refusal-delta", choice: 0, text: "no" },
    { kind: "text-delta", choice: 0, text: "one" },
    cite("b"),
    { kind: "text-delta", choice: 0, text: "more" },
    { kind: "reasoning-delta", choice: 0, text: "hm" },
    cite("c"),
  ])
  const parts = choices[0]?.parts.map((part) =>
    part.kind === "text" ? [part.text, part.citations.map(({ url }) => url)] : part.kind,
  )
  expect(parts).toEqual([["", ["a"]], "refusal", ["onemore", ["b", "c"]], "reasoning"])
})

test("a citation with a place belongs to the text that it begins in, whenever it is told", () => {
  const place = (start: number, end: number) => ({ start, end })
  const { choices } = collectAnswer([
    { kind: "text-delta", choice: 0, text: "ä🌍" },
    { kind: "reasoning-delta", choice: 0, text: "hm" },
    { kind: "text-delta", choice: 0, text: "more" },
    cite("second", place(2, 3)),
    cite("first", place(1, 4)),
    cite("beyond", place(6, 9)),
  ])
  const [choice] = choices
  const parts = choice?.parts.map((part) =>
    part.kind === "text" ? part.citations.map(({ url }) => url) : part.kind,
  )
  expect(parts).toEqual([["first"], "reasoning", ["second", "beyond"]])
  expect(placesOfTexts(choice?.parts ?? [])).toEqual([place(0, 2), place(2, 2), place(2, 6)])
})

test("an answer of two hundred thousand citations is collected in linear time", () => {
  const events = Array.from({ length: 200_000 }, () => cite("a"))
  const startedAt = performance.now()
  const { choices } = collectAnswer(events)
  // Some 0.1 s; with a list that is copied for each of them many minutes.
  expect(performance.now() - startedAt).toBeLessThan(10_000)
  const [part] = choices[0]?.parts ?? []
  expect(part?.kind === "text" ? part.citations.length : 0).toBe(200_000)
})

function cite(url: string, place: Citation["place"] = null): ResponseEvent {
  const none = { title: null, citedText: null, documentIndex: null, documentPlace: null }
  return { kind: "citation-add", choice: 0, citation: { url, place, ...none } }
}
