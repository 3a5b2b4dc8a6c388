/**
 * Sources and images that vendors have in their answers, as official SDKs of other shapes show
 * them, through a real gateway process: whole and streamed, and back in the next turn.
 */
import { readFileSync } from "node:fs"
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import Anthropic from "@anthropic-ai/sdk"
import { type Candidate, GoogleGenAI } from "@google/genai"
import OpenAI from "openai"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { manifestsOf } from "./manifests.ts"
import { type Standalone, startStandalone } from "./start-standalone.ts"

const UPSTREAM = new URL("../golden/vendors/upstream/", import.meta.url)
const PNG = "iVBORw0KGgo="
const WIKIPEDIA = "https://en.wikipedia.org/wiki/San_Francisco"
const CENSUS = "https://www.example.org/census"

const CITY = "Köln 🎉 hat 1.087.353 Einwohner."
const DOM = "Der Dom ist 157 m hoch."

/** Models that clients ask for, with the answers of `test/golden/vendors` that they get. */
const MODELS = [
  { model: "ground", schema: "Gemini", answers: "Gemini-grounding" },
  { model: "cite", schema: "Cohere", answers: "Cohere-citations" },
  { model: "search", vendor: "Perplexity", answers: "Perplexity-sources" },
  // The same from a vendor that does not speak Responses.
  { model: "search-plain", vendor: "Cerebras", answers: "Perplexity-sources" },
  { model: "paint", vendor: "OpenRouter", answers: "OpenRouter-images" },
  { model: "paint-plain", vendor: "Cerebras", answers: "OpenRouter-images" },
] as const

let upstream: Server
let gateway: Standalone
/** Bodies that the upstream was sent. */
const sent: string[] = []

beforeAll(async () => {
  upstream = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve))
  const { port } = upstream.address() as AddressInfo
  const files = MODELS.map(({ model, answers, ...one }) => {
    const endpoint = `http://127.0.0.1:${port}/${answers}`
    const spec = "schema" in one ? `schema: ${one.schema}` : `schema: OpenAI\nvendor: ${one.vendor}`
    return [
      `${model}.yaml`,
      manifestsOf({ name: model, spec, endpoint, models: [model], served: "m" }),
    ]
  })
  gateway = await startStandalone({ files: Object.fromEntries(files) })
})
afterAll(async () => {
  await gateway?.program.stop()
  upstream?.closeAllConnections()
  upstream?.close()
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  const body = Buffer.concat(pieces).toString()
  sent.push(body)
  const [, answers, ...path] = (request.url ?? "").split("/")
  const isStream = body.includes('"stream":true') || path.join("/").includes(":stream")
  const type = isStream ? "text/event-stream" : "application/json"
  response.writeHead(200, { "content-type": type })
  response.end(readFileSync(new URL(`${answers}.${isStream ? "sse" : "json"}`, UPSTREAM)))
}

const key = { apiKey: "none", maxRetries: 0 }
const openAi = () => new OpenAI({ baseURL: `${gateway.origin}/v1`, ...key })
const anthropic = () => new Anthropic({ baseURL: gateway.origin, ...key })
const google = () => new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: gateway.origin } })

