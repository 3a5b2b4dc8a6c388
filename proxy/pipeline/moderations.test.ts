/** Moderations through the whole pipeline. Source: OpenAI API reference, "Create moderation". */
import { expect, test } from "vitest"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { SURFACES } from "#proxy/surfaces/registry.ts"
import { createWorld, startChat, type World } from "./world.test-data.ts"

const DEFAULT = "omni-moderation-latest"

function moderate(
  body: string,
  served: string | null = "served",
  provider: Partial<ProviderConfig> = {},
  usage = "",
): World {
  const answer = `{"id":"m","model":"x","results":[{"flagged":false}]${usage}}`
  const world = createWorld({ scripts: [[{ head: 200 }, { data: answer }, { end: true }]] })
  const one = makeProvider("one", { vendor: "OpenAI", pathPrefix: "/v1", ...provider })
  const rule = makeRule({ backends: [makeBackend("one", { model: served })] })
  startChat(world, {
    surface: SURFACES["openai-moderations"],
    runtime: makeRuntime({
      providers: { one },
      models: { exact: { [DEFAULT]: 0, smart: 0 }, prefixes: [] },
      routes: [{ name: "mod/all", rules: [rule] }],
    }),
    body,
  })
  world.advance(10)
  return world
}

function sent(world: World): string | null {
  const body = world.requests[0]?.body
  if (body === undefined) return null
  return typeof body === "string" ? body : new TextDecoder().decode(body)
}

const errorOf = (world: World) => JSON.parse(world.client.body).error

test.each([
  ["served", `{"model":"served", "input":"a", "x":1.0}`],
  [null, `{"model":"${DEFAULT}", "input":"a", "x":1.0}`],
  [DEFAULT, `{"model":"${DEFAULT}", "input":"a", "x":1.0}`],
])("without a model's name are asked of OpenAI's default, here %s, by name", (served, body) => {
  const world = moderate(`{ "input":"a", "x":1.0}`, served)
  expect(sent(world)).toBe(body)
  expect(world.client.status).toBe(200)
})

test("with a model's name pass as they are", () => {
  expect(sent(moderate(`{"input":"a","model":"smart"}`))).toBe(`{"input":"a","model":"served"}`)
})

test.each([`{"Model":"other","input":"a"}`, `{"MODEL":"other","input":"a"}`])(
  "no other member is taken for the model that was judged: %s",
  (body) => {
    const world = moderate(body)
    expect(errorOf(world)).toMatchObject({ code: "invalid_value", param: "model" })
    expect(sent(world)).toBeNull()
  },
)

const image = (url: string) => `{"type":"image_url","image_url":{"url":"${url}"}}`
const listOf = (...parts: readonly string[]) => `{"model":"smart","input":[${parts.join(",")}]}`

test("images are estimated as images, not as texts of their bytes", () => {
  const tokensOf = (body: string) => moderate(body).intents[0]?.estimate
  const [small, large] = ["AAAA", "A".repeat(400_000)].map((data) =>
    tokensOf(listOf(image(`data:image/png;base64,${data}`), `{"type":"text","text":"hello"}`)),
  )
  expect(large).toEqual(small)
  expect(small?.inputImageTokens).toBeGreaterThan(0)
  expect(tokensOf(listOf(`"${"a".repeat(4000)}"`, `"b"`))?.inputTokens).toBeGreaterThan(1000)
})

test("an image's address is checked as that of a chat's", () => {
  const world = moderate(listOf(`"a"`, image("http://169.254.169.254/latest")))
  expect(errorOf(world)).toMatchObject({
    code: "image_url_denied",
    param: "/input/1/image_url/url",
  })
  expect(sent(world)).toBeNull()
})

test("Mistral serves them, and what it reports is settled as input", () => {
  const usage = `,"usage":{"prompt_tokens":9,"total_tokens":98,"completion_tokens":0}`
  const world = moderate(`{"model":"smart","input":"a"}`, "m", { vendor: "Mistral" }, usage)
  expect(world.requests[0]?.path).toBe("/v1/moderations")
  expect([...world.finals.values()][0]).toMatchObject({
    source: "reported",
    usage: { inputTokens: 98, outputTokens: 0 },
  })
})
