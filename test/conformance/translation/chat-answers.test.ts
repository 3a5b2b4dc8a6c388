/** Every chat wire, by being registered: what it makes of answers, whole, streamed and broken. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { collectAnswer } from "#proxy/exchange/chat-answer.ts"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import type { WireName } from "#proxy/exchange/wire-name.ts"
import { WireFault } from "#proxy/providers/adapter.ts"
import type { Frame } from "#proxy/wire/frame.ts"
import type { Scenario } from "#test/golden/providers/cases.ts"
import { answerOf } from "#test/golden/providers/run-case.ts"
import {
  ANSWERS,
  CHAT_COLUMNS,
  CHAT_WIRES,
  decodeFrames,
  decodeWhole,
  documentOf,
  framesOf,
  meaningOf,
  type RegisteredChat,
} from "./wires.ts"

/** The event with which an upstream of each wire reports an error in its stream. */
const ERROR_EVENTS: Readonly<
  Partial<Record<WireName, readonly (readonly [string | null, string, string?])[]>>
> = {
  // Source: OpenAI, "Error codes"; Azure sends it without a name.
  "openai.chat": [
    [null, '{"error":{"message":"The server had an error","type":"server_error"}}', "server_error"],
    ["error", '{"message":"The server had an error"}'],
  ],
  // Source: Anthropic, "Streaming Messages", error events.
  "anthropic.messages": [
    [
      "error",
      '{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}',
      "overloaded_error",
    ],
  ],
  // Source: google.rpc.Status.
  "gemini.generate": [
    [null, '{"error":{"code":503,"message":"Overloaded","status":"UNAVAILABLE"}}', "UNAVAILABLE"],
  ],
  // Source: Bedrock runtime API, ResponseStream: an exception's type, which the reader marks.
  "bedrock.converse": [
    ["!throttlingException", '{"message":"Too many requests"}', "throttlingException"],
  ],
  // Source: Cohere, "Chat with Streaming", message-end with an error.
  "cohere.chat": [
    [
      "message-end",
      '{"type":"message-end","delta":{"error":"overloaded","finish_reason":"ERROR"}}',
    ],
  ],
}

const framesIn = ({ column, wire }: RegisteredChat, scenario: Scenario) =>
  framesOf(wire.framing, answerOf(column, scenario, "stream").bytes)

const hasEnd = (events: readonly ResponseEvent[]) =>
  events.some(({ kind }) => kind === "response-end")

test("every chat wire is of a column that it is tested by", () => {
  const known = new Set(CHAT_COLUMNS.map(({ wire }) => wire.name))
  expect(CHAT_WIRES.filter(({ wire }) => !known.has(wire.name)).map(({ name }) => name)).toEqual([])
})

describe.each(CHAT_COLUMNS)("$name", (one) => {
  const { chat, column, wire } = one

  test.each(ANSWERS)("a whole answer and its stream say the same: %s", (scenario) => {
    const whole = meaningOf(decodeWhole(chat, answerOf(column, scenario, "whole").bytes))
    expect(meaningOf(decodeFrames(chat.openDecoder(), framesIn(one, scenario)))).toEqual(whole)
  })

  test.each(ANSWERS)("a stream begins and ends once, and comes in order: %s", (scenario) => {
    const kinds = decodeFrames(chat.openDecoder(), framesIn(one, scenario)).map(({ kind }) => kind)
    expect(kinds[0]).toBe("response-start")
    expect(kinds.at(-1)).toBe("response-end")
    expect(kinds.filter((kind) => kind === "response-start")).toHaveLength(1)
    expect(kinds.filter((kind) => kind === "response-end")).toHaveLength(1)
    expect(kinds).toContain("choice-end")
  })

  test.each(ANSWERS)("a stream that is cut before its end has no end: %s", (scenario) => {
    const frames = framesIn(one, scenario)
    const all = decodeFrames(chat.openDecoder(), frames)
    const whole = JSON.stringify(collectAnswer(all).choices)
    for (let count = 0; count < frames.length; count++) {
      const events = decodeFrames(chat.openDecoder(), frames.slice(0, count))
      // Where an end is the close itself, the answer that it ends lacks nothing.
      if (hasEnd(events)) expect(JSON.stringify(collectAnswer(events).choices)).toBe(whole)
    }
    // Behind the answer there may be a report and a marker, and nothing else.
    const enders = frames.filter((_, at) =>
      hasEnd(decodeFrames(chat.openDecoder(), frames.slice(0, at))),
    )
    expect(enders.length).toBeLessThanOrEqual(2)
  })

  test("an error within a stream is an error, and no end", () => {
    const samples = ERROR_EVENTS[wire.name] ?? []
    expect(samples.length, `${wire.name} has no sample of its error event`).toBeGreaterThan(0)
    for (const [name, text, said = null] of samples) {
      const error: Frame = { kind: "json", name, document: documentOf(text) }
      const frames = framesIn(one, "text")
      for (const before of [0, 1, 2]) {
        const decoder = chat.openDecoder()
        for (const frame of frames.slice(0, before)) decoder.push(frame)
        expect(decoder.push(error)).toEqual([{ kind: "response-error", name: said }])
      }
    }
  })

  test.each(ANSWERS)("fields and events that are new do no harm: %s", (scenario) => {
    const { bytes } = answerOf(column, scenario, "whole")
    const grown = JSON.stringify(withUnknown(JSON.parse(new TextDecoder().decode(bytes))))
    expect(meaningOf(decodeWhole(chat, grown))).toEqual(meaningOf(decodeWhole(chat, bytes)))
    const frames = framesIn(one, scenario)
    const grownFrames = frames.map((frame) =>
      frame.kind === "json" ? { ...frame, document: documentOf(grow(frame)) } : frame,
    )
    const want = meaningOf(decodeFrames(chat.openDecoder(), frames))
    expect(meaningOf(decodeFrames(chat.openDecoder(), grownFrames))).toEqual(want)
    if (frames.every((frame) => frame.kind === "done-marker" || frame.name === null)) return
    const news: Frame = { kind: "json", name: "zz_new", document: documentOf('{"type":"zz_new"}') }
    const mixed = frames.flatMap((frame) => [frame, news]).slice(0, -1)
    expect(meaningOf(decodeFrames(chat.openDecoder(), mixed))).toEqual(want)
  })

  test("frames of garbage are faults of the wire or nothing, never a crash", () => {
    fc.assert(
      fc.property(fc.array(frameOf(one), { minLength: 1, maxLength: 8 }), (frames) => {
        try {
          collectAnswer(decodeFrames(chat.openDecoder(), frames))
        } catch (fault) {
          if (!(fault instanceof WireFault)) throw fault
        }
      }),
      { numRuns: 400 },
    )
  })

  test("a whole answer of garbage is a fault or an answer, never a crash", () => {
    fc.assert(
      fc.property(answerLike(one), (value) => {
        const decoded = chat.decodeAnswer(documentOf(JSON.stringify(value)))
        if (decoded.ok) expect(decoded.events.at(-1)?.kind).toBe("response-end")
        else expect(decoded.fault).not.toBe("")
      }),
      { numRuns: 300 },
    )
  })

  test("a client of the same shape is read along with the same usage and size", () => {
    const { same } = wire
    if (same === null) return
    for (const scenario of ANSWERS) {
      const document = documentOf(answerOf(column, scenario, "whole").bytes)
      expect(same.findAnswerFault(document)).toBeNull()
      const { usage } = collectAnswer(decodeWhole(chat, document.bytes))
      expect(same.readUsage(document)).toEqual(usage)
    }
  })

  test("the upstream's own words about an error are found, and what is secret is concealed", () => {
    for (const scenario of ["error-400", "error-404", "error-429", "error-500"] as const) {
      const document = documentOf(answerOf(column, scenario, "whole").bytes)
      const error = wire.readError(document, (text) => `<${text}>`)
      expect(error?.message).toMatch(/^<.+/s)
    }
  })
})

