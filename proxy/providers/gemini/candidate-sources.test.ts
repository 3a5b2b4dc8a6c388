/** What Gemini's answers rest on, whole and streamed: places in bytes, told in code points. */
import { describe, expect, test } from "vitest"
import { documentOf } from "#test/conformance/translation/wires.ts"
import { decodeAnswer, openDecoder } from "./decode-chat.ts"

const A = "https://a.example"
const B = "https://b.example"
const END = { finishReason: "STOP" }

/** Address and title of each citation, and the words that it is about. */
function cited(...candidates: readonly object[]) {
  const decoder = openDecoder()
  const events = candidates.flatMap((candidate) => {
    const document = documentOf(JSON.stringify({ candidates: [candidate] }))
    return decoder.push({ kind: "json", name: null, document })
  })
  events.push(...decoder.finish())
  const text = events.map((event) => (event.kind === "text-delta" ? event.text : "")).join("")
  return events.flatMap((event) => {
    if (event.kind !== "citation-add") return []
    const { url, title, citedText, place } = event.citation
    const words = place === null ? null : [...text].slice(place.start, place.end).join("")
    return [[url ?? title, citedText, words]]
  })
}

const says = (...texts: readonly string[]) => {
  return { content: { parts: texts.map((text) => ({ text })) } }
}
const web = (uri: string) => ({ web: { uri, title: "t" } })
const support = (segment: object, ...groundingChunkIndices: readonly number[]) => {
  return { segment, groundingChunkIndices }
}

describe("grounding", () => {
  const groundingMetadata = {
    webSearchQueries: ["q"],
    groundingChunks: [web(A), web(B), web("https://c.example")],
    groundingSupports: [
      support({ endIndex: 6 }, 0),
      support({ startIndex: 7, endIndex: 11 }, 0, 1, 9),
    ],
  }
  // "Grüß" has six bytes, and the emoji four.
  const want = [
    [A, null, "Grüß"],
    [A, null, "🌍"],
    [B, null, "🌍"],
    ["https://c.example", null, null],
  ]

  test("of a whole answer", () => {
    const candidate = { ...says("Grüß 🌍!"), ...END, groundingMetadata }
    expect(cited(candidate)).toEqual(want)
    const decoded = decodeAnswer(documentOf(JSON.stringify({ candidates: [candidate] })))
    expect(decoded.ok && decoded.events.filter(({ kind }) => kind === "citation-add")).toHaveLength(
      4,
    )
  })

  test("of a stream, whose last list stands and counts all of the text", () => {
    const early = { groundingChunks: [web("https://early.example")] }
    const pieces = [
      { ...says("Gr"), groundingMetadata: {} },
      { ...says("üß "), groundingMetadata: early },
      { ...says("🌍!"), ...END, groundingMetadata },
    ]
    expect(cited(...pieces)).toEqual(want)
    const split = [says("Grüß \ud83c"), { ...says("\udf0d!"), ...END, groundingMetadata }]
    expect(cited(...split)).toEqual(want)
  })

  test("that comes behind the end is told all the same", () => {
    expect(cited({ ...says("Grüß 🌍!"), ...END }, { groundingMetadata })).toEqual(want)
  })

  test("of a part counts from its start; thoughts are no text, and pieces of a part go on", () => {
    const thought = { text: "äöü", thought: true }
    const second = support({ partIndex: 2, startIndex: 2, endIndex: 4 }, 0)
    const grounding = { groundingChunks: [web(A)], groundingSupports: [second] }
    const parts = [{ text: "ää" }, thought, { text: "öxy" }]
    const whole = { content: { parts }, ...END, groundingMetadata: grounding }
    expect(cited(whole)).toEqual([[A, null, "xy"]])
    const pieces = [
      says("ä"),
      says("ä"),
      { content: { parts: [thought] } },
      { content: { parts: [thought, { text: "ö" }] } },
      { ...says("xy"), ...END, groundingMetadata: grounding },
    ]
    // The second thought is a part of the same piece as the text: still the third part.
    expect(cited(...pieces)).toEqual([[A, null, "xy"]])
  })

  test("names what a retrieval found, a place on a map and the page of an image", () => {
    const groundingChunks = [
      { retrievedContext: { uri: A, title: "t", text: "its words" } },
      { maps: { uri: B, title: "t" } },
      { image: { sourceUri: "https://c.example" } },
      { retrievedContext: { title: "no address", text: "x" } },
      {},
    ]
    expect(cited({ ...says("x"), ...END, groundingMetadata: { groundingChunks } })).toEqual([
      [A, "its words", null],
      [B, null, null],
      ["https://c.example", null, null],
      ["no address", "x", null],
    ])
  })
})

describe("quotes", () => {
  test.each(["citationSources", "citations"])("called %s are told once each", (name) => {
    const sources = [
      { startIndex: 2, endIndex: 4, uri: A, title: "T" },
      { endIndex: 2, uri: A },
      { startIndex: 2, endIndex: 99, title: "beyond" },
      { startIndex: 3, endIndex: 6, title: "within characters" },
    ]
    const quoting = { ...says("ß"), citationMetadata: { [name]: sources.slice(0, 2) } }
    const last = { ...says("ää"), ...END, citationMetadata: { [name]: sources } }
    expect(cited(quoting, last)).toEqual([
      [A, null, "ä"],
      [A, null, "ß"],
      ["beyond", null, "ää"],
      ["within characters", null, "ää"],
    ])
  })

  test("that grounding tells as well are not told twice", () => {
    const groundingMetadata = {
      groundingChunks: [web(A)],
      groundingSupports: [support({ endIndex: 1 }, 0)],
    }
    const citationMetadata = { citationSources: [{ endIndex: 1, uri: A }] }
    const candidate = { ...says("x"), ...END, groundingMetadata, citationMetadata }
    expect(cited(candidate)).toEqual([[A, null, "x"]])
  })
})
