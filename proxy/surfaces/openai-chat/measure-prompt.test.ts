import { expect, test } from "vitest"
import { scanJson } from "#proxy/contract/json-scan.ts"
import { EMPTY_PROMPT, type PromptMeasure } from "#proxy/exchange/prompt-measure.ts"
import { measurePrompt } from "./measure-prompt.ts"

const LIMITS = { bytesMax: 100_000, depthMax: 32, tokensMax: 10_000 }
const base64 = "A".repeat(4000)

function measure(body: object): PromptMeasure {
  const scanned = scanJson(Buffer.from(JSON.stringify(body)), LIMITS)
  if (!scanned.ok) throw new Error(scanned.fault.message)
  return measurePrompt(scanned.document, 1024)
}

const user = (...content: readonly unknown[]) => ({ messages: [{ role: "user", content }] })
const one = { ...EMPTY_PROMPT, messages: 1, outputTokens: 1024 }

test.each<[string, object, PromptMeasure]>([
  ["nothing", {}, { ...EMPTY_PROMPT, outputTokens: 1024 }],
  [
    "text as a string",
    { messages: [{ role: "user", content: "x".repeat(400) }] },
    { ...one, plainBytes: 400 },
  ],
  [
    "text in parts, of two messages",
    {
      messages: [
        { role: "system", content: [{ type: "text", text: "abc" }] },
        { role: "user", content: [{ type: "text", text: "de" }] },
      ],
    },
    { ...one, messages: 2, plainBytes: 5 },
  ],
  [
    "wide characters apart",
    { messages: [{ role: "user", content: `漢漢é${"x".repeat(10)}` }] },
    { ...one, plainBytes: 10, wideBytes: 8, wideChars: 3 },
  ],
  [
    "an image, whatever its bytes",
    user({ type: "image_url", image_url: { url: `data:image/png;base64,${base64}` } }),
    { ...one, images: 1 },
  ],
  [
    "an image looked at coarsely, and one that is not",
    user(
      { type: "image_url", image_url: { url: "https://a.example/x.png", detail: "low" } },
      { type: "image_url", image_url: { url: "https://a.example/x.png", detail: "high" } },
    ),
    { ...one, images: 2, coarseImages: 1 },
  ],
  [
    "audio by its bytes",
    user({ type: "input_audio", input_audio: { data: base64, format: "mp3" } }),
    { ...one, audioBytes: 3000 },
  ],
  [
    "Mistral's audio, which stands without an object around it",
    user({ type: "input_audio", input_audio: base64 }),
    { ...one, audioBytes: 3000 },
  ],
  [
    "vendors' documents by their bytes, and those that are only named",
    user(
      { type: "document_url", document_url: `data:application/pdf;base64,${base64}` },
      { type: "file_url", file_url: { url: "https://a.example/a.pdf" } },
      { type: "pdf_url", pdf_url: { url: "https://a.example/a.pdf" } },
    ),
    { ...one, fileBytes: Math.floor(((base64.length + 28) * 3) / 4), references: 2 },
  ],
  [
    "a video, whatever its bytes",
    user({ type: "video_url", video_url: { url: `data:video/mp4;base64,${base64}` } }),
    { ...one, references: 1 },
  ],
  [
    "images of an earlier answer",
    { messages: [{ role: "assistant", content: "a", images: [{ image_url: { url: base64 } }] }] },
    { ...one, plainBytes: 1, images: 1 },
  ],
  [
    "a file by its bytes, and one that is only named",
    user(
      { type: "file", file: { file_data: base64, filename: "a.pdf" } },
      { type: "file", file: { file_id: "file-1" } },
    ),
    { ...one, fileBytes: 3000, references: 1 },
  ],
  [
    "tools, calls and the shape of the answer as they stand",
    {
      tools: [{ a: 1 }],
      response_format: { b: 2 },
      messages: [{ role: "assistant", content: null, tool_calls: [{ c: 3 }] }],
    },
    { ...one, hasTools: true, plainBytes: 9 + 7 + 9 },
  ],
  ["the maximum for each choice", { max_tokens: 50, n: 3 }, { ...EMPTY_PROMPT, outputTokens: 150 }],
  [
    "the newer maximum before the older",
    { max_tokens: 50, max_completion_tokens: 70 },
    { ...EMPTY_PROMPT, outputTokens: 70 },
  ],
])("%s", (_name, body, want) => {
  expect(measure(body)).toEqual(want)
})
