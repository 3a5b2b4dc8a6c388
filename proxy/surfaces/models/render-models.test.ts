import { expect, test } from "vitest"
import { modelsSurfaceOf, renderModels } from "./render-models.ts"

const cases = [
  { name: "a plain request is OpenAI's", headers: {}, want: "openai-models" },
  {
    name: "one with anthropic-version is Anthropic's",
    headers: { "anthropic-version": "2023-06-01" },
    want: "anthropic-models",
  },
  {
    name: "one with Google's header of a key is Gemini's",
    headers: { "x-goog-api-key": "k" },
    want: "gemini-models",
  },
]
test.each(cases)("$name", ({ headers, want }) => {
  expect(modelsSurfaceOf("/v1/models", headers)).toBe(want)
})

test("a path of Gemini's is Gemini's without any header", () => {
  expect(modelsSurfaceOf("/v1beta/models", {})).toBe("gemini-models")
})

test("no model is an empty list in every shape", () => {
  expect(Object.values(renderModels([])).map((text) => JSON.parse(text))).toEqual([
    { object: "list", data: [] },
    { data: [], has_more: false, first_id: null, last_id: null },
    { models: [] },
  ])
})
