import { expect, test } from "vitest"
import { refuse } from "#proxy/exchange/refusal.ts"
import { anthropicErrors } from "./render-error.ts"

test("an error has the request's id, as Anthropic's own do", () => {
  const refusal = refuse("upstream_failed", "why")
  const error = { type: "api_error", message: "why", code: "upstream_failed", param: null }
  const want = { type: "error", error, request_id: "req-7" }
  expect(JSON.parse(anthropicErrors.body(refusal, "req-7"))).toEqual(want)
  const event = anthropicErrors.event(refusal, "text/event-stream", "req-7")
  expect(event).toBe(`event: error\ndata: ${JSON.stringify(want)}\n\n`)
  const words = { message: "m", type: "overloaded_error", param: null, code: null }
  expect(JSON.parse(anthropicErrors.upstream(words, 400, "req-7"))).toEqual({
    type: "error",
    error: { type: "overloaded_error", message: "m" },
    request_id: "req-7",
  })
})
