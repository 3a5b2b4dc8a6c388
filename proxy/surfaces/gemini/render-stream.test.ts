import { expect, test } from "vitest"
import { RawJson } from "#proxy/contract/json-write.ts"
import type { Citation } from "#proxy/exchange/response-event.ts"
import { makeRaw } from "#proxy/pipeline/world.test-data.ts"
import { parseGenerate } from "./parse-generate.ts"
import { openRenderer } from "./render-stream.ts"

const LIMITS = {
  requestJson: { bytesMax: 65_536, depthMax: 64, tokensMax: 10_000 },
  messagesMax: 10,
  toolsMax: 10,
  outputTokensDefault: 1024,
}

function open() {
  const body = { contents: [{ parts: [{ text: "Hi" }] }] }
  const raw = makeRaw(body, { path: "/v1beta/models/m:streamGenerateContent", query: "alt=sse" })
  const parsed = parseGenerate(raw, LIMITS)
  if (!parsed.ok) throw new Error(parsed.refusal.message)
  return openRenderer({ request: parsed.value, id: "1", model: "m", createdSeconds: 0 })
}

test("forty thousand choices with a call each go out in linear time, each call in its own", () => {
  const renderer = open()
  const choices = Array.from({ length: 40_000 }, (_, index) => index)
  const startedAt = performance.now()
  for (const choice of choices) {
    const call = { call: 0, id: `c${choice}`, name: "f", signature: null }
    renderer.push({ kind: "tool-call-start", choice, ...call })
  }
  const told = choices.toReversed().map((choice) => {
    const ending = { reason: "tool-calls", stopSequence: null } as const
    return renderer.push({ kind: "choice-end", choice, ...ending })
  })
  // Some 0.3 s; where each ending looks at every call some 10.
  expect(performance.now() - startedAt).toBeLessThan(5000)
  expect(told.map((text) => /"id":"(c\d+)"/.exec(text)?.[1])).toEqual(
    choices.toReversed().map((choice) => `c${choice}`),
  )
})

test("every piece has a content: Google's chats forget an answer where one has none", () => {
  const piece = open().push({ kind: "logprobs-add", choice: 0, entries: new RawJson("[]") })
  const { candidates } = JSON.parse(piece.slice("data: ".length))
  expect(candidates[0].content).toEqual({ role: "model", parts: [{ text: "" }] })
})

test("sources are told together, in the last piece: an SDK keeps the last list alone", () => {
  const renderer = open()
  const none = { citedText: null, documentIndex: null, documentPlace: null }
  const cite = (url: string, place: Citation["place"]) =>
    renderer.push({
      kind: "citation-add",
      choice: 0,
      citation: { url, title: null, place, ...none },
    })
  renderer.push({ kind: "text-delta", choice: 0, text: "ä\ud83c" })
  expect(cite("https://a.example", null)).toBe("")
  expect(cite("https://b.example", { start: 1, end: 3 })).toBe("")
  renderer.push({ kind: "text-delta", choice: 0, text: "\udf0d!" })
  renderer.push({ kind: "choice-end", choice: 0, reason: "stop", stopSequence: null })
  const settled = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 }
  const last = renderer.push({ kind: "response-end", settled })
  const { candidates } = JSON.parse(last.slice("data: ".length))
  expect(candidates[0]).toMatchObject({
    citationMetadata: {
      citationSources: [{ uri: "https://b.example", startIndex: 2, endIndex: 7 }],
    },
    groundingMetadata: {
      groundingChunks: [
        { web: { uri: "https://a.example" } },
        { web: { uri: "https://b.example" } },
      ],
      groundingSupports: [{ segment: { startIndex: 2, endIndex: 7 }, groundingChunkIndices: [1] }],
    },
  })
})
