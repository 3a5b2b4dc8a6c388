/** Wherever a surface has the address of a medium, an internal one is refused by its place. */
import { expect, test } from "vitest"
import { makeRaw } from "#proxy/pipeline/world.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "../registry.ts"

const INNER = "http://169.254.169.254/latest/meta-data"
const OUTER = "https://media.example.com/a"

const chat = (part: unknown) => ({ messages: [{ role: "user", content: [part] }] })
const item = (more: object) => ({ input: [more] })
const message = (part: unknown) => item({ role: "user", content: [part] })
const output = (part: unknown) =>
  item({ type: "function_call_output", call_id: "1", output: [part] })
const image = (url: string) => ({ type: "image", source: { type: "url", url } })

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
]

test.each(PLACES)("%s refuses an internal address at %s", (name, param, make) => {
  const parse = (url: string) =>
    SURFACES[name].parse(makeRaw({ model: "m", max_tokens: 9, ...make(url) }), LIMITS)
  expect(parse(INNER)).toMatchObject({ ok: false, refusal: { code: "image_url_denied", param } })
  expect(parse(OUTER)).toMatchObject({ ok: true })
})

const LIMITS = {
  requestJson: { bytesMax: 65_536, depthMax: 64, tokensMax: 10_000 },
  messagesMax: 10,
  toolsMax: 10,
  outputTokensDefault: 1024,
}
