/** Every surface, by being registered: its errors, its round trips, and how its streams end. */
import { readdirSync } from "node:fs"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { collectAnswer } from "#proxy/exchange/chat-answer.ts"
import type { ChatFeature, FeatureTable } from "#proxy/exchange/chat-feature.ts"
import type { ChatRequest } from "#proxy/exchange/chat-request.ts"
import { findUnsupported } from "#proxy/exchange/feature-support.ts"
import { REFUSALS, type RefusalCode, refuse } from "#proxy/exchange/refusal.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import { TranslateTap } from "#proxy/pipeline/translate-tap.ts"
import { makeRaw } from "#proxy/pipeline/world.test-data.ts"
import type { StreamDecoder } from "#proxy/providers/adapter.ts"
import { NO_USAGE } from "#proxy/quota/attempt-cost.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { type ChatSurface, EVENT_STREAM, type Surface } from "#proxy/surfaces/surface.ts"
import type { Frame } from "#proxy/wire/frame.ts"
import { answerOf, placeOf, readText } from "#test/golden/providers/run-case.ts"
import { eventSequences } from "./event-sequences.ts"
import { readForm } from "./read-form.ts"
import { STREAM_CHECKS } from "./stream-protocols.ts"
import {
  ANSWERS,
  CHAT_COLUMNS,
  decodeFrames,
  decodeWhole,
  framesOf,
  meaningOf,
  type RegisteredChat,
} from "./wires.ts"

const NAMES = Object.keys(SURFACES) as ModelSurfaceName[]
const CODES = Object.keys(REFUSALS) as RefusalCode[]
/** Content types of a surface's streams; Gemini's may be one array that grows. */
const STREAM_TYPES: Readonly<Partial<Record<ModelSurfaceName, readonly string[]>>> = {
  "gemini-generate": [EVENT_STREAM, "application/json; charset=utf-8"],
}

/** An event, and in OpenAI's responses the end behind it. */
const FAILED_STREAM =
  /^(?:event: error\n)?data: (.*?)\n\n(?:event: response\.failed\ndata: .*\n\n)?$/s

describe.each(NAMES)("errors of %s", (name) => {
  const { errors } = SURFACES[name]
  const refusal = (code: RefusalCode) =>
    refuse(code, `why "${code}" \u2028 ends`, { param: "messages", retryAfterSeconds: 3 })

  test.each(CODES)("%s is a body of the surface's shape with its message and code", (code) => {
    const body = errors.body(refusal(code), "req-1")
    const error = errorIn(body)
    expect(error.message).toBe(refusal(code).message)
    // Gemini has google.rpc.Status: our code is the reason in its details.
    expect(error.details?.[0]?.metadata?.code ?? error.code).toBe(code)
    expect(body).toContain('"messages"')
  })

  test.each(CODES)("%s is an event of a stream, in each type that the surface has", (code) => {
    // The others never stream: an answer of theirs is whole or an error.
    if (SURFACES[name].chat === null) return
    for (const type of STREAM_TYPES[name] ?? [EVENT_STREAM]) {
      const event = errors.event(refusal(code), type, "req-1")
      const text = event.startsWith(",") ? event.slice(2) : FAILED_STREAM.exec(event)?.[1]
      expect(errorIn(text ?? "").message).toBe(refusal(code).message)
    }
  })

  test("an upstream's words keep their meaning, whatever it says of them", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }),
        fc.option(fc.string()),
        fc.option(fc.string()),
        fc.constantFrom(400, 401, 403, 404, 409, 413, 422, 429, 499),
        (message, type, code, status) => {
          const body = errors.upstream({ message, type, param: null, code }, status, "req-1")
          expect(errorIn(body).message).toBe(message)
        },
      ),
    )
  })

  test("a body of garbage is refused in words, never a crash", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (body) => {
        const raw = makeRaw(body, { path: "/v1beta/models/smart:generateContent" })
        const parsed = SURFACES[name].parse(raw, LIMITS)
        if (parsed.ok) SURFACES[name].chat?.read(parsed.value)
        else expect(parsed.refusal.message).not.toBe("")
      }),
      { numRuns: 300 },
    )
  })
})

interface ErrorBody {
  readonly message: string
  readonly code?: unknown
  readonly details?: readonly { readonly metadata?: { readonly code?: unknown } }[]
}

/** Cohere's error is the body itself. */
function errorIn(body: string): ErrorBody {
  const parsed: { readonly error?: ErrorBody } & ErrorBody = JSON.parse(body)
  return parsed.error ?? parsed
}

