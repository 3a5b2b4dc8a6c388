/** What an error of each status is called in the shape of each surface. */
import { describe, expect, test } from "vitest"
import { anthropicErrors } from "./anthropic-messages/render-error.ts"
import { geminiErrors } from "./gemini/render-error.ts"
import { openAiErrors } from "./openai/render-error.ts"

const WORDS = { message: "m", type: null, param: null, code: null }

// Source: Anthropic, "Errors", HTTP errors; google.rpc.Code, HTTP mapping.
test.each([
  [400, "invalid_request_error", "INVALID_ARGUMENT"],
  [401, "authentication_error", "UNAUTHENTICATED"],
  [402, "billing_error", "INVALID_ARGUMENT"],
  [403, "permission_error", "PERMISSION_DENIED"],
  [404, "not_found_error", "NOT_FOUND"],
  [413, "request_too_large", "INVALID_ARGUMENT"],
  [422, "invalid_request_error", "INVALID_ARGUMENT"],
  [429, "rate_limit_error", "RESOURCE_EXHAUSTED"],
  [500, "api_error", "INTERNAL"],
  [501, "api_error", "UNIMPLEMENTED"],
  [502, "api_error", "UNAVAILABLE"],
  [503, "overloaded_error", "UNAVAILABLE"],
  [504, "timeout_error", "DEADLINE_EXCEEDED"],
  [529, "overloaded_error", "INTERNAL"],
])("%d", (status, type, name) => {
  expect(JSON.parse(anthropicErrors.upstream(WORDS, status, "r"))).toEqual({
    type: "error",
    error: { type, message: "m" },
    request_id: "r",
  })
  expect(JSON.parse(geminiErrors.upstream(WORDS, status, "r"))).toEqual({
    error: { code: status, message: "m", status: name },
  })
})

describe("an upstream's own name for its error", () => {
  test("is Anthropic's where it is one of them, whatever the status", () => {
    const typeOf = (type: string) =>
      JSON.parse(anthropicErrors.upstream({ ...WORDS, type }, 400, "r")).error.type
    const names = [
      ...["invalid_request_error", "authentication_error", "billing_error", "permission_error"],
      ...["not_found_error", "request_too_large", "rate_limit_error", "timeout_error"],
      ...["api_error", "overloaded_error"],
    ]
    expect(names.map(typeOf)).toEqual(names)
    expect(typeOf("server_error")).toBe("invalid_request_error")
  })

  test("is Google's where it is written like one", () => {
    const statusOf = (code: string) =>
      JSON.parse(geminiErrors.upstream({ ...WORDS, code }, 400, "r")).error.status
    expect(statusOf("FAILED_PRECONDITION")).toBe("FAILED_PRECONDITION")
    expect(statusOf("context_length_exceeded")).toBe("INVALID_ARGUMENT")
  })

  test("goes with its parameter and code to OpenAI's clients", () => {
    const error = { message: "m", type: "t", param: "p", code: "c" }
    expect(JSON.parse(openAiErrors.upstream(error, 400, "r"))).toEqual({ error })
    expect(JSON.parse(openAiErrors.upstream(WORDS, 400, "r"))).toEqual({
      error: { ...WORDS, type: "invalid_request_error" },
    })
  })
})
