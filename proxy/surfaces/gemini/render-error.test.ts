import { expect, test } from "vitest"
import { refuse } from "#proxy/exchange/refusal.ts"
import { EVENT_STREAM } from "../surface.ts"
import { geminiErrors } from "./render-error.ts"

test("an error in a stream is an event without a name: Google's client passes over the others", () => {
  const event = geminiErrors.event(refuse("upstream_truncated", "why"), EVENT_STREAM, "req-1")
  expect(event).toMatch(/^data: \{"error":\{"code":502,"message":"why",.*\}\n\n$/)
})
