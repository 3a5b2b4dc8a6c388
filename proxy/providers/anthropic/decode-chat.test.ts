/** Streams of Anthropic's shape event by event: what each gives, and its counts together. */
import { describe, expect, test } from "vitest"
import type { ResponseEvent } from "#proxy/exchange/response-event.ts"
import { documentOf } from "#test/conformance/translation/wires.ts"
import { openDecoder } from "./decode-chat.ts"

type Event = { readonly type: string } & Readonly<Record<string, unknown>>

function push(events: readonly Event[]) {
  const decoder = openDecoder()
  const said = events.flatMap((event) =>
    decoder.push({
      kind: "json",
      name: event.type,
      document: documentOf(JSON.stringify(event)),
    }),
  )
  return { said, soFar: decoder.usageSoFar }
}

const start = (usage?: object): Event => ({
  type: "message_start",
  message: { id: "m", model: "c", usage },
})
const end = (usage?: object): Event => ({
  type: "message_delta",
  delta: { stop_reason: "end_turn" },
  usage,
})

function reportIn(events: readonly ResponseEvent[]) {
  return events.findLast((event) => event.kind === "usage-report")?.usage
}

describe("counts of a stream", () => {
  test("what the start told stands where the end does not tell it", () => {
    const { said, soFar } = push([
      start({ input_tokens: 100, cache_read_input_tokens: 40, output_tokens: 1 }),
      end({ output_tokens: 7 }),
    ])
    expect(reportIn(said)).toEqual({ inputTokens: 140, cachedInputTokens: 40, outputTokens: 7 })
    expect(soFar).toEqual(reportIn(said))
  })

  test("the end's stand in their place, but for zeros, as SGLang's", () => {
    const told = { input_tokens: 100, cache_read_input_tokens: 40, output_tokens: 1 }
    const zeros = { input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 7 }
    const want = { inputTokens: 140, cachedInputTokens: 40, outputTokens: 7 }
    expect(reportIn(push([start(told), end(zeros)]).said)).toEqual(want)
    const cached = { input_tokens: 0, cache_read_input_tokens: 130, output_tokens: 0 }
    expect(reportIn(push([start(told), end(cached)]).said)).toEqual({
      inputTokens: 130,
      cachedInputTokens: 130,
      outputTokens: 0,
    })
  })

  test("the end may tell all of it", () => {
    const { said } = push([
      start(),
      end({ input_tokens: 9, cache_creation_input_tokens: 3, output_tokens: 7 }),
    ])
    expect(reportIn(said)).toEqual({
      inputTokens: 12,
      cachedInputTokens: 0,
      cacheWriteTokens: 3,
      outputTokens: 7,
    })
  })

  test("a count that is none makes the report none", () => {
    const { said } = push([
      start({ input_tokens: "9", output_tokens: 1 }),
      end({ output_tokens: 7 }),
    ])
    expect(reportIn(said)).toBeUndefined()
  })
})