const LIMITS = {
  requestJson: { bytesMax: 1 << 20, depthMax: 64, tokensMax: 100_000 },
  messagesMax: 100,
  toolsMax: 100,
  outputTokensDefault: 1024,
}

interface ChatClient {
  readonly name: ModelSurfaceName
  readonly surface: Surface
  readonly chat: ChatSurface
}

const CLIENTS: readonly ChatClient[] = NAMES.flatMap((name) => {
  const surface = SURFACES[name]
  return surface.chat === null ? [] : [{ name, surface, chat: surface.chat }]
})

/** With the first column that speaks the surface's own wire in the intermediate form. */
const ROUND_TRIPS = CLIENTS.flatMap((client) => {
  const one = CHAT_COLUMNS.find(({ wire }) => wire.name === client.surface.wire)
  return one === undefined ? [] : [{ ...client, one }]
})

test("every surface of chat has a wire to come back from", () => {
  const with_ = new Set(ROUND_TRIPS.map(({ name }) => name))
  const without = CLIENTS.filter(({ name }) => !with_.has(name)).map(({ name }) => name)
  // A completion becomes a chat of one turn, and Responses is asked of its own wire in its own
  // bytes alone: neither wire is encoded.
  expect(without.toSorted()).toEqual(["openai-completions", "openai-responses"])
})

function bodyFor(name: ModelSurfaceName, more = ""): string {
  if (name === "gemini-generate") return '{"contents":[{"parts":[{"text":"Hi"}]}]}'
  if (name === "openai-responses") return `{"model":"smart","input":"Hi"${more}}`
  if (name === "openai-completions") return `{"model":"smart","prompt":"Hi"${more}}`
  return `{"model":"smart","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]${more}}`
}

const STREAM = ',"stream":true'
const STREAM_WITH_USAGE = `${STREAM},"stream_options":{"include_usage":true}`
const WITH_USAGE: ReadonlySet<ModelSurfaceName> = new Set(["openai-chat", "openai-completions"])

function contextOf(name: ModelSurfaceName, query = "alt=sse") {
  const body = bodyFor(name, WITH_USAGE.has(name) ? STREAM_WITH_USAGE : STREAM)
  const { request } = readForm(name, body, { streams: true, query })
  return { request, id: "req-1", model: "served", createdSeconds: 1 }
}

describe.each(ROUND_TRIPS)("$name there and back", ({ name, chat, one }) => {
  const files = readdirSync(placeOf(`requests/${name}`))

  test.each(files)("a request to the surface's own wire is the same request: %s", (file) => {
    const before = readForm(name, readText(`requests/${name}/${file}`)).chat
    const table = one.chat.features(one.context.provider)
    expect(findUnsupported(before.uses, table, "one", one.wire.title)).toBeNull()
    // A model that thinks: what others are not told cannot come back.
    const context = name === "openai-chat" ? { ...one.context, model: "gpt-5" } : one.context
    const encoded = one.chat.encode(before, context)
    if (!encoded.ok) throw new Error(encoded.refusal.message)
    const after = readForm(name, encoded.value).chat
    expect(comparable(after, table)).toEqual(comparable(before, table))
  })

  test.each(ANSWERS)("an answer of the own wire comes out as it went in: %s", (scenario) => {
    const events = decodeWhole(one.chat, answerOf(one.column, scenario, "whole").bytes)
    const answer = collectAnswer(events)
    const rendered = chat.renderAnswer(answer, contextOf(name), answer.usage ?? NO_USAGE)
    expect(meaningOf(decodeWhole(one.chat, rendered))).toEqual(meaningOf(events))
  })

  test.each(ANSWERS)("a stream of the own wire comes out as it went in: %s", (scenario) => {
    const frames = framesOf(one.wire.framing, answerOf(one.column, scenario, "stream").bytes)
    const events = decodeFrames(one.chat.openDecoder(), frames)
    expect(meaningOf(readBack(one, render(chat, name, events)))).toEqual(meaningOf(events))
  })
})

function render(
  chat: ChatSurface,
  name: ModelSurfaceName,
  events: readonly ResponseEvent[],
): string {
  const renderer = chat.openRenderer(contextOf(name))
  const settled = collectAnswer(events).usage ?? NO_USAGE
  return events
    .map((event) => {
      if (event.kind === "response-start") return renderer.push({ ...event, prompt: settled })
      return renderer.push(event.kind === "response-end" ? { ...event, settled } : event)
    })
    .join("")
}

function readBack({ chat, wire }: RegisteredChat, text: string): readonly ResponseEvent[] {
  const frames = framesOf(wire.framing, new TextEncoder().encode(text))
  return decodeFrames(chat.openDecoder(), frames)
}

