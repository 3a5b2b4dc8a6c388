import { expect, test } from "vitest"
import { readRetryAfter } from "./judge-error.ts"

const NOW = Date.parse("2026-11-27T12:00:00Z")
const MAX = 3600

test.each([
  ["seconds", "7", 7],
  ["a date to come, rounded up", "Fri, 27 Nov 2026 12:00:09.5 GMT", 10],
  ["the moment itself", "Fri, 27 Nov 2026 12:00:00 GMT", 0],
  ["a date that has passed is nothing", "Fri, 27 Nov 2026 11:59:59 GMT", null],
  ["seconds over the limit are the limit", "86400", MAX],
  ["a date beyond the limit is the limit", "Sat, 28 Nov 2026 12:00:00 GMT", MAX],
  ["what is neither is nothing", "soon", null],
  ["a negative number is nothing", "-1", null],
  ["no header is nothing", undefined, null],
])("retry-after: %s", (_name, value, want) => {
  expect(readRetryAfter(value, NOW, MAX)).toBe(want)
})
