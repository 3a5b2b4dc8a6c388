import { expect, test } from "vitest"
import { MODEL_PATHS, MODELS_PATHS, SURFACE_PATHS } from "#proxy/surfaces/registry.ts"
import { createFindNearest, familyOf } from "./unknown-endpoint.ts"

const nearest = createFindNearest(
  [...SURFACE_PATHS, ...MODELS_PATHS, ...MODEL_PATHS].map(([path]) => path),
)

test.each([
  ["/chat/completions", "/v1/chat/completions"],
  ["/v1/v1/chat/completions", "/v1/chat/completions"],
  ["/v1/chat/completions/", "/v1/chat/completions"],
  ["//v1//chat/completions", "/v1/chat/completions"],
  ["/openai/deployments/gpt-4o/chat/completions", "/v1/chat/completions"],
  ["/v1/engines/davinci/completions", "/v1/completions"],
  ["/V1/Models", "/v1/models"],
  ["/v1/v1/messages", "/v1/messages"],
  ["/v1/v1/messages/count_tokens", "/v1/messages/count_tokens"],
  ["/models/gemini-pro:generateContent", "/v1beta/models/{model}:generateContent"],
  [
    "/v1alpha/models/gemini-pro:streamGenerateContent",
    "/v1beta/models/{model}:streamGenerateContent",
  ],
  ["/v1/rerank", "/v2/rerank"],
  ["/v1/v1/models/gpt-4o", undefined],
  ["/v1/files", undefined],
  ["/v1/messages/batches", undefined],
  ["/", undefined],
])("%s is nearest to %s", (path, want) => {
  expect(nearest(path)).toBe(want)
})

test.each([
  ["/v1/messages/batches", "anthropic-messages"],
  ["/v1/v1/messages", "anthropic-messages"],
  ["/v1beta/cachedContents", "gemini-generate"],
  ["/models/gemini-pro:generateContent", "gemini-generate"],
  ["/v1/files", "openai-chat"],
  ["/", "openai-chat"],
])("the sender of %s reads errors of %s", (path, want) => {
  expect(familyOf(path)).toBe(want)
})
