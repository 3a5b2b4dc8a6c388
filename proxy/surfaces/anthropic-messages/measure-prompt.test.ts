import { expect, test } from "vitest"
import { scanJson } from "#proxy/contract/json-scan.ts"
import { EMPTY_PROMPT, type PromptMeasure } from "#proxy/exchange/prompt-measure.ts"
import { measurePrompt } from "./measure-prompt.ts"

const LIMITS = { bytesMax: 100_000, depthMax: 32, tokensMax: 10_000 }
const base64 = "A".repeat(4000)

function measure(body: object): PromptMeasure {
  const text = JSON.stringify({ max_tokens: 10, ...body })
  const scanned = scanJson(Buffer.from(text), LIMITS)
  if (!scanned.ok) throw new Error(scanned.fault.message)
  return measurePrompt(scanned.document, 1024)
}

const user = (...content: readonly unknown[]) => ({ messages: [{ role: "user", content }] })
const none = { ...EMPTY_PROMPT, outputTokens: 10 }
const one = { ...none, messages: 1 }
const source = { type: "base64", media_type: "application/pdf", data: base64 }
const hour = { cache_control: { type: "ephemeral", ttl: "1h" } }
const text = { type: "text", text: "abc" }

test.each<[string, object, PromptMeasure]>([
  ["a system prompt is no message", { system: "abcd" }, { ...none, plainBytes: 4 }],
  ["blocks as they stand", user(text), { ...one, plainBytes: JSON.stringify(text).length }],
  ["an image", user({ type: "image", source }), { ...one, images: 1 }],
  [
    "an image in the result of a tool",
    user({ type: "tool_result", tool_use_id: "t", content: [{ type: "image", source }] }),
    { ...one, images: 1 },
  ],
  ["a document by its bytes", user({ type: "document", source }), { ...one, fileBytes: 3000 }],
  [
    "a document that was fetched by its bytes",
    user({
      type: "web_fetch_tool_result",
      tool_use_id: "t",
      content: { type: "web_fetch_result", url: "u", content: { type: "document", source } },
    }),
    { ...one, fileBytes: 3000 },
  ],
  [
    "a document of text",
    user({ type: "document", source: { type: "text", media_type: "text/plain", data: "abc" } }),
    { ...one, plainBytes: 3 },
  ],
  [
    "a document of blocks",
    user({ type: "document", source: { type: "content", content: "abc" } }),
    { ...one, plainBytes: 3 },
  ],
  [
    "a document that is only named",
    user({ type: "document", source: { type: "url", url: "https://a.example/a.pdf" } }),
    { ...one, references: 1 },
  ],
  ["tools", { tools: [{ a: 1 }] }, { ...none, hasTools: true, plainBytes: 9 }],
  [
    "a cache of five minutes is no cache of an hour",
    user({ ...text, cache_control: { type: "ephemeral" } }),
    {
      ...one,
      plainBytes: JSON.stringify({ ...text, cache_control: { type: "ephemeral" } }).length,
    },
  ],
])("%s", (_name, body, want) => {
  expect(measure(body)).toEqual(want)
})

test.each<[string, object]>([
  ["of a block", user({ ...text, ...hour })],
  ["of the system prompt", { system: [{ ...text, ...hour }] }],
  ["of a tool", { tools: [{ name: "t", ...hour }] }],
  ["of the request", hour],
])("a cache of an hour %s is seen", (_name, body) => {
  expect(measure(body).asksHourCache).toBe(true)
})
