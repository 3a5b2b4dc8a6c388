/**
 * The words that a provider cites are the words that a client finds cited, whatever unit each
 * counts in: every provider's shape to every client's, whole and streamed, for any Unicode text.
 *
 * Positions are written and read here from each API's own page, apart from the code under test.
 */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { collectAnswer } from "#proxy/exchange/chat-answer.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import { PIPELINE_SETTINGS } from "#proxy/pipeline/settings.ts"
import { TranslateTap } from "#proxy/pipeline/translate-tap.ts"
import { makeRaw } from "#proxy/pipeline/world.test-data.ts"
import type { ChatWire } from "#proxy/providers/adapter.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import type { OnFrame } from "#proxy/wire/frame-reader.ts"
import { CHAT_COLUMNS, documentOf } from "./wires.ts"

/** A text in three pieces, of which the second is cited. */
interface Sample {
  readonly before: string
  readonly cited: string
  readonly after: string
  /** Where a stream cuts the text, in units of UTF-16: within a character too. */
  readonly cuts: readonly number[]
  /** Told instead of the place of what is cited. */
  readonly at?: readonly [start: unknown, end: unknown]
}

const URL = "https://a.example"
const character = fc.oneof(
  fc.constantFrom("a", " ", "ä", "€", "🌍", "e\u0301", "👩‍🚀", "\n", "字", "\u0000"),
  fc.string({ unit: "binary", minLength: 1, maxLength: 3 }),
)
const words = (minLength: number) =>
  fc.array(character, { minLength, maxLength: 8 }).map((all) => all.join(""))
const samples: fc.Arbitrary<Sample> = fc.record({
  before: words(0),
  cited: words(1),
  after: words(0),
  cuts: fc.array(fc.nat(60), { maxLength: 5 }),
})

const bytes = (text: string) => new TextEncoder().encode(text).length
const points = (text: string) => [...text].length
const placeIn = (unit: (text: string) => number, { before, cited, at }: Sample) => {
  return at ?? ([unit(before), unit(before + cited)] as const)
}

/** Within characters, beyond the text, the wrong way round, and what is no position at all. */
const position = fc.oneof(fc.nat(60), fc.constantFrom(-1, 1.5, 2 ** 40, 2 ** 60, null, "1"))
const misplaced = fc
  .tuple(samples, fc.tuple(position, position))
  .map(([sample, at]): Sample => ({ ...sample, at }))

function piecesOf({ before, cited, after, cuts }: Sample): readonly string[] {
  const text = before + cited + after
  const at = cuts.filter((cut) => cut < text.length).toSorted((a, b) => a - b)
  return [0, ...at].map((from, index) => text.slice(from, at[index] ?? text.length))
}

type Event = readonly [name: string | null, data: object]

/** A provider's answer with one citation, and its stream's events. */
interface Upstream {
  readonly whole: (sample: Sample) => object
  readonly stream: (sample: Sample) => readonly Event[]
}

/** Chat Completions: "url_citation", in characters of the message. */
const OPENAI: Upstream = {
  whole: (sample) => {
    const message = { role: "assistant", content: piecesOf(sample).join(""), ...annotated(sample) }
    return { id: "1", model: "m", choices: [{ index: 0, message, finish_reason: "stop" }] }
  },
  stream: (sample) => [
    ...piecesOf(sample).map((content) => chunk({ content }, null)),
    chunk(annotated(sample), null),
    chunk({}, "stop"),
  ],
}

function chunk(delta: object, finish_reason: string | null): Event {
  return [null, { id: "1", model: "m", choices: [{ index: 0, delta, finish_reason }] }]
}

function annotated(sample: Sample) {
  const [start_index, end_index] = placeIn(points, sample)
  const url_citation = { url: URL, title: "t", start_index, end_index }
  return { annotations: [{ type: "url_citation", url_citation }] }
}

