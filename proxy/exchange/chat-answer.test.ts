import { expect, test } from "vitest"
import { collectAnswer } from "./chat-answer.ts"
import type { ResponseEvent } from "./response-event.ts"

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

test("an answer of two hundred thousand citations is collected in linear time", () => {
  const events = Array.from({ length: 200_000 }, () => cite("a"))
  const startedAt = performance.now()
  const { choices } = collectAnswer(events)
  // Some 0.1 s; with a list that is copied for each of them many minutes.
  expect(performance.now() - startedAt).toBeLessThan(10_000)
  const [part] = choices[0]?.parts ?? []
  expect(part?.kind === "text" ? part.citations.length : 0).toBe(200_000)
})

function cite(url: string): ResponseEvent {
  const none = { title: null, citedText: null, start: null, end: null, documentIndex: null }
  return { kind: "citation-add", choice: 0, citation: { url, ...none } }
}
