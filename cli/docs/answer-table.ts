/**
 * Where a client finds what an answer has beside its text, and what of it no field there can say:
 * read off the answers that the surfaces render.
 */
import { CONTROL_JSON, parseJson } from "#proxy/contract/json.ts"
import { scanJson } from "#proxy/contract/json-scan.ts"
import { type AnswerPart, collectAnswer } from "#proxy/exchange/chat-answer.ts"
import type { Citation } from "#proxy/exchange/response-event.ts"
import { PIPELINE_SETTINGS } from "#proxy/pipeline/settings.ts"
import { decodeAnswer } from "#proxy/providers/gemini/decode-chat.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { markdownTable } from "./replace-table.ts"

const HELLO = [{ role: "user", content: "Hello" }]
const COLUMNS: readonly { readonly surface: ModelSurfaceName; readonly asks: object }[] = [
  { surface: "openai-chat", asks: { model: "m", messages: HELLO } },
  { surface: "openai-responses", asks: { model: "m", input: "Hello" } },
  { surface: "anthropic-messages", asks: { model: "m", max_tokens: 9, messages: HELLO } },
  { surface: "gemini-generate", asks: { contents: [{ parts: [{ text: "Hello" }] }] } },
]

/** What a sample says, under the words of the table, in values that stand nowhere else. */
type Marks = Readonly<Record<string, string | number>>

const LINK = { address: "https://a.example", title: "zTitle", extract: "zExtract" }
const PLACE = { start: 41, end: 47 }
const DOCUMENT = { start: 53, end: 59 }

const ROWS: readonly { readonly what: string; readonly marks: Marks; readonly part: AnswerPart }[] =
  [
    {
      what: "a link at a place in the text",
      marks: { ...LINK, ...PLACE },
      part: cited(link(PLACE)),
    },
    { what: "a source of the whole answer", marks: LINK, part: cited(link(null)) },
    {
      what: "a quote from a document of the request",
      marks: {
        ...{ document: 3, title: LINK.title, quote: LINK.extract, ...PLACE },
        ...{ "its start": DOCUMENT.start, "its end": DOCUMENT.end },
      },
      part: cited({ ...link(PLACE), url: null, documentIndex: 3, documentPlace: DOCUMENT }),
    },
    {
      what: "what Gemini searched for, and its widget (`webSearchQueries`, `searchEntryPoint`)",
      marks: { queries: "zQuery", widget: "zWidget" },
      part: searched(),
    },
    {
      what: "an image",
      marks: { type: "webp", data: "zData" },
      part: { kind: "media", mimeType: "image/webp", base64: "zData" },
    },
  ]

function link(place: Citation["place"]): Citation {
  const { address: url, title, extract: citedText } = LINK
  return { url, title, citedText, place, documentIndex: null, documentPlace: null }
}

/** As Gemini's own answer is read: not even the form has a place for it. */
function searched(): AnswerPart {
  const searchEntryPoint = { renderedContent: "zWidget" }
  const groundingMetadata = { webSearchQueries: ["zQuery"], searchEntryPoint, groundingChunks: [] }
  const content = { parts: [{ text: "Hello" }] }
  const answer = { candidates: [{ content, finishReason: "STOP", groundingMetadata }] }
  const scanned = scanJson(new TextEncoder().encode(JSON.stringify(answer)), CONTROL_JSON)
  if (!scanned.ok) throw new Error(scanned.fault.message)
  const decoded = decodeAnswer(scanned.document)
  const [part] = decoded.ok ? (collectAnswer(decoded.events).choices[0]?.parts ?? []) : []
  if (part === undefined) throw new Error("Gemini's sample is not read")
  return part
}

function cited(citation: Citation): AnswerPart {
  return { kind: "text", text: "Hello. ".repeat(9), citations: [citation] }
}

export function answerTable(): string {
  const rows = ROWS.map(({ what, marks, part }) => [
    what,
    ...COLUMNS.map(({ surface, asks }) => cellOf(render(surface, asks, part), marks)),
  ])
  return markdownTable(["in an answer", ...COLUMNS.map(({ surface }) => `\`${surface}\``)], rows)
}

/** The object that holds the first thing found, and what stands nowhere. */
function cellOf(answer: unknown, marks: Marks): string {
  const places = Object.entries(marks).map(([name, mark]) => ({ name, at: pathTo(answer, mark) }))
  const missing = places.flatMap(({ name, at }) => (at === null ? [name] : []))
  const found = places.find(({ at }) => at !== null)?.at
  if (found === undefined || found === null) return "left out"
  const holder = `\`${found.slice(0, -1).join(".")}\``
  return missing.length === 0 ? holder : `${holder}, without ${missing.join(", ")}`
}

function render(name: ModelSurfaceName, asks: object, part: AnswerPart): unknown {
  const { parse, chat } = SURFACES[name]
  const body = new TextEncoder().encode(JSON.stringify(asks))
  const path = "/v1beta/models/m:generateContent"
  const raw = { method: "POST", path, query: "", headers: {}, receivedAt: 0, id: "docs", body }
  const parsed = parse(raw, PIPELINE_SETTINGS)
  if (!parsed.ok || chat === null) throw new Error(`${name} does not read its own sample`)
  const usage = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 }
  const choice = { parts: [part], reason: "stop", stopSequence: null, logprobs: null } as const
  const answer = { id: "1", model: "m", usage, choices: [choice] }
  const context = { request: parsed.value, id: "1", model: "m", createdSeconds: 0 }
  const text = chat.renderAnswer(answer, context, usage)
  const read = parseJson(new TextEncoder().encode(text), CONTROL_JSON)
  if (!read.ok) throw new Error(read.fault.message)
  return read.value
}

/** Names on the way to a value, `name[]` for a list; null when it is nowhere. */
function pathTo(value: unknown, mark: string | number): readonly string[] | null {
  if (typeof value === "string") return value.includes(String(mark)) ? [] : null
  if (typeof value !== "object" || value === null) return value === mark ? [] : null
  for (const [name, inner] of Object.entries(value)) {
    const [step, items] = Array.isArray(inner) ? [`${name}[]`, inner] : [name, [inner]]
    for (const item of items) {
      const rest = pathTo(item, mark)
      if (rest !== null) return [step, ...rest]
    }
  }
  return null
}