/** Segments and quotes, in bytes; a start of 0 is left out. */
const GEMINI: Upstream = {
  whole: (sample) => candidate(piecesOf(sample).join(""), grounded(sample)),
  stream: (sample) => {
    const pieces = piecesOf(sample)
    return pieces.map((text, index): Event => {
      const isLast = index === pieces.length - 1
      return [null, candidate(text, isLast ? grounded(sample) : {})]
    })
  },
}

const QUOTING: Upstream = {
  whole: (sample) => candidate(piecesOf(sample).join(""), quoted(sample)),
  stream: (sample) => [
    ...piecesOf(sample).map((text): Event => [null, candidate(text, {})]),
    [null, candidate("", quoted(sample))],
  ],
}

function candidate(text: string, fields: object) {
  return { candidates: [{ content: { role: "model", parts: [{ text }] }, ...fields }] }
}

function grounded(sample: Sample) {
  const [start, endIndex] = placeIn(bytes, sample)
  const segment = { startIndex: start === 0 ? undefined : start, endIndex, text: sample.cited }
  const groundingSupports = [{ segment, groundingChunkIndices: [0] }]
  const groundingChunks = [{ web: { uri: URL, title: "t" } }]
  return { finishReason: "STOP", groundingMetadata: { groundingChunks, groundingSupports } }
}

function quoted(sample: Sample) {
  const [startIndex, endIndex] = placeIn(bytes, sample)
  const citationSources = [{ startIndex, endIndex, uri: URL }]
  return { finishReason: "STOP", citationMetadata: { citationSources } }
}

/** The same told as soon as its words are, as Cohere's faster mode does. */
const COHERE_INLINE: Upstream = {
  whole: (sample) => COHERE.whole(sample),
  stream: (sample) => [
    [null, { type: "message-start", id: "1" }],
    cohere("content-start", { content: { type: "text", text: "" } }),
    ...[sample.before, sample.cited].map((text) => cohere("content-delta", { content: { text } })),
    cohere("citation-start", { citations: sourced(sample) }),
    ...[...sample.after].map((text) => cohere("content-delta", { content: { text } })),
    [null, { type: "message-end", delta: { finish_reason: "COMPLETE" } }],
  ],
}

/** "Citation": `start` and `end` of the text. */
const COHERE: Upstream = {
  whole: (sample) => {
    const content = [{ type: "text", text: piecesOf(sample).join("") }]
    const message = { role: "assistant", content, citations: [sourced(sample)] }
    return { id: "1", message, finish_reason: "COMPLETE" }
  },
  stream: (sample) => [
    [null, { type: "message-start", id: "1" }],
    cohere("content-start", { content: { type: "text", text: "" } }),
    ...piecesOf(sample).map((text) => cohere("content-delta", { content: { text } })),
    cohere("citation-start", { citations: sourced(sample) }),
    [null, { type: "message-end", delta: { finish_reason: "COMPLETE" } }],
  ],
}

function cohere(type: string, message: object): Event {
  return [null, { type, index: 0, delta: { message } }]
}

function sourced(sample: Sample) {
  const [start, end] = placeIn(points, sample)
  const sources = [{ type: "document", id: "1", document: { url: URL, title: "t" } }]
  return { start, end, text: sample.cited, sources, type: "TEXT_CONTENT", content_index: 0 }
}

/** Blocks: the one with the citation is what is cited, and the citation may come first. */
const ANTHROPIC: Upstream = {
  whole: ({ before, cited, after }) => ({
    ...{ id: "1", model: "m", stop_reason: "end_turn" },
    content: [
      { type: "text", text: before },
      { type: "text", text: cited, citations: [CITATION] },
      { type: "text", text: after },
    ],
  }),
  stream: ({ before, cited, after }) => [
    anthropic("message_start", { message: { id: "1", model: "m" } }),
    ...[before, cited, after].flatMap((text, index) => [
      anthropic("content_block_start", { index, content_block: { type: "text", text: "" } }),
      ...(text === cited && index === 1
        ? [anthropic("content_block_delta", { index, delta: CITATIONS_DELTA })]
        : []),
      ...[...text].map((piece) =>
        anthropic("content_block_delta", { index, delta: { type: "text_delta", text: piece } }),
      ),
      anthropic("content_block_stop", { index }),
    ]),
    anthropic("message_delta", { delta: { stop_reason: "end_turn" } }),
    anthropic("message_stop", {}),
  ],
}