/** What is asked, without what the wire's table says that it leaves out. */
function comparable({ uses: _, ...chat }: ChatRequest, table: FeatureTable): unknown {
  const isLeftOut = (feature: ChatFeature) => typeof table[feature] === "object"
  const takesThoughts = !isLeftOut("reasoning-history") || !isLeftOut("reasoning-history-google")
  const messages = chat.messages.map(({ role, parts }) => ({
    role,
    parts: parts
      .filter((part) => part.kind !== "reasoning" || takesThoughts)
      .filter((part) => part.kind !== "text" || part.text !== "")
      // Where thoughts go back, the signature is what counts: Gemini takes it alone.
      .map((part) => (part.kind === "reasoning" && part.signature ? { ...part, text: "" } : part))
      .map((part) => ("name" in part && part.kind === "file" ? { ...part, name: null } : part))
      .map((part) => (isLeftOut("cache-markers") ? { ...part, cache: null } : part)),
  }))
  return JSON.parse(JSON.stringify({ ...chat, messages }))
}

/** Every surface that streams, in each form of its streams. */
const STREAMS = CLIENTS.flatMap((client) =>
  (client.name === "gemini-generate" ? ["alt=sse", ""] : ["alt=sse"]).map((query) => ({
    ...client,
    query,
  })),
)

describe.each(STREAMS)("streams of $name (query '$query')", ({ name, chat, query }) => {
  const check = STREAM_CHECKS[name]
  if (check === undefined) throw new Error(`${name} streams and has no row in stream-protocols.ts`)

  const playEvents = (events: readonly ResponseEvent[]) => {
    let text = ""
    const decoder: StreamDecoder = { push: () => events, finish: () => [] }
    const renderer = chat.openRenderer(contextOf(name, query))
    const tap = new TranslateTap(
      decoder,
      renderer,
      (onFrame) => ({
        push: (chunk) => {
          onFrame(FRAME, chunk, 0, chunk.length)
          return null
        },
      }),
      1 << 20,
      { estimate: NO_USAGE, model: "m" },
    )
    text += new TextDecoder().decode(tap.push(new Uint8Array(1)) ?? new Uint8Array(0))
    return { text, end: tap.end }
  }

  test("end as the surface demands, whatever comes in whichever order", () => {
    fc.assert(
      fc.property(eventSequences(2), (events) => {
        const { text, end } = playEvents(events)
        expect(end).toEqual({ kind: "done" })
        expect(check(text)).toEqual([])
      }),
      { numRuns: 500 },
    )
  })

  const ofFirstAlone = () => {
    const isFirst = (event: ResponseEvent) => !("choice" in event) || event.choice === 0
    const usage = { inputTokens: 3, cachedInputTokens: 0, outputTokens: 2 }
    fc.assert(
      fc.property(eventSequences(3), (sequence) => {
        const events = sequence.toSpliced(-1, 0, { kind: "usage-report", usage })
        expect(playEvents(events).text).toBe(playEvents(events.filter(isFirst)).text)
        const whole = (of: readonly ResponseEvent[]) =>
          chat.renderAnswer(collectAnswer(of), contextOf(name), usage)
        const hasFirst = events.some((event) => "choice" in event && event.choice === 0)
        if (hasFirst) expect(whole(events)).toBe(whole(events.filter(isFirst)))
      }),
      { numRuns: 300 },
    )
  }
  if (ONE_CHOICE.has(name)) test("are those of the first choice alone", ofFirstAlone)

  test.each(CHAT_COLUMNS)(
    "end so with the answers of $name",
    ({ chat: wire, column, wire: { framing } }) => {
      for (const scenario of ANSWERS) {
        const frames = framesOf(framing, answerOf(column, scenario, "stream").bytes)
        const { text } = playEvents(decodeFrames(wire.openDecoder(), frames))
        expect(check(text), scenario).toEqual([])
      }
    },
  )

  test("have no end when there was none", () => {
    fc.assert(
      fc.property(eventSequences(1), (events) => {
        const { text, end } = playEvents(events.slice(0, -1))
        expect(end).toBeNull()
        const complaints = text === "" ? ["nothing"] : complaintsOf(check, text)
        expect(complaints).not.toEqual([])
      }),
    )
  })
})

/** Surfaces that cannot ask for several choices. */
const ONE_CHOICE: ReadonlySet<ModelSurfaceName> = new Set([
  "anthropic-messages",
  "openai-responses",
])

const FRAME: Frame = { kind: "done-marker" }

function complaintsOf(check: (text: string) => readonly string[], text: string): readonly string[] {
  try {
    return check(text)
  } catch (error) {
    return [String(error)]
  }
}
