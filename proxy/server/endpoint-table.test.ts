import { expect, test } from "vitest"
import { createEndpointTable, type Endpoint } from "./endpoint-table.ts"

const endpoint = (method: "GET" | "POST", path: string): Endpoint => ({
  method,
  path,
  surface: "openai-chat",
  handle: () => undefined,
})
const find = createEndpointTable([
  endpoint("POST", "/v1/messages"),
  endpoint("GET", "/v1/messages"),
  endpoint("POST", "/v1beta/models/{model}:generateContent"),
  endpoint("GET", "/v1beta/models/{model}"),
])

const cases = [
  ["/v1/messages", 2],
  ["/v1/messages/", 0],
  ["/v1beta/models/gemini-2.5-pro:generateContent", 1],
  ["/v1beta/models/publishers/google/models/x:generateContent", 1],
  ["/v1beta/models/a%2Fb:generateContent", 1],
  ["/v1beta/models/:generateContent", 0],
  ["/v1beta/models/x:generateContent/", 0],
  ["/v1beta/models/x:countTokens", 0],
  ["/v1beta/models/{model}:generateContent", 1],
] as const

test.each(cases)("%s has %d endpoints", (path, want) => {
  expect(find(path, "POST")?.length ?? 0).toBe(want)
})

const readings = [
  ["GET", "/v1beta/models/gemini-2.5-pro", "GET"],
  ["GET", "/v1beta/models/a/b", "GET"],
  ["GET", "/v1beta/models/llama3:8b", "GET"],
  ["GET", "/v1beta/models/", undefined],
  ["DELETE", "/v1beta/models/gemini-2.5-pro", undefined],
  ["POST", "/v1beta/models/imagen:predict", undefined],
  ["GET", "/v1beta/models/x:generateContent", "POST"],
] as const

test.each(readings)("%s %s finds an endpoint for %s", (method, path, want) => {
  expect(find(path, method)?.[0]?.method).toBe(want)
})
