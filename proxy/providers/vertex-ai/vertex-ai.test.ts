/** Where each model of Vertex AI is asked, and how a refusal is read. */
import { expect, test } from "vitest"
import type { ProviderConfig } from "#proxy/contract/snapshot.ts"
import { documentOf } from "#test/conformance/translation/wires.ts"
import { vertexAi } from "./vertex-ai.ts"

const provider: ProviderConfig = {
  name: "vertex",
  schema: "VertexAI",
  origin: "https://europe-west1-aiplatform.googleapis.com",
  pathPrefix: "",
  vendor: null,
  options: { schema: "VertexAI", project: "p", location: "europe-west1" },
  network: "Public",
  credential: "Secret",
  connectTimeoutMs: 1,
  disabled: false,
  simulated: null,
}

const AT = "/v1/projects/p/locations/europe-west1"
const GOOGLE = `${AT}/publishers/google/models`
const ANTHROPIC = `${AT}/publishers/anthropic/models`

test.each([
  ["gemini-2.5-pro", false, `${GOOGLE}/gemini-2.5-pro:generateContent`],
  ["gemini-2.5-pro", true, `${GOOGLE}/gemini-2.5-pro:streamGenerateContent?alt=sse`],
  ["claude-sonnet-4@20250514", false, `${ANTHROPIC}/claude-sonnet-4%4020250514:rawPredict`],
  ["claude-opus-5", true, `${ANTHROPIC}/claude-opus-5:streamRawPredict`],
  ["text-embedding-005", false, `${GOOGLE}/text-embedding-005:predict`],
  ["gemini-embedding-2", false, `${GOOGLE}/gemini-embedding-2:embedContent`],
  // A tuned model is deployed at an endpoint of the project's own.
  ["endpoints/4178713732571987968", false, `${AT}/endpoints/4178713732571987968:generateContent`],
  [
    "endpoints/4178713732571987968",
    true,
    `${AT}/endpoints/4178713732571987968:streamGenerateContent?alt=sse`,
  ],
  // A client's own name, where the route sends it on.
  ["endpoints/1/../2", false, `${GOOGLE}/endpoints%2F1%2F..%2F2:generateContent`],
  ["endpoints/1?x", false, `${GOOGLE}/endpoints%2F1%3Fx:generateContent`],
])("model %s (streamed: %s) is asked at %s", (model, isStream, want) => {
  const [wire] = vertexAi.wires(provider, model)
  expect(wire?.path({ provider, model, isStream })).toBe(want)
})

/** Google's own, before Anthropic's model is reached; of a stream it is in a list. */
const GOOGLES = { error: { code: 400, message: "not allowed", status: "FAILED_PRECONDITION" } }
const ANTHROPICS = { type: "error", error: { type: "invalid_request_error", message: "too long" } }

test.each([
  ["Google's in a list", [GOOGLES], { message: "not allowed", code: "FAILED_PRECONDITION" }],
  ["Google's", GOOGLES, { message: "not allowed", code: "FAILED_PRECONDITION" }],
  ["Anthropic's", ANTHROPICS, { message: "too long", type: "invalid_request_error" }],
  ["nobody's", {}, undefined],
])("of a model of Anthropic's a refusal is read in words of %s", (_name, body, want) => {
  const [wire] = vertexAi.wires(provider, "claude-opus-5")
  const read = wire?.readError(documentOf(JSON.stringify(body)), (text) => text)
  expect(read).toEqual(want && { type: null, param: null, code: null, ...want })
})