const CITATION = { type: "web_search_result_location", url: URL, title: "t", cited_text: "c" }
const CITATIONS_DELTA = { type: "citations_delta", citation: CITATION }

function anthropic(type: string, fields: object): Event {
  return [type, { type, ...fields }]
}

const BEDROCK: Upstream = {
  whole: ({ before, cited, after }) => {
    const citations = [{ title: "t", location: { web: { url: URL } } }]
    const block = { citationsContent: { content: [{ text: cited }], citations } }
    const message = { role: "assistant", content: [{ text: before }, block, { text: after }] }
    return { output: { message }, stopReason: "end_turn" }
  },
  stream: ({ before, cited, after }) => [
    ["messageStart", { role: "assistant" }],
    ...[before, cited, after].flatMap((text, contentBlockIndex): Event[] => [
      ...[...text].map((piece): Event => {
        return ["contentBlockDelta", { contentBlockIndex, delta: { text: piece } }]
      }),
      ...(contentBlockIndex === 1
        ? [["contentBlockDelta", { contentBlockIndex, delta: { citation: LOCATED } }] as Event]
        : []),
      ["contentBlockStop", { contentBlockIndex }],
    ]),
    ["messageStop", { stopReason: "end_turn" }],
  ],
}

const LOCATED = { title: "t", location: { web: { url: URL } } }

const UPSTREAMS = [
  { name: "OpenAI", column: "OpenAI", upstream: OPENAI },
  { name: "Gemini's grounding", column: "Gemini", upstream: GEMINI },
  { name: "Gemini's quotes", column: "Gemini", upstream: QUOTING },
  { name: "Cohere", column: "Cohere", upstream: COHERE },
  { name: "Cohere, told at once", column: "Cohere", upstream: COHERE_INLINE, isTold: "at its end" },
  { name: "Anthropic", column: "Anthropic", upstream: ANTHROPIC, isTold: "in its block" },
  { name: "Bedrock", column: "Bedrock", upstream: BEDROCK, isTold: "in its block" },
] as const satisfies readonly {
  readonly name: string
  readonly column: string
  readonly upstream: Upstream
  /** In a stream, where not only when all of the text has gone. */
  readonly isTold?: "at its end" | "in its block"
}[]

// biome-ignore lint/suspicious/noExplicitAny: an answer in any of the shapes, read by its own page.
type Json = any

/** A client's shape: what it asks, and the words that it finds cited in an answer of its own. */
interface Client {
  readonly surface: ModelSurfaceName
  readonly asks: object
  readonly whole: (answer: Json) => readonly string[]
  readonly stream: (events: readonly Json[]) => readonly string[]
}

const byPoints = (text: string, start: number, end: number) => [...text].slice(start, end).join("")
const byBytes = (text: string, start: number, end: number) =>
  new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    new TextEncoder().encode(text).slice(start, end),
  )

const HELLO = [{ role: "user", content: "Hi" }]

const CLIENTS: readonly Client[] = [
  {
    surface: "openai-chat",
    asks: { model: "smart", messages: HELLO },
    whole: ({ choices: [{ message }] }) => linked(message.content, message.annotations ?? []),
    stream: (events) => {
      const deltas = events.flatMap(({ choices }) => choices[0]?.delta ?? [])
      const text = deltas.map(({ content }) => content ?? "").join("")
      return linked(
        text,
        deltas.flatMap(({ annotations }) => annotations ?? []),
      )
    },
  },
  {
    surface: "openai-responses",
    asks: { model: "smart", input: "Hi" },
    whole: ({ output }) => itemsLinked(output),
    stream: (events) => {
      const added = events.flatMap(({ type, annotation }) =>
        type === "response.output_text.annotation.added" ? [annotation] : [],
      )
      const { output } = events.at(-1).response
      const told = linked(output[0].content[0].text, added)
      expect(itemsLinked(output)).toEqual(told)
      return told
    },
  },
  {
    surface: "gemini-generate",
    asks: { contents: [{ parts: [{ text: "Hi" }] }] },
    whole: ({ candidates: [{ content, ...fields }] }) => groundedIn(content.parts, fields),
    stream: (events) => {
      const pieces = events.flatMap(({ candidates }) => candidates)
      const text = pieces.map(({ content }) => content.parts[0].text).join("")
      return groundedIn([{ text }], pieces.at(-1))
    },
  },
]

