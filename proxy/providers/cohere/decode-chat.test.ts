import { expect, test } from "vitest"
import { documentOf } from "#test/conformance/translation/wires.ts"
import { decodeAnswer } from "./decode-chat.ts"

test("a citation is told of each of its sources; those of plans and thoughts are not", () => {
  const place = { start: 0, end: 3, text: "abc" }
  const sources = [
    { type: "document", id: "1", document: { title: "A", url: "https://a.example" } },
    { type: "tool", id: "2", tool_output: { title: "B" } },
  ]
  const message = {
    content: [{ type: "text", text: "abc" }],
    citations: [
      { ...place, sources },
      { ...place, sources, type: "PLAN" },
      { ...place, sources: [], type: "TEXT_CONTENT" },
    ],
  }
  const text = JSON.stringify({ id: "1", message, finish_reason: "COMPLETE" })
  const decoded = decodeAnswer(documentOf(text))
  if (!decoded.ok) throw new Error(decoded.fault)
  const cited = decoded.events.flatMap((event) =>
    event.kind === "citation-add" ? [event.citation] : [],
  )
  const said = { citedText: "abc", start: 0, end: 3, documentIndex: null }
  expect(cited).toEqual([
    { ...said, url: "https://a.example", title: "A" },
    { ...said, url: null, title: "B" },
    { ...said, url: null, title: null },
  ])
})
