/** Citations of an answer in OpenAI's shapes, whose clients refuse an answer with another kind. */
import { expect, test } from "vitest"
import { type ChatAnswer, collectAnswer } from "#proxy/exchange/chat-answer.ts"
import type { Citation, ResponseEvent } from "#proxy/exchange/response-event.ts"
import { PIPELINE_SETTINGS } from "#proxy/pipeline/settings.ts"
import { CHAT, makeRaw } from "#proxy/pipeline/world.test-data.ts"
import { SURFACES } from "../registry.ts"

const PLACE = { title: "T", citedText: "c", place: null, documentIndex: null, documentPlace: null }
const LINK: Citation = { ...PLACE, url: "https://a.example" }
const DOCUMENT: Citation = { ...PLACE, url: null, documentIndex: 0 }
const USAGE = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 }

function contextOf(name: "openai-chat" | "openai-responses") {
  const body = name === "openai-chat" ? CHAT : { model: "smart", input: "Hi" }
  const parsed = SURFACES[name].parse(makeRaw(body), PIPELINE_SETTINGS)
  if (!parsed.ok) throw new Error(parsed.refusal.message)
  return { request: parsed.value, id: "1", model: "m", createdSeconds: 0 }
}

function render(name: "openai-chat" | "openai-responses") {
  const context = contextOf(name)
  const text = { kind: "text", text: "x", citations: [LINK, DOCUMENT] } as const
  const choice = { parts: [text], reason: "stop", stopSequence: null, logprobs: null } as const
  const answer: ChatAnswer = { id: "1", model: "m", usage: USAGE, choices: [choice] }
  const renderer = SURFACES[name].chat?.openRenderer(context)
  renderer?.push({ kind: "response-start", id: "1", model: "m", prompt: USAGE })
  const streamed = [LINK, DOCUMENT].map((citation) =>
    renderer?.push({ kind: "citation-add", choice: 0, citation }),
  )
  return { whole: SURFACES[name].chat?.renderAnswer(answer, context, USAGE) ?? "", streamed }
}

const CITED = [{ document_index: 0, title: "T", cited_text: "c" }]

test("chat completions", () => {
  const { whole, streamed } = render("openai-chat")
  const url_citation = { url: "https://a.example", title: "T", start_index: 0, end_index: 0 }
  const annotations = [{ type: "url_citation", url_citation }]
  const { message } = JSON.parse(whole).choices[0]
  expect(message).toMatchObject({ annotations, document_citations: CITED })
  const deltas = streamed.map(
    (text) => JSON.parse(text?.slice("data: ".length) ?? "").choices[0].delta,
  )
  expect(deltas).toEqual([{ annotations }, { document_citations: CITED }])
})

test("responses", () => {
  const { whole, streamed } = render("openai-responses")
  const link = { type: "url_citation", url: "https://a.example", title: "T" }
  const annotations = [{ ...link, start_index: 0, end_index: 0 }]
  const [part] = JSON.parse(whole).output[0].content
  expect(part).toMatchObject({ annotations, document_citations: CITED })
  expect(streamed.map((text) => text?.includes("annotation.added"))).toEqual([true, false])
})

/** Two texts around a thought: the place of the first is told when both are there. */
test("a response's places count from the start of the text that they are in", () => {
  const at = (start: number, end: number): Citation => ({ ...LINK, place: { start, end } })
  const places = (texts: readonly string[], citations: readonly Citation[]): ResponseEvent[] => [
    { kind: "text-delta", choice: 0, text: texts[0] ?? "" },
    { kind: "reasoning-delta", choice: 0, text: "hm" },
    { kind: "text-delta", choice: 0, text: texts[1] ?? "" },
    ...citations.map((citation): ResponseEvent => ({ kind: "citation-add", choice: 0, citation })),
  ]
  const events = places(["ä🌍", "more"], [at(1, 4), at(3, 5)])
  const context = contextOf("openai-responses")
  const { chat } = SURFACES["openai-responses"]
  const whole = JSON.parse(chat?.renderAnswer(collectAnswer(events), context, USAGE) ?? "")
  const placesOf = (item: { content?: readonly { annotations: readonly object[] }[] }) =>
    item.content?.flatMap(({ annotations }) => annotations) ?? []
  const link = { type: "url_citation", url: "https://a.example", title: "T" }
  expect(whole.output.map(placesOf)).toEqual([
    [{ ...link, start_index: 1, end_index: 2 }],
    [],
    [{ ...link, start_index: 1, end_index: 3 }],
  ])
  const renderer = chat?.openRenderer(context)
  const streamed = events.map((event) =>
    event.kind === "response-start" || event.kind === "response-end" ? "" : renderer?.push(event),
  )
  // The first text's message is done: what of the place lies in the second one is told there.
  const added = streamed
    .slice(3)
    .map((text) => JSON.parse(/^data: (.*)$/m.exec(text ?? "")?.[1] ?? ""))
  expect(added.map(({ annotation }) => annotation)).toEqual([
    { ...link, start_index: 0, end_index: 2 },
    { ...link, start_index: 1, end_index: 3 },
  ])
})