/** Blocks are places. */
function blocksCited(sample: Sample, chat: ChatWire, answer: object): readonly string[] {
  const asks = { model: "smart", max_tokens: 9, messages: HELLO }
  const client = { surface: "anthropic-messages", asks } as const
  const decoded = chat.decodeAnswer(documentOf(JSON.stringify(answer)))
  if (!decoded.ok) throw new Error(decoded.fault)
  const { content } = renderWhole(client, decoded.events)
  expect(content.map(({ text }: Json) => text).join("")).toBe(piecesOf(sample).join(""))
  return content.flatMap((block: Json) => (block.citations ? [block.text] : []))
}

interface Block {
  readonly text: string
  readonly isCited: boolean
}

/** Those of a stream, whose text has gone before its citations come. */
function blocksStreamed(sample: Sample, chat: ChatWire, upstream: Upstream): readonly Block[] {
  const events = translate(chat, MESSAGES, upstream.stream(sample))
  const blocks: { text: string; isCited: boolean }[] = []
  for (const { type, index, delta } of events) {
    if (type === "content_block_start") blocks.push({ text: "", isCited: false })
    const block = blocks[index]
    if (type !== "content_block_delta" || block === undefined) continue
    if (delta.type === "text_delta") block.text += delta.text
    else block.isCited = true
  }
  expect(blocks.map(({ text }) => text).join("")).toBe(piecesOf(sample).join(""))
  return blocks
}

const MESSAGES = {
  surface: "anthropic-messages",
  asks: { model: "smart", max_tokens: 9, messages: HELLO, stream: true },
} as const

function linked(text: string, annotations: readonly Json[]): readonly string[] {
  return annotations.map((annotation) => {
    const { start_index, end_index } = annotation.url_citation ?? annotation
    return byPoints(text, start_index, end_index)
  })
}

function itemsLinked(output: readonly Json[]): readonly string[] {
  return output.flatMap(({ content }) =>
    content.flatMap((part: Json) => linked(part.text, part.annotations)),
  )
}

/** Both places say the same. */
function groundedIn(parts: readonly Json[], candidate: Json): readonly string[] {
  const { citationMetadata, groundingMetadata } = candidate
  const text = parts.map((part) => part.text).join("")
  const quotes = (citationMetadata?.citationSources ?? []).map((source: Json) =>
    byBytes(text, source.startIndex, source.endIndex),
  )
  const segments = (groundingMetadata?.groundingSupports ?? []).map(({ segment }: Json) =>
    byBytes(parts[segment.partIndex ?? 0].text, segment.startIndex, segment.endIndex),
  )
  expect(quotes).toEqual(segments)
  return segments
}

function contextOf({ surface, asks }: Pick<Client, "surface" | "asks">) {
  const path = "/v1beta/models/smart:streamGenerateContent"
  const parsed = SURFACES[surface].parse(
    makeRaw(asks, { path, query: "alt=sse" }),
    PIPELINE_SETTINGS,
  )
  if (!parsed.ok) throw new Error(parsed.refusal.message)
  return { request: parsed.value, id: "1", model: "m", createdSeconds: 0 }
}

const NOTHING = new Uint8Array(0)
const USAGE = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 }

function renderWhole(
  client: Pick<Client, "surface" | "asks">,
  events: readonly ResponseEvent[],
): Json {
  const { chat } = SURFACES[client.surface]
  return JSON.parse(chat?.renderAnswer(collectAnswer(events), contextOf(client), USAGE) ?? "")
}

