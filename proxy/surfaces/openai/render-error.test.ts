import { expect, test } from "vitest"
import { RawJson } from "#proxy/contract/json-write.ts"
import { openAiErrors } from "./render-error.ts"

const words = { message: "m", type: null, param: "prompt", code: "content_filter" }

test("an upstream's words are in OpenAI's shape, with what a content filter found", () => {
  const body = (more: object) => openAiErrors.upstream({ ...words, ...more }, 400, "id")
  const error =
    '{"message":"m","type":"invalid_request_error","param":"prompt","code":"content_filter"'
  expect(body({})).toBe(`{"error":${error}}}`)
  const innerError = new RawJson('{"content_filter_result":{"hate":{"filtered":true}}}')
  expect(body({ innerError })).toBe(`{"error":${error},"innererror":${innerError.text}}}`)
})
