import { expect, test } from "vitest"
import { renderOutcome } from "./render-items.ts"

test.each([
  ["stop", "completed", null],
  ["tool-calls", "completed", null],
  ["length", "incomplete", { reason: "max_output_tokens" }],
  ["content-filter", "incomplete", { reason: "content_filter" }],
  ["refusal", "incomplete", { reason: "content_filter" }],
] as const)("an answer that ended with %s is %s", (reason, status, incomplete_details) => {
  expect(renderOutcome(reason)).toEqual({ status, incomplete_details })
})
