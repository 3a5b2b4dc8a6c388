/** Wherever a surface has the address of a medium, an internal one is refused by its place. */
import { expect, test } from "vitest"
import { makeRaw } from "#proxy/pipeline/world.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "../registry.ts"

/** A surface that names its model in the body does not look at it. */
const path = "/v1beta/models/m:generateContent"
const INNER = "http://169.254.169.254/latest/meta-data"
const OUTER = "https://media.example.com/a"

const chat = (part: unknown) => ({ messages: [{ role: "user", content: [part] }] })
const item = (more: object) => ({ input: [more] })
const message = (part: unknown) => item({ role: "user", content: [part] })
const output = (part: unknown) =>
  item({ type: "function_call_output", call_id: "1", output: [part] })
const image = (url: string) => ({ type: "image", source: { type: "url", url } })

const part = (more: object) => ({ contents: [{ parts: [more] }] })
const given = (more: object) => ({ functionResponse: { name: "f", response: {}, parts: [more] } })

const PLACES: readonly [ModelSurfaceName, string, (url: string) => object][] = [
  [
    "openai-chat",
    "/messages/0/content/0/video_url/url",
    (url) => chat({ type: "video_url", video_url: { url } }),
  ],
  [
    "openai-chat",
    "/messages/0/content/0/audio_url/url",
    (url) => chat({ type: "audio_url", audio_url: { url } }),
  ],
  [
    "openai-responses",
    "/input/0/content/0/image_url",
    (url) => message({ type: "input_image", image_url: url }),
  ],
  [
    "openai-responses",
    "/input/0/content/0/file_url",
    (url) => message({ type: "input_file", file_url: url }),
  ],
  [
    "openai-responses",
    "/input/0/output/0/image_url",
    (url) => output({ type: "input_image", image_url: url }),
  ],
  [
    "openai-responses",
    "/input/0/output/0/file_url",
    (url) => output({ type: "input_file", file_url: url }),
  ],
  [
    "openai-responses",
    "/input/0/output/image_url",
    (url) =>
      item({
        type: "computer_call_output",
        call_id: "1",
        output: { type: "computer_screenshot", image_url: url },
      }),
  ],
  [
    "anthropic-messages",
    "/messages/0/content/0/source/content/0/source/url",
    (url) => chat({ type: "document", source: { type: "content", content: [image(url)] } }),
  ],
  [
    "gemini-generate",
    "/contents/0/parts/0/fileData/fileUri",
    (url) => part({ fileData: { fileUri: url } }),
  ],
  [
    "gemini-generate",
    "/contents/0/parts/0/file_data/file_uri",
    (url) => part({ file_data: { file_uri: url } }),
  ],
  [
    "gemini-generate",
    "/contents/0/parts/0/functionResponse/parts/0/fileData/fileUri",
    (url) => part(given({ fileData: { fileUri: url } })),
  ],
  [
    "gemini-generate",
    "/systemInstruction/parts/0/fileData/fileUri",
    (url) => ({
      ...part({ text: "Hello" }),
      systemInstruction: { parts: [{ fileData: { fileUri: url } }] },
    }),
  ],
  [
    "gemini-count-tokens",
    "/generateContentRequest/contents/0/parts/0/fileData/fileUri",
    (url) => ({ generateContentRequest: part({ fileData: { fileUri: url } }) }),
  ],
  [
    "gemini-embed",
    "/content/parts/0/fileData/fileUri",
    (url) => ({ content: { parts: [{ fileData: { fileUri: url } }] } }),
  ],
]

test.each(PLACES)("%s refuses an internal address at %s", (name, param, make) => {
  const parse = (url: string) =>
    SURFACES[name].parse(makeRaw({ model: "m", max_tokens: 9, ...make(url) }, { path }), LIMITS)
  expect(parse(INNER)).toMatchObject({ ok: false, refusal: { code: "image_url_denied", param } })
  expect(parse(OUTER)).toMatchObject({ ok: true })
})

test.each([
  part({ fileData: { fileUri: "gs://bucket/a.png" } }),
  part(given({ fileData: { fileUri: "gs://bucket/a.png" } })),
])("a file of Cloud Storage is Google's to read: %j", (body) => {
  expect(SURFACES["gemini-generate"].parse(makeRaw(body, { path }), LIMITS).ok).toBe(true)
})

const LIMITS = {
  requestJson: { bytesMax: 65_536, depthMax: 64, tokensMax: 10_000 },
  messagesMax: 10,
  toolsMax: 10,
  outputTokensDefault: 1024,
}
