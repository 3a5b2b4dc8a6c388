/** Images that stream, through the whole pipeline, in the events of OpenAI's API reference. */
import { expect, test } from "vitest"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { SURFACES } from "#proxy/surfaces/registry.ts"
import { type Act, createWorld, startChat, type World } from "./world.test-data.ts"

const DRAW = { model: "smart", prompt: "a cat", stream: true, partial_images: 1 }

function draw(
  texts: readonly string[],
  more: object = {},
  last: Act = { end: true },
  contentType = "text/event-stream",
): World {
  const head: Act = { head: 200, headers: { "content-type": contentType } }
  const world = createWorld({ scripts: [[head, ...texts.map((data) => ({ data })), last]] })
  const one = makeProvider("one", { vendor: "OpenAI", pathPrefix: "/v1" })
  startChat(world, {
    surface: SURFACES["openai-images"],
    runtime: makeRuntime({
      providers: { one },
      routes: [{ name: "images/all", rules: [makeRule({ backends: [makeBackend("one")] })] }],
    }),
    body: { ...DRAW, ...more },
  })
  world.advance(10)
  return world
}

const finalOf = (world: World) => [...world.finals.values()][0]
const event = (name: string, more: object) =>
  `event: image_generation.${name}\ndata: ${JSON.stringify({ type: `image_generation.${name}`, b64_json: "AA==", ...more })}\n\n`
const usage = (input: number, image: number, output: number) => ({
  total_tokens: input + output,
  input_tokens: input,
  output_tokens: output,
  input_tokens_details: { text_tokens: input - image, image_tokens: image },
})

const PARTIAL = event("partial_image", { partial_image_index: 0 })
const COMPLETED = event("completed", { usage: usage(50, 40, 272) })

test("pass as they come, and what they used is settled", () => {
  const world = draw([PARTIAL, COMPLETED])
  const [request] = world.requests
  expect(request?.path).toBe("/v1/images/generations")
  expect(request?.headers).toContain("text/event-stream")
  expect(world.client).toMatchObject({ status: 200, body: PARTIAL + COMPLETED, end_: "ended" })
  expect(world.client.headers["content-type"]).toMatch(/^text\/event-stream/)
  expect(finalOf(world)).toMatchObject({
    outcome: "ok",
    source: "reported",
    usage: {
      inputTokens: 50,
      cachedInputTokens: 0,
      inputImageTokens: 40,
      outputTokens: 272,
      outputImageTokens: 272,
    },
  })
})

test("are shown while the next is drawn, and are added up", () => {
  const first = draw([PARTIAL, COMPLETED], { n: 2 }, { at: 1000, data: COMPLETED })
  expect(first.client).toMatchObject({ body: PARTIAL + COMPLETED, end_: "open" })
  const both = draw([COMPLETED, COMPLETED, "data: [DONE]\n\n"], { n: 2 })
  expect(both.client).toMatchObject({ body: `${COMPLETED}${COMPLETED}data: [DONE]\n\n` })
  expect(finalOf(both)?.usage).toMatchObject({ inputTokens: 100, outputTokens: 544 })
})

test("come as late as the route gives a whole answer, and later they are a timeout", () => {
  const world = draw([], {}, { at: 50_000, data: COMPLETED })
  world.advance(55_000)
  expect(world.requests).toHaveLength(1)
  expect(world.client).toMatchObject({ status: 200, body: COMPLETED })
  world.advance(10_000)
  expect(world.client.body).toContain("upstream_timeout")
  expect(world.client.end_).toBe("destroyed")
})

test("without a report are estimated by their number", () => {
  const world = draw([event("completed", {})], { n: 1 })
  expect(finalOf(world)).toMatchObject({ source: "estimated", usage: { outputTokens: 6340 } })
})

test("come whole where the server has no stream of them, and are drawn once", () => {
  const answer = JSON.stringify({ created: 1, data: [{ b64_json: "AA==" }] })
  const world = draw([answer], {}, { end: true }, "application/json")
  expect(world.requests).toHaveLength(1)
  expect(world.client).toMatchObject({ status: 200, body: answer, end_: "ended" })
  expect(world.client.headers["content-type"]).toBe("application/json")
  expect(finalOf(world)).toMatchObject({ outcome: "ok", usage: { outputTokens: 6240 } })
})

test("that break off before they are done are no images", () => {
  const world = draw([PARTIAL])
  expect(world.client.body).toContain(`${PARTIAL}event: error\ndata: `)
  expect(world.client.body).toContain("upstream_truncated")
  expect(world.client.end_).toBe("destroyed")
  expect(finalOf(world)?.outcome).toBe("truncated")
})

test("that the provider gives up are no images", () => {
  const error = `event: error\ndata: {"type":"error","error":{"code":"moderation_blocked"}}\n\n`
  const world = draw([PARTIAL, error])
  expect(world.client.body).toContain("moderation_blocked")
  expect(world.client.end_).toBe("destroyed")
})

test("shown more often than the API knows are refused by name", () => {
  const world = draw([], { partial_images: 4 })
  expect(JSON.parse(world.client.body).error).toMatchObject({ param: "partial_images" })
  expect(world.requests).toEqual([])
})
