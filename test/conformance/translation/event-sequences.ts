/** Any answer as events in an order in which a decoder may give them. */
import fc from "fast-check"
import { RawJson } from "#proxy/contract/json-write.ts"
import type { FinishReason, ResponseEvent } from "#proxy/exchange/response-event.ts"

const REASONS: readonly FinishReason[] = [
  ...(["stop", "stop-sequence", "length", "context-length", "tool-calls"] as const),
  ...(["content-filter", "refusal", "pause", "other"] as const),
]

const text = fc.oneof(fc.string({ maxLength: 12 }), fc.constantFrom("", "\n\n", "data: x", "ä🌍"))

const CITATION = {
  url: "https://a.example",
  title: null,
  citedText: "b",
  place: null,
  documentIndex: null,
  documentPlace: null,
}

/** Pieces of content of one choice; a call's own start comes before its pieces. */
function contentOf(choice: number): fc.Arbitrary<readonly ResponseEvent[]> {
  const simple = fc.oneof(
    text.map((said): ResponseEvent => ({ kind: "text-delta", choice, text: said })),
    text.map((said): ResponseEvent => ({ kind: "reasoning-delta", choice, text: said })),
    text.map((said): ResponseEvent => ({ kind: "refusal-delta", choice, text: said })),
    text.map((signature): ResponseEvent => ({ kind: "reasoning-signature", choice, signature })),
    text.map((data): ResponseEvent => ({ kind: "reasoning-redacted", choice, data })),
    fc.constant<ResponseEvent>({ kind: "text-end", choice }),
    fc.tuple(fc.nat(20), fc.integer({ min: 1, max: 20 })).map(([start, length]): ResponseEvent => {
      const citation = { ...CITATION, place: { start, end: start + length } }
      return { kind: "citation-add", choice, citation }
    }),
    fc.constant<ResponseEvent>({
      kind: "citation-add",
      choice,
      citation: { ...CITATION, place: null },
    }),
    fc.constant<ResponseEvent>({
      kind: "media-add",
      choice,
      mimeType: "image/png",
      base64: "AAAA",
    }),
    fc.constant<ResponseEvent>({ kind: "logprobs-add", choice, entries: new RawJson("[]") }),
  )
  const call = fc.nat(2).map((index) => ({ call: index }))
  return fc
    .array(fc.oneof({ weight: 3, arbitrary: simple }, { weight: 2, arbitrary: call }), {
      maxLength: 12,
    })
    .map((pieces) => {
      const begun = new Set<number>()
      return pieces.flatMap((piece): ResponseEvent[] => {
        if (!("call" in piece) || "kind" in piece) return "kind" in piece ? [piece] : []
        const at = { choice, call: piece.call }
        if (begun.has(piece.call)) return [{ kind: "tool-call-delta", ...at, arguments: " " }]
        begun.add(piece.call)
        const id = `call_${piece.call}`
        return [
          { kind: "tool-call-start", ...at, id, name: "ztool", signature: null },
          { kind: "tool-call-delta", ...at, arguments: "{}" },
        ]
      })
    })
}

/** A choice with its end, or without: an upstream may leave it out. */
function choiceOf(choice: number): fc.Arbitrary<readonly ResponseEvent[]> {
  return fc
    .tuple(contentOf(choice), fc.option(fc.constantFrom(...REASONS), { freq: 5 }))
    .map(([events, reason]) =>
      reason === null
        ? events
        : [...events, { kind: "choice-end", choice, reason, stopSequence: null }],
    )
}

const USAGE: ResponseEvent = {
  kind: "usage-report",
  usage: { inputTokens: 3, cachedInputTokens: 1, outputTokens: 2 },
}

/** Up to `choices` choices, mixed as they come, in an answer that is complete. */
export function eventSequences(choices: number): fc.Arbitrary<readonly ResponseEvent[]> {
  const all = Array.from({ length: choices }, (_, choice) => choiceOf(choice))
  return fc
    .tuple(fc.tuple(...all), fc.infiniteStream(fc.nat(choices - 1)), fc.boolean())
    .map(([parts, order, hasUsage]) => {
      const queues = parts.map((part) => [...part])
      const mixed: ResponseEvent[] = []
      for (const pick of order) {
        const queue = queues[pick]?.length ? queues[pick] : queues.find(({ length }) => length > 0)
        const event = queue?.shift()
        if (event === undefined) break
        mixed.push(event)
      }
      const usage = hasUsage ? [USAGE] : []
      return [START, ...mixed, ...usage, END]
    })
}

const START: ResponseEvent = { kind: "response-start", id: "id-1", model: "m" }
const END: ResponseEvent = { kind: "response-end" }
