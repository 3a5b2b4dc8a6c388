import { expect, test } from "vitest"
import { renderCitations } from "./render-candidate.ts"

test("a citation of a document, which has no address, is told by its title and place", () => {
  const place = { citedText: "c", start: 2, end: 5, documentIndex: 0 }
  expect(renderCitations([{ ...place, url: null, title: "T" }])).toEqual({
    citationSources: [{ title: "T", startIndex: 2, endIndex: 5 }],
  })
  expect(renderCitations([])).toBeUndefined()
})
