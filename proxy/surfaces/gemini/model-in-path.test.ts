import { expect, test } from "vitest"
import { makeRaw } from "#proxy/pipeline/world.test-data.ts"
import { SURFACES } from "../registry.ts"

const LIMITS = {
  requestJson: { bytesMax: 65_536, depthMax: 64, tokensMax: 10_000 },
  messagesMax: 10,
  toolsMax: 10,
  outputTokensDefault: 1024,
}
const contents = [{ role: "user", parts: [{ text: "Hi" }] }]

test.each([
  ["gemini-generate", "generateContent", {}, "model"],
  ["gemini-generate", "streamGenerateContent", {}, "model"],
  ["gemini-count-tokens", "countTokens", {}, "model"],
  ["gemini-count-tokens", "countTokens", { nested: true }, "/generateContentRequest/model"],
] as const)("a model in the body of %s %s %o must be the path's", (name, verb, at, param) => {
  const parse = (model: string) => {
    const body =
      "nested" in at ? { generateContentRequest: { contents, model } } : { contents, model }
    return SURFACES[name].parse(makeRaw(body, { path: `/v1beta/models/cheap:${verb}` }), LIMITS)
  }
  expect(parse("models/cheap")).toMatchObject({ ok: true, value: { model: "cheap" } })
  expect(parse("models/dear")).toMatchObject({ ok: false, refusal: { param } })
})