/** Text of the wire's own in a tool's arguments is the model's: nothing is added there. */
const MODELS_OWN: ReadonlySet<string> = new Set(["input", "args"])

function withUnknown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withUnknown)
  if (typeof value !== "object" || value === null) return value
  const members = Object.entries(value).map(
    ([name, inner]) => [name, MODELS_OWN.has(name) ? inner : withUnknown(inner)] as const,
  )
  return Object.fromEntries([...members, ["zz_new", { nested: [1.5, null, "text"] }]])
}

function grow(frame: Extract<Frame, { readonly kind: "json" }>): string {
  return JSON.stringify(withUnknown(JSON.parse(new TextDecoder().decode(frame.document.bytes))))
}

/** Genuine frames, such with one value replaced, and any JSON at all under the wire's names. */
function frameOf(one: RegisteredChat): fc.Arbitrary<Frame> {
  const genuine = ANSWERS.flatMap((scenario) => [...framesIn(one, scenario)])
  const names = [
    ...new Set(genuine.flatMap((frame) => (frame.kind === "json" ? [frame.name] : []))),
  ]
  const jsons = genuine.filter((frame) => frame.kind === "json")
  const broken = fc
    .tuple(fc.constantFrom(...jsons), fc.nat(), fc.jsonValue({ maxDepth: 2 }))
    .map(([frame, at, value]): Frame => {
      const text = JSON.parse(new TextDecoder().decode(frame.document.bytes))
      return { ...frame, document: documentOf(JSON.stringify(replaced(text, at, value))) }
    })
  const any = fc
    .tuple(fc.constantFrom(null, "zz_new", ...names), fc.jsonValue({ maxDepth: 3 }))
    .map(([name, value]): Frame => {
      return { kind: "json", name, document: documentOf(JSON.stringify(value)) }
    })
  return fc.oneof(fc.constantFrom(...genuine), broken, broken, any)
}

function answerLike({ column }: RegisteredChat): fc.Arbitrary<unknown> {
  const genuine = ANSWERS.map((scenario): unknown =>
    JSON.parse(new TextDecoder().decode(answerOf(column, scenario, "whole").bytes)),
  )
  const broken = fc
    .tuple(fc.constantFrom(...genuine), fc.nat(), fc.jsonValue({ maxDepth: 2 }))
    .map(([value, at, other]) => replaced(value, at, other))
  return fc.oneof(broken, broken, fc.jsonValue({ maxDepth: 3 }))
}

/** `value` with its part number `at`, counted in depth, replaced. */
function replaced(value: unknown, at: number, other: unknown): unknown {
  const parts = countParts(value)
  let left = at % parts
  const walk = (part: unknown): unknown => {
    if (left-- === 0) return other
    if (Array.isArray(part)) return part.map(walk)
    if (typeof part !== "object" || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, walk(inner)]))
  }
  return walk(value)
}

function countParts(value: unknown): number {
  if (typeof value !== "object" || value === null) return 1
  return Object.values(value).reduce((sum: number, inner) => sum + countParts(inner), 1)
}
