/** What an answer rests on, where vendors say it beside the choices. */
import { expect, test } from "vitest"
import { documentOf } from "#test/conformance/translation/wires.ts"
import { decodeAnswer, openDecoder } from "./decode-chat.ts"

const A = "https://a.example"
const B = "https://b.example"
const annotation = (url: string) => ({
  type: "url_citation",
  url_citation: { url, title: "t", start_index: 1, end_index: 2 },
})

/** Choice, address and title of each citation, and the ends of choices, in their order. */
function streamed(chunks: readonly object[]) {
  const decoder = openDecoder()
  const events = chunks.flatMap((chunk) => {
    const document = documentOf(JSON.stringify({ id: "1", ...chunk }))
    return decoder.push({ kind: "json", name: null, document })
  })
  return events.flatMap((event) => {
    if (event.kind === "choice-end") return [`${event.choice} ends`]
    if (event.kind !== "citation-add") return []
    return [`${event.choice} ${event.citation.url} ${event.citation.title}`]
  })
}

const says = (delta: object, index = 0) => ({ index, delta, finish_reason: null })
const ends = (delta: object = {}, index = 0) => ({ index, delta, finish_reason: "stop" })

const cases = [
  {
    name: "a list in every chunk is told once, when the choice ends",
    chunks: [
      { citations: [A], choices: [says({ content: "x" })] },
      { citations: [A, B], choices: [says({ content: "y" })] },
      { citations: [A, B], choices: [ends()] },
    ],
    want: [`0 ${A} null`, `0 ${B} null`, "0 ends"],
  },
  {
    name: "a list that comes behind the end is told then",
    chunks: [{ choices: [ends({ content: "x" })] }, { choices: [], citations: [A] }],
    want: ["0 ends", `0 ${A} null`],
  },
  {
    name: "what an annotation says is not said again",
    chunks: [
      { choices: [says({ content: "x", annotations: [annotation(A)] })] },
      { citations: [A, B], choices: [ends()] },
    ],
    want: [`0 ${A} t`, `0 ${B} null`, "0 ends"],
  },
  {
    name: "pages give addresses their titles, and those that are not in the list follow it",
    chunks: [
      {
        citations: [B],
        search_results: [
          { url: A, title: "page a" },
          { url: B, title: "page b" },
        ],
        choices: [ends({ content: "x" })],
      },
    ],
    want: [`0 ${B} page b`, `0 ${A} page a`, "0 ends"],
  },
  {
    name: "each choice rests on them",
    chunks: [{ citations: [A], choices: [ends({ content: "x" }), ends({ content: "y" }, 1)] }],
    want: [`0 ${A} null`, "0 ends", `1 ${A} null`, "1 ends"],
  },
  {
    name: "what is no list of addresses is nothing",
    chunks: [
      { citations: "x", search_results: [{ title: "no address" }, 7], choices: [says({})] },
      { citations: [7, "", null], choices: [ends({ content: "x" })] },
    ],
    want: ["0 ends"],
  },
]
test.each(cases)("$name", ({ chunks, want }) => {
  expect(streamed(chunks)).toEqual(want)
})

test("an answer whose choice never says its end has them at its own", () => {
  const decoder = openDecoder()
  const document = documentOf(JSON.stringify({ id: "1", citations: [A], choices: [says({})] }))
  decoder.push({ kind: "json", name: null, document })
  const kinds = decoder.push({ kind: "done-marker" }).map(({ kind }) => kind)
  expect(kinds).toEqual(["citation-add", "response-end"])
})

test.each([
  ["data:image/png;base64,AAAA", [{ mimeType: "image/png", base64: "AAAA" }]],
  ["DATA:Image/PNG;charset=x;base64,AAAA", [{ mimeType: "image/png", base64: "AAAA" }]],
  ["data:image/png,AAAA", []],
  ["https://a.example/a.png", []],
])("an image of %s", (url, want) => {
  const message = { content: "x", images: [{ type: "image_url", image_url: { url } }] }
  const answer = { id: "1", choices: [{ index: 0, message, finish_reason: "stop" }] }
  const whole = decodeAnswer(documentOf(JSON.stringify(answer)))
  if (!whole.ok) throw new Error(whole.fault)
  const media = whole.events.flatMap((event) =>
    event.kind === "media-add" ? [{ mimeType: event.mimeType, base64: event.base64 }] : [],
  )
  expect(media).toEqual(want)
})
