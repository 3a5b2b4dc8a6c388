import { expect, test } from "vitest"
import { parseWatchEvent } from "./watch-event.ts"

const line = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

test("the bookmark that ends the initial events is told from others", () => {
  const metadata = {
    resourceVersion: "5",
    annotations: { "k8s.io/initial-events-end": "true" },
  }
  const end = parseWatchEvent(line({ type: "BOOKMARK", object: { metadata } }))
  expect(end).toEqual({ type: "BOOKMARK", resourceVersion: "5", isInitialEnd: true })
  const plain = { metadata: { resourceVersion: "6" } }
  const other = parseWatchEvent(line({ type: "BOOKMARK", object: plain }))
  expect(other).toEqual({ type: "BOOKMARK", resourceVersion: "6", isInitialEnd: false })
})

test("an error within the stream keeps its code, reason and Retry-After", () => {
  const status = {
    kind: "Status",
    code: 429,
    reason: "TooManyRequests",
    message: "slow down",
    details: { retryAfterSeconds: 3 },
  }
  expect(parseWatchEvent(line({ type: "ERROR", object: status }))).toEqual({
    type: "ERROR",
    failure: {
      status: 429,
      reason: "TooManyRequests",
      retryAfterMs: 3000,
      isUnreadable: false,
      message: "slow down",
    },
  })
})

const unreadable = [
  { name: "half a line", bytes: Buffer.from('{"type":"ADD') },
  { name: "an object without a version", bytes: line({ type: "ADDED", object: {} }) },
  {
    name: "an unknown type",
    bytes: line({ type: "MOVED", object: { metadata: { resourceVersion: "1" } } }),
  },
  { name: "no object at all", bytes: line(7) },
]

test.each(unreadable)("$name is an error, never silence", ({ bytes }) => {
  expect(() => parseWatchEvent(bytes)).toThrow("a watch line")
})