describe.each([false, true])("streamed: %s", (isStream) => {
  /** All candidates that Google's SDK gives, one a piece. */
  async function generate(model: string): Promise<readonly Candidate[]> {
    const { models } = google()
    const ask = { model, contents: "Hello" }
    if (!isStream) return (await models.generateContent(ask)).candidates ?? []
    const found: Candidate[] = []
    for await (const { candidates = [] } of await models.generateContentStream(ask)) {
      found.push(...candidates)
    }
    return found
  }

  async function message(model: string): Promise<Anthropic.Message> {
    const ask = {
      model,
      max_tokens: 100,
      messages: [{ role: "user" as const, content: "Hello" }],
    }
    const { messages } = anthropic()
    return isStream ? messages.stream(ask).finalMessage() : messages.create(ask)
  }

  async function respond(model: string): Promise<OpenAI.Responses.Response> {
    const ask = { model, input: "Hello" }
    const { responses } = openAi()
    return isStream ? responses.stream(ask).finalResponse() : responses.create(ask)
  }

  test("@google/genai has the sources as grounding", async () => {
    const { groundingMetadata } = (await generate("search")).at(-1) ?? {}
    expect(groundingMetadata?.groundingChunks?.map(({ web }) => web?.uri)).toEqual([
      WIKIPEDIA,
      CENSUS,
    ])
  })

  test("@anthropic-ai/sdk has them as citations of the text", async () => {
    const [block] = (await message("search")).content
    if (block?.type !== "text") throw new Error("the answer is no text")
    expect(block.text).toBe("About 827,500 people.[1][2]")
    expect(block.citations).toEqual([
      expect.objectContaining({ type: "web_search_result_location", url: WIKIPEDIA }),
      expect.objectContaining({ type: "web_search_result_location", url: CENSUS }),
    ])
  })

  test("openai has them as annotations of a response", async () => {
    const [item] = (await respond("search-plain")).output
    if (item?.type !== "message") throw new Error("the answer is no message")
    const [part] = item.content
    if (part?.type !== "output_text") throw new Error("the answer is no text")
    const links = part.annotations.map((one) => (one.type === "url_citation" ? one.url : one.type))
    expect(links).toEqual([WIKIPEDIA, CENSUS])
  })

  test("openai has what Gemini cites as the words between two positions", async () => {
    const [item] = (await respond("ground")).output
    if (item?.type !== "message") throw new Error("the answer is no message")
    const [part] = item.content
    if (part?.type !== "output_text") throw new Error("the answer is no text")
    const words = part.annotations.map((one) => {
      if (one.type !== "url_citation") throw new Error("it is no link")
      return [...part.text].slice(one.start_index, one.end_index).join("")
    })
    expect(words).toEqual([CITY, CITY, DOM, ""])
  })

  test("@google/genai has what Cohere cites as the bytes of a segment", async () => {
    const candidates = await generate("cite")
    const said = candidates.map(({ content }) => content?.parts?.[0]?.text ?? "").join("")
    const { groundingMetadata, citationMetadata } = candidates.at(-1) ?? {}
    const segments = groundingMetadata?.groundingSupports?.map(({ segment }) => segment) ?? []
    const quotes = citationMetadata?.citations ?? []
    const bytes = Buffer.from(said)
    const wordsAt = (places: readonly { startIndex?: number; endIndex?: number }[]) =>
      places.map(({ startIndex, endIndex }) => bytes.subarray(startIndex, endIndex).toString())
    expect(wordsAt(segments.map((segment) => segment ?? {}))).toEqual([CITY])
    expect(wordsAt(quotes)).toEqual([CITY, DOM])
  })

  test("@google/genai has an image as data", async () => {
    const parts = (await generate("paint")).flatMap(({ content }) => content?.parts ?? [])
    const images = parts.flatMap(({ inlineData }) => (inlineData === undefined ? [] : [inlineData]))
    expect(images).toEqual([{ mimeType: "image/png", data: PNG }])
  })

  test("openai has an image as an item, and gives it back", async () => {
    const { output } = await respond("paint-plain")
    const image = output.at(-1)
    if (image?.type !== "image_generation_call") throw new Error("the last item is no image")
    expect(image).toMatchObject({ status: "completed", result: PNG })
    const input = [{ role: "user" as const, content: "Hello" }, image]
    await expect(openAi().responses.create({ model: "paint-plain", input })).rejects.toMatchObject({
      status: 400,
      code: "unsupported_parameter",
    })
  })

  test("@anthropic-ai/sdk has an image as a block, and gives it back to OpenRouter", async () => {
    const { content } = await message("paint")
    expect(content.map(({ type }) => type as string)).toEqual(["text", "image"])
    const user = { role: "user" as const, content: "Hello" }
    const messages = [user, { role: "assistant" as const, content }, user]
    await anthropic().messages.create({ model: "paint", max_tokens: 100, messages })
    const url = `data:image/png;base64,${PNG}`
    expect(JSON.parse(sent.at(-1) ?? "").messages[1]).toEqual({
      role: "assistant",
      content: "Here it is.",
      images: [{ type: "image_url", image_url: { url } }],
    })
  })
})

test("@google/genai may ask OpenRouter for images", async () => {
  const config = { responseModalities: ["TEXT", "IMAGE"] }
  await google().models.generateContent({ model: "paint", contents: "Hello", config })
  expect(JSON.parse(sent.at(-1) ?? "").modalities).toEqual(["image", "text"])
})
