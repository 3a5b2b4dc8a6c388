import { expect, test } from "vitest"
import { scanJson } from "#proxy/contract/json-scan.ts"
import { EMPTY_PROMPT, type PromptMeasure } from "#proxy/exchange/prompt-measure.ts"
import { measurePrompt } from "./measure-prompt.ts"

const LIMITS = { bytesMax: 100_000, depthMax: 32, tokensMax: 10_000 }
const data = "A".repeat(4000)

function measure(body: object): PromptMeasure {
  const scanned = scanJson(Buffer.from(JSON.stringify(body)), LIMITS)
  if (!scanned.ok) throw new Error(scanned.fault.message)
  return measurePrompt(scanned.document, 0, 1024)
}

const user = (...parts: readonly object[]) => ({ contents: [{ role: "user", parts }] })
const inline = (mimeType: string) => ({ inlineData: { mimeType, data } })
const file = (mimeType: string) => ({ fileData: { mimeType, fileUri: "gs://a/b" } })
const none = { ...EMPTY_PROMPT, outputTokens: 1024 }
const one = { ...none, messages: 1 }

test.each<[string, object, PromptMeasure]>([
  ["text", user({ text: "abc" }, { text: "de" }), { ...one, plainBytes: 5 }],
  [
    "a system instruction is no message",
    { systemInstruction: { parts: [{ text: "abcd" }] } },
    { ...none, plainBytes: 4 },
  ],
  [
    "a call as it stands",
    user({ functionCall: { name: "f" } }),
    { ...one, plainBytes: '{"functionCall":{"name":"f"}}'.length },
  ],
  [
    "an image that a function gave, beside what it says",
    user({
      functionResponse: { name: "f", response: { a: 1 }, parts: [inline("image/png")] },
    }),
    { ...one, images: 1, plainBytes: '{"a":1}'.length },
  ],
  [
    "images, in the body and by name",
    user(inline("image/png"), file("image/png")),
    { ...one, images: 2 },
  ],
  ["audio by its bytes", user(inline("audio/wav")), { ...one, audioBytes: 3000 }],
  ["a file by its bytes", user(inline("application/pdf")), { ...one, fileBytes: 3000 }],
  ["what is only named", user(file("video/mp4"), file("audio/mp3")), { ...one, references: 2 }],
  [
    "images looked at coarsely",
    { ...user(inline("image/png")), generationConfig: { mediaResolution: "MEDIA_RESOLUTION_LOW" } },
    { ...one, images: 1, coarseImages: 1 },
  ],
  [
    "tools, and the schema of the answer",
    { tools: [{ a: 1 }], generationConfig: { responseSchema: { b: 2 } } },
    { ...none, hasTools: true, plainBytes: 9 + 7 },
  ],
  [
    "the maximum for each candidate",
    { generationConfig: { maxOutputTokens: 50, candidateCount: 3 } },
    { ...none, outputTokens: 150 },
  ],
])("%s", (_name, body, want) => {
  expect(measure(body)).toEqual(want)
})

test("the names of protocol buffers say the same as those of JSON", () => {
  const rename = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  const body = {
    ...user(inline("image/png"), file("video/mp4"), inline("audio/wav")),
    systemInstruction: { parts: [{ text: "abcd" }] },
    generationConfig: {
      maxOutputTokens: 50,
      candidateCount: 3,
      responseSchema: { b: 2 },
      mediaResolution: "MEDIA_RESOLUTION_LOW",
    },
  }
  const renamed = JSON.stringify(body).replace(/"([a-zA-Z]+)":/g, (name) => rename(name))
  expect(measure(JSON.parse(renamed))).toEqual(measure(body))
  expect(measure(body)).toMatchObject({ outputTokens: 150, images: 1, audioBytes: 3000 })
})
