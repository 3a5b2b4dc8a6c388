/**
 * Audio with the vendor's own client: it sends forms and takes sound through a real gateway
 * process, and what the upstream was sent is looked at with a reader of forms that is not ours.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import OpenAI, { toFile } from "openai"
import { afterAll, beforeAll, expect, test } from "vitest"
import { manifestsOf } from "./manifests.ts"
import { type Standalone, startStandalone } from "./start-standalone.ts"

/** Every byte there is, line ends and dashes among them. */
const SOUND = Uint8Array.from({ length: 300_000 }, (_, index) => (index * 7) % 256)
const USAGE = {
  type: "tokens",
  input_tokens: 14,
  input_token_details: { audio_tokens: 14, text_tokens: 0 },
  output_tokens: 3,
  total_tokens: 17,
}

let upstream: Server
let gateway: Standalone
const received: Request[] = []
/** Ends the answer of speech that is under way. */
let endSpeech: () => void = () => undefined

beforeAll(async () => {
  upstream = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve))
  const { port } = upstream.address() as AddressInfo
  const manifests = manifestsOf({
    name: "audio",
    spec: "schema: OpenAI\nvendor: OpenAI",
    endpoint: `http://127.0.0.1:${port}/v1`,
    models: ["ears", "voice"],
    served: "served",
  })
  gateway = await startStandalone({ files: { "audio.yaml": manifests } })
})
afterAll(async () => {
  await gateway?.program.stop()
  upstream?.closeAllConnections()
  upstream?.close()
})

const client = () =>
  new OpenAI({ baseURL: `${gateway.origin}/v1`, apiKey: "sidegate-placeholder", maxRetries: 0 })

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  const { url = "", headers } = request
  const type = headers["content-type"] ?? ""
  const body = Buffer.concat(pieces)
  const whole = new Request(`http://upstream${url}`, {
    method: "POST",
    headers: { "content-type": type },
    body,
  })
  received.push(whole)
  if (url === "/v1/audio/speech") {
    response.writeHead(200, { "content-type": "audio/mpeg" })
    response.write(SOUND.subarray(0, 1000))
    endSpeech = () => void response.end(SOUND.subarray(1000))
    return
  }
  if (body.includes('name="stream"')) {
    response.writeHead(200, { "content-type": "text/event-stream" })
    for (const event of [
      { type: "transcript.text.delta", delta: "Hello" },
      { type: "transcript.text.done", text: "Hello", usage: USAGE },
    ]) {
      response.write(`data: ${JSON.stringify(event)}\n\n`)
    }
    response.end()
    return
  }
  response.writeHead(200, { "content-type": "application/json" })
  response.end(JSON.stringify({ text: "Hello", usage: USAGE }))
}

test("speech comes as it streams, and whole", async () => {
  const answered = await client().audio.speech.create({
    model: "voice",
    voice: "alloy",
    input: "Hello there.",
  })
  expect(answered.headers.get("content-type")).toBe("audio/mpeg")
  expect(answered.headers.get("x-sidegate-provider")).toBe("audio")
  const reader = answered.body?.getReader()
  const first = await reader?.read()
  // The upstream has not ended yet: only a passed stream gives this much.
  const pieces = [Buffer.from(first?.value ?? [])]
  expect(pieces[0]?.length).toBeGreaterThan(0)
  endSpeech()
  for (let more = await reader?.read(); more?.done === false; more = await reader?.read()) {
    pieces.push(Buffer.from(more.value))
  }
  expect(Buffer.concat(pieces).equals(Buffer.from(SOUND))).toBe(true)
  expect(await received.at(-1)?.json()).toEqual({
    model: "served",
    voice: "alloy",
    input: "Hello there.",
  })
})

test("a transcription's form arrives with its bytes, under the model that serves", async () => {
  const answered = await client().audio.transcriptions.create({
    model: "ears",
    file: await toFile(SOUND, "größe.mp3", { type: "audio/mpeg" }),
    response_format: "json",
    timestamp_granularities: ["word", "segment"],
    prompt: "Namen: Jürgen",
  })
  expect(answered).toMatchObject({ text: "Hello", usage: USAGE })
  const form = await received.at(-1)?.formData()
  const file = form?.get("file")
  if (!(file instanceof File)) throw new Error("the upstream got no file")
  expect([file.name, file.type]).toEqual(["größe.mp3", "audio/mpeg"])
  expect(Buffer.from(await file.arrayBuffer()).equals(Buffer.from(SOUND))).toBe(true)
  form?.delete("file")
  expect([...(form ?? [])].sort()).toEqual([
    ["model", "served"],
    ["prompt", "Namen: Jürgen"],
    ["response_format", "json"],
    ["timestamp_granularities[]", "segment"],
    ["timestamp_granularities[]", "word"],
  ])
})

test("a transcription streams to the client", async () => {
  const stream = await client().audio.transcriptions.create({
    model: "ears",
    file: await toFile(SOUND, "a.mp3"),
    stream: true,
  })
  const types: string[] = []
  for await (const event of stream) types.push(event.type)
  expect(types).toEqual(["transcript.text.delta", "transcript.text.done"])
})

test("what is wrong with a form is told in the client's own error", async () => {
  const failed = client().audio.transcriptions.create({
    model: "nobody",
    file: await toFile(SOUND, "a.mp3"),
  })
  await expect(failed).rejects.toMatchObject({ status: 404, code: "model_not_found" })
  const json = client().post("/audio/transcriptions", { body: { model: "ears" } })
  await expect(json).rejects.toMatchObject({ status: 415, code: "unsupported_media_type" })
})
