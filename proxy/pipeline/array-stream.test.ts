/** A Gemini client that wants its stream as one JSON array, from an upstream of its own wire. */
import { describe, expect, test } from "vitest"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import {
  makeBackend,
  makeProvider,
  makeRule,
  makeRuntime,
} from "#proxy/runtime/samples.test-data.ts"
import { SURFACES } from "#proxy/surfaces/registry.ts"
import { type Act, createWorld, startChat } from "./world.test-data.ts"

/** What no other wire could be told: a file of the project, a hosted tool, a field of tomorrow. */
const BODY = `{"contents":[{"parts":[{"text":"Hello"},
  {"fileData":{"mimeType":"image/png","fileUri":"gs://bucket/a.png"}}]}],
  "tools":[{"googleSearch":{}}],"zzNew":1.0}`

const PIECES = [
  '{"candidates":[{"content":{"parts":[{"text":"On"}]},"index":0}],"zzScore":1.50}',
  '{"candidates":[{"content":{"parts":[{"text":"e"}]},"groundingMetadata":{"a":[1e2]}}]}',
  '{"candidates":[{"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":3,"candidatesTokenCount":2}}',
]
const EVENTS = PIECES.map((piece) => `data: ${piece}\r\n\r\n`)
const HEAD: Act = { head: 200, headers: { "content-type": "text/event-stream" } }

const GEMINI = { schema: "Gemini" } as const
const VERTEX = {
  schema: "VertexAI",
  options: { schema: "VertexAI", project: "p-1", location: "global" },
} as const

const textOf = (body: string | Uint8Array | undefined) =>
  typeof body === "string" ? body : new TextDecoder().decode(body)

function stream(provider: Partial<ProviderConfig>, acts: readonly Act[]) {
  const world = createWorld({ scripts: [[HEAD, ...acts]] })
  const rule = makeRule({ backends: [makeBackend("one", { model: "gemini-2.5-pro" })] })
  startChat(world, {
    surface: SURFACES["gemini-generate"],
    runtime: makeRuntime({
      providers: { one: makeProvider("one", { pathPrefix: "", ...provider }) },
      routes: [
        { name: "search/chat", rules: [{ ...rule, retry: { ...rule.retry, attempts: 1 } }] },
      ],
    }),
    body: BODY,
    raw: { path: "/v1beta/models/smart:streamGenerateContent", query: "" },
  })
  world.advance(10)
  return world
}

describe.each([
  ["the Gemini API", GEMINI],
  ["Vertex AI", VERTEX],
])("of %s", (_name, provider) => {
  test("the request passes as it is, asked for as events", () => {
    const [request] = stream(provider, [{ data: EVENTS.join("") }, { end: true }]).requests
    expect(textOf(request?.body)).toBe(BODY)
    expect(request?.path).toMatch(/models\/gemini-2\.5-pro:streamGenerateContent\?alt=sse$/)
  })

  test.each([1, 7, 4096])("the events are elements, byte for byte, in chunks of %i", (size) => {
    const bytes = `: hello\n\n${EVENTS.join("")}`
    const chunks = bytes.match(new RegExp(`[^]{1,${size}}`, "g")) ?? []
    const acts = chunks.map((data): Act => ({ data }))
    const { client, finals } = stream(provider, [...acts, { end: true }])
    expect(client.body).toBe(`[${PIECES.join(",\n")}\n]`)
    expect(client.headers["content-type"]).toBe("application/json")
    expect([...finals.values()].map(({ usage }) => usage?.outputTokens)).toEqual([2])
  })

  test("an array that breaks ends in an error and is not closed", () => {
    const { client } = stream(provider, [
      { data: EVENTS[0] ?? "" },
      { fail: { kind: "reset", wasSent: true, detail: "gone" } },
    ])
    expect(client.body.startsWith(`[${PIECES[0]},\n{"error":{"code":502,`)).toBe(true)
    expect(client.body).not.toMatch(/\]$/)
  })

  test("what breaks before any content is an error like any other", () => {
    const { client } = stream(provider, [{ end: true }])
    expect([client.status, JSON.parse(client.body).error.code]).toEqual([502, 502])
  })
})
