/** A stream that passes, and is none of its wire. */
import { expect, test } from "vitest"
import { openDecoder } from "./anthropic/decode-chat.ts"
import { openPassTap } from "./pass-tap.ts"

const OPTIONS = { wantsUsage: true, eventBytesMax: 1 << 16, preambleBytesMax: 1 << 16 }
const START = 'event: message_start\ndata: {"type":"message_start","message":{"id":"m"}}\n\n'
const WORD =
  'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a"}}\n\n'

function pass(text: string) {
  const tap = openPassTap(openDecoder(), OPTIONS)
  const bytes = tap.push(new TextEncoder().encode(text))
  return { text: bytes === null ? null : new TextDecoder().decode(bytes), end: tap.end }
}

test.each([
  ["a marker", "data: [DONE]\n\n", "a [DONE] is no event of Anthropic's"],
  ["no object", "data: 7\n\n", "an event is not a JSON object"],
])("%s is a fault, and does not pass", (_case, event, detail) => {
  expect(pass(START + WORD + event)).toEqual({
    text: START + WORD,
    end: { kind: "invalid", detail },
  })
  expect(pass(START + event)).toEqual({ text: null, end: { kind: "invalid", detail } })
})

test("what comes behind a fault does not pass", () => {
  expect(pass(`${START}data: [DONE]\n\n${WORD}`).text).toBeNull()
})