/** As a stream is translated: the tap's own order of events. */
function translate(
  chat: ChatWire,
  client: Pick<Client, "surface" | "asks">,
  events: readonly Event[],
): readonly Json[] {
  const surface = SURFACES[client.surface].chat
  if (surface === null) throw new Error("it has no chat")
  const frames = events.map(([name, data]) => {
    return { kind: "json", name, document: documentOf(JSON.stringify(data)) } as const
  })
  const openReader = (onFrame: OnFrame) => ({
    push: () => {
      for (const frame of frames) onFrame(frame, NOTHING, 0, 0)
      return null
    },
  })
  const renderer = surface.openRenderer(contextOf(client))
  const tap = new TranslateTap(chat.openDecoder(), renderer, openReader, 1 << 20, {
    estimate: USAGE,
    model: "m",
  })
  const out = [tap.push(NOTHING), tap.finish()]
  const text = out.map((piece) => new TextDecoder().decode(piece ?? undefined)).join("")
  return text
    .split("\n")
    .filter((line) => line.startsWith("data: {"))
    .map((line) => JSON.parse(line.slice("data: ".length)))
}

function chatOf(column: string): ChatWire {
  const found = CHAT_COLUMNS.find((one) => one.column === column)
  if (found === undefined) throw new Error(`${column} has no chat`)
  return found.chat
}

describe.each(UPSTREAMS)("$name", (one) => {
  const { column, upstream } = one
  const chat = chatOf(column)

  describe.each(CLIENTS)("to $surface", (client) => {
    test("the cited words of a whole answer", () => {
      fc.assert(
        fc.property(samples, (sample) => {
          const decoded = chat.decodeAnswer(documentOf(JSON.stringify(upstream.whole(sample))))
          if (!decoded.ok) throw new Error(decoded.fault)
          expect(client.whole(renderWhole(client, decoded.events))).toEqual([sample.cited])
        }),
      )
    })

    test("what is cited at any position whatever is a piece of the text", () => {
      fc.assert(
        fc.property(misplaced, (sample) => {
          const decoded = chat.decodeAnswer(documentOf(JSON.stringify(upstream.whole(sample))))
          if (!decoded.ok) throw new Error(decoded.fault)
          const whole = client.whole(renderWhole(client, decoded.events))
          const streamed = client.stream(translate(chat, client, upstream.stream(sample)))
          const text = piecesOf(sample).join("")
          expect([...whole, ...streamed].filter((words) => !text.includes(words))).toEqual([])
        }),
      )
    })

    test("the cited words of a stream, however it is cut", () => {
      fc.assert(
        fc.property(samples, (sample) => {
          const events = translate(chat, client, upstream.stream(sample))
          expect(client.stream(events)).toEqual([sample.cited])
        }),
      )
    })
  })

  test("to anthropic-messages the cited words are a block, but for white space", () => {
    fc.assert(
      fc.property(samples, (sample) => {
        fc.pre(/\S/.test(sample.cited))
        const [block, ...more] = blocksCited(sample, chat, upstream.whole(sample))
        expect(block?.trim()).toBe(sample.cited.trim())
        expect(more).toEqual([])
      }),
    )
  })

  test("to anthropic-messages they are within a block of a stream, as small as can be", () => {
    const isTold = "isTold" in one ? one.isTold : "when all has gone"
    fc.assert(
      fc.property(samples, (sample) => {
        fc.pre(/\S/.test(sample.cited))
        const blocks = blocksStreamed(sample, chat, upstream)
        expect(blocks.filter(({ text }) => !/\S/.test(text))).toEqual([])
        const [block, ...more] = blocks.filter(({ isCited }) => isCited)
        expect(more).toEqual([])
        expect(block?.text).toContain(sample.cited.trim())
        if (isTold === "when all has gone") return
        expect(block?.text.trimEnd().endsWith(sample.cited.trim())).toBe(true)
        if (isTold === "in its block") expect(block?.text.trim()).toBe(sample.cited.trim())
      }),
    )
  })
})
