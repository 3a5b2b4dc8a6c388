import { expect, test } from "vitest"
import { JSON_MEDIA, STREAM_MEDIA, upstreamHeaders } from "./request-headers.ts"

const pairs = (headers: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    headers.flatMap((name, index) => (index % 2 === 0 ? [[name, headers[index + 1] ?? ""]] : [])),
  )

test("nothing of the client's goes on but what is on the list", () => {
  const sent = upstreamHeaders(
    {
      authorization: "Bearer x",
      "x-api-key": "x",
      "x-goog-api-key": "x",
      cookie: "x",
      host: "x",
      connection: "x-secret",
      "x-secret": "x",
      "proxy-authorization": "x",
      "openai-organization": "x",
      accept: "*/*",
      "content-type": "application/json; charset=utf-16",
      tracestate: "a=b",
    },
    JSON_MEDIA,
  )
  expect(pairs(sent)).toEqual({
    "content-type": "application/json",
    accept: "application/json",
    "accept-encoding": "identity",
    "user-agent": "sidegate",
    tracestate: "a=b",
  })
})

test.each([
  ["a line break", "a\r\nx: y"],
  ["a NUL", "a\u0000"],
  ["a character beyond ASCII", "é"],
  ["more than the limit", "x".repeat(1025)],
])("a value with %s is left out", (_name, value) => {
  expect(pairs(upstreamHeaders({ "idempotency-key": value }, STREAM_MEDIA))).not.toHaveProperty(
    "idempotency-key",
  )
})

test("a stream asks for events", () => {
  expect(pairs(upstreamHeaders({}, STREAM_MEDIA))).toMatchObject({ accept: "text/event-stream" })
})
