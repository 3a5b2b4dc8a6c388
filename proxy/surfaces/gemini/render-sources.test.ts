import { expect, test } from "vitest"
import type { AnswerPart } from "#proxy/exchange/chat-answer.ts"
import type { Citation } from "#proxy/exchange/response-event.ts"
import { renderSources } from "./render-sources.ts"

const A = "https://a.example"
const B = "https://b.example"
const NONE = { citedText: "c", documentIndex: null, documentPlace: null }
const link = (url: string, place: Citation["place"] = null): Citation => {
  return { ...NONE, url, title: null, place }
}
const text = (said: string, ...citations: readonly Citation[]): AnswerPart => {
  return { kind: "text", text: said, citations }
}

test("what rests on nothing has no fields", () => {
  expect(renderSources([text("x")])).toEqual({})
})

test("links at one place are one support, in bytes, and are quoted there", () => {
  const place = { start: 1, end: 2 }
  expect(renderSources([text("ä🌍!", link(A, place), link(B, place), link(A))])).toEqual({
    citationMetadata: {
      citationSources: [
        { uri: A, startIndex: 2, endIndex: 6 },
        { uri: B, startIndex: 2, endIndex: 6 },
      ],
    },
    groundingMetadata: {
      groundingChunks: [{ web: { uri: A } }, { web: { uri: B } }],
      groundingSupports: [
        { segment: { startIndex: 2, endIndex: 6 }, groundingChunkIndices: [0, 1] },
      ],
    },
  })
})

test("a segment counts from the start of its part, and a quote from that of the text", () => {
  const thought: AnswerPart = { kind: "reasoning", text: "hm", signature: null }
  const later = link(A, { start: 2, end: 3 })
  expect(renderSources([text("ää"), thought, text("öx", later)])).toEqual({
    citationMetadata: { citationSources: [{ uri: A, startIndex: 4, endIndex: 6 }] },
    groundingMetadata: {
      groundingChunks: [{ web: { uri: A } }],
      groundingSupports: [
        { segment: { partIndex: 2, startIndex: 0, endIndex: 2 }, groundingChunkIndices: [0] },
      ],
    },
  })
})

test("a citation of a document, which has no address, is told by its title and place", () => {
  const document = { documentIndex: 0, documentPlace: { start: 9, end: 12 } }
  const place = { start: 2, end: 5 }
  const quote = { ...NONE, url: null, title: "T", place, ...document }
  expect(renderSources([text("abcdef", quote, { ...quote, place: null })])).toEqual({
    citationMetadata: {
      citationSources: [{ title: "T", startIndex: 2, endIndex: 5 }, { title: "T" }],
    },
  })
})

test("a place beyond the text is none: its link is a source of the whole answer", () => {
  expect(renderSources([text("x", link(A, { start: 7, end: 9 }))])).toEqual({
    groundingMetadata: { groundingChunks: [{ web: { uri: A } }] },
  })
})
