/** Audio read along with: however a stream is cut, the same passes and the same is counted. */
import fc from "fast-check"
import { expect, test } from "vitest"
import { makeProvider } from "#proxy/runtime/samples.test-data.ts"
import type { StreamTap } from "../adapter.ts"
import { openAi } from "./openai.ts"

const USAGE = '{"type":"tokens","input_tokens":9,"output_tokens":40,"total_tokens":49}'
const OPTIONS = { wantsUsage: true, eventBytesMax: 4096, preambleBytesMax: 4096 }
const SSE = "text/event-stream"

const STREAMS = [
  ["openai.speech", "audio/mpeg", "ID3 sound \r\n\r\n data: [DONE] \n\n"],
  [
    "openai.speech",
    SSE,
    `event: speech.audio.delta\ndata: {"type":"speech.audio.delta","audio":"SUQz"}\n\n` +
      `data: {"type":"speech.audio.done","usage":${USAGE}}\n\n`,
  ],
  [
    "openai.transcriptions",
    SSE,
    `: hello\n\ndata: {"type":"transcript.text.delta","delta":"Grüße 🌍"}\r\n\r\n` +
      `data: {"type":"transcript.text.done","text":"Grüße 🌍","usage":${USAGE}}\n\n`,
  ],
] as const

function tapOf(name: string, contentType: string): StreamTap {
  const provider = makeProvider("one", { vendor: "OpenAI" })
  const wire = openAi.wires(provider, "m").find((one) => one.name === name)
  const stream = { contentType, bytesMax: 4096, outputTokensExpected: 7 }
  if (wire?.same === undefined || wire.same === null) throw new Error(`there is no ${name}`)
  return wire.same.openTap(OPTIONS, stream)
}

function read(tap: StreamTap, pieces: readonly Uint8Array[]) {
  const out = [...pieces.map((piece) => tap.push(piece)), tap.finish()]
  const bytes = Uint8Array.from(out.flatMap((piece) => [...(piece ?? [])]))
  const { end, usage, hasContent } = tap
  const text = new TextDecoder().decode(bytes)
  return { text, end, usage, hasContent, tokensSeen: tap.tokensSeen(4) }
}

test.each(STREAMS)("%s as %s: every split gives the same", (name, type, text) => {
  const bytes = new TextEncoder().encode(text)
  const whole = read(tapOf(name, type), [bytes])
  expect(whole.text.endsWith(text.replace(": hello\n\n", ""))).toBe(true)
  expect(whole).toMatchObject({ end: { kind: "done" }, hasContent: true })
  if (type === SSE) expect(whole.usage).toMatchObject({ inputTokens: 9, outputTokens: 40 })
  else expect(whole).toMatchObject({ usage: undefined, tokensSeen: 7 })
  const single = Array.from(bytes, (byte) => Uint8Array.of(byte))
  expect(read(tapOf(name, type), single)).toEqual(whole)
  const cuts = fc.uniqueArray(fc.nat({ max: bytes.length }), { maxLength: 12 })
  fc.assert(
    fc.property(cuts, (places) => {
      const at = [0, ...places.toSorted((a, b) => a - b), bytes.length]
      const pieces = at.slice(1).map((end, index) => bytes.subarray(at[index], end))
      expect(read(tapOf(name, type), pieces)).toEqual(whole)
    }),
  )
})

test.each(STREAMS.slice(1))(
  "%s as %s: cut off before its end it is not complete",
  (name, type, text) => {
    const bytes = new TextEncoder().encode(text)
    for (let length = 0; length < bytes.length - 1; length++) {
      const { end } = read(tapOf(name, type), [bytes.subarray(0, length)])
      expect([length, end?.kind === "done"]).toEqual([length, false])
    }
  },
)
