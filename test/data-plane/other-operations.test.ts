/**
 * What is no chat, with the vendor's own client and Vercel's through a real gateway process: images
 * whole and as a stream, moderations, completions, vectors of a server that gives numbers only, and
 * audio as Vercel's client asks for it. Answers are in the shapes of OpenAI's API reference.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { createOpenAI } from "@ai-sdk/openai"
import { embedMany, generateImage, generateSpeech, generateText, transcribe } from "ai"
import OpenAI from "openai"
import { afterAll, beforeAll, expect, test } from "vitest"
import { manifestsOf } from "./manifests.ts"
import { type Standalone, startStandalone } from "./start-standalone.ts"

const PNG = "iVBORw0KGgo="
const IMAGE_USAGE = {
  total_tokens: 322,
  input_tokens: 50,
  output_tokens: 272,
  input_tokens_details: { text_tokens: 50, image_tokens: 0 },
}
const SOUND = Uint8Array.from({ length: 5000 }, (_, index) => (index * 7) % 256)

let upstream: Server
let gateway: Standalone
const received: { readonly url: string; readonly body: string }[] = []

beforeAll(async () => {
  upstream = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve))
  const { port } = upstream.address() as AddressInfo
  const manifests = manifestsOf({
    name: "others",
    spec: "schema: OpenAI\nvendor: OpenAI",
    endpoint: `http://127.0.0.1:${port}/v1`,
    models: ["gpt-image-1", "omni-moderation-latest", "vectors", "older", "voice", "whisper-1"],
    served: "served",
  })
  gateway = await startStandalone({ files: { "others.yaml": manifests } })
})
afterAll(async () => {
  await gateway?.program.stop()
  upstream?.closeAllConnections()
  upstream?.close()
})

const baseURL = () => `${gateway.origin}/v1`
const client = () =>
  new OpenAI({ baseURL: baseURL(), apiKey: "sidegate-placeholder", maxRetries: 0 })
const vercel = () => createOpenAI({ baseURL: baseURL(), apiKey: "sidegate-placeholder" })
const last = () => JSON.parse(received.at(-1)?.body ?? "null")

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  const { url = "" } = request
  const body = Buffer.concat(pieces).toString("latin1")
  received.push({ url, body })
  const json = (value: unknown) => {
    response.writeHead(200, { "content-type": "application/json" })
    response.end(JSON.stringify(value))
  }
  switch (url) {
    case "/v1/images/generations":
      if (JSON.parse(body).stream === true) streamImages(response)
      else json({ created: 1, data: [{ b64_json: PNG }], usage: IMAGE_USAGE })
      return
    case "/v1/moderations":
      json({ id: "modr-1", model: "served", results: [{ flagged: true, categories: {} }] })
      return
    case "/v1/embeddings": {
      const data = [1, 0].map((index) => ({ object: "embedding", index, embedding: [index, 0.5] }))
      json({ object: "list", data, model: "served", usage: { prompt_tokens: 4, total_tokens: 4 } })
      return
    }
    case "/v1/completions":
      json({
        id: "cmpl-1",
        object: "text_completion",
        created: 1,
        model: "served",
        choices: ["b", "d"].map((text, index) => ({ text, index, finish_reason: "stop" })),
        usage: { prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 },
      })
      return
    case "/v1/audio/speech":
      response.writeHead(200, { "content-type": "audio/mpeg" })
      response.end(SOUND)
      return
    default:
      json({ text: "Hello", language: "english", duration: 1.5, segments: [], task: "transcribe" })
  }
}

function streamImages(response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream" })
  for (const event of [
    { type: "image_generation.partial_image", partial_image_index: 0, b64_json: "AA==" },
    { type: "image_generation.completed", b64_json: PNG, usage: IMAGE_USAGE },
  ]) {
    response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  }
  response.end()
}

test("images stream to the client, and come whole", async () => {
  const asked = { model: "gpt-image-1", prompt: "a cat" }
  const stream = await client().images.generate({ ...asked, stream: true, partial_images: 1 })
  const events: unknown[] = []
  for await (const event of stream) events.push(event)
  expect(events).toMatchObject([
    { type: "image_generation.partial_image", b64_json: "AA==" },
    { type: "image_generation.completed", b64_json: PNG, usage: { output_tokens: 272 } },
  ])
  expect(last()).toEqual({ ...asked, model: "served", stream: true, partial_images: 1 })
  const whole = await client().images.generate(asked)
  expect(whole).toMatchObject({ data: [{ b64_json: PNG }], usage: IMAGE_USAGE })
  const { image } = await generateImage({ model: vercel().image("gpt-image-1"), prompt: "a cat" })
  expect(image.base64).toBe(PNG)
})

test("a moderation that names no model is one of the default", async () => {
  const moderated = await client().moderations.create({ input: ["a", "b"] })
  expect(moderated.results[0]?.flagged).toBe(true)
  expect(last()).toEqual({ model: "served", input: ["a", "b"] })
})

test("vectors are the same numbers, whether the client asks for base64 or not", async () => {
  const body = { model: "vectors", input: ["a", "b"] }
  const { data } = await client().embeddings.create(body)
  expect(last()).toEqual({ ...body, model: "served", encoding_format: "base64" })
  const want = [
    [1, 0.5],
    [0, 0.5],
  ]
  expect(data.map(({ embedding }) => [...embedding])).toEqual(want)
  const raw = await client().embeddings.create({ ...body, encoding_format: "base64" })
  expect(raw.data.map(({ embedding }) => embedding)).toEqual(
    want.map((vector) => Buffer.from(Float32Array.from(vector).buffer).toString("base64")),
  )
  const model = vercel().embedding("vectors")
  const { embeddings, usage } = await embedMany({ model, values: ["a", "b"] })
  expect(embeddings).toEqual(want)
  expect(usage.tokens).toBe(4)
})

test("completions of several prompts come back in their places", async () => {
  const { choices } = await client().completions.create({ model: "older", prompt: ["a", "c"] })
  expect(choices.map(({ text, index }) => [index, text])).toEqual([
    [0, "b"],
    [1, "d"],
  ])
  const { text, usage } = await generateText({ model: vercel().completion("older"), prompt: "a" })
  expect([text, usage.outputTokens]).toEqual(["b", 2])
})

test("Vercel's client speaks and hears", async () => {
  const { audio } = await generateSpeech({ model: vercel().speech("voice"), text: "Hello." })
  expect(Buffer.from(audio.uint8Array).equals(Buffer.from(SOUND))).toBe(true)
  const heard = await transcribe({ model: vercel().transcription("whisper-1"), audio: SOUND })
  expect([heard.text, heard.durationInSeconds]).toEqual(["Hello", 1.5])
  expect(received.at(-1)?.body).toContain("verbose_json")
})
