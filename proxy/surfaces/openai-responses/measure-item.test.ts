import { expect, test } from "vitest"
import { EMPTY_PROMPT, type PromptMeasure } from "#proxy/exchange/prompt-measure.ts"
import { parseResponses } from "./parse-responses.ts"

const LIMITS = {
  requestJson: { bytesMax: 65_536, depthMax: 64, tokensMax: 10_000 },
  messagesMax: 10,
  toolsMax: 10,
  outputTokensDefault: 10,
}
const base64 = "A".repeat(4000)
const url = `data:image/png;base64,${base64}`
const image = { type: "input_image", image_url: url }

function measure(item: object): PromptMeasure {
  const body = { model: "m", max_output_tokens: 10, input: [item] }
  const parsed = parseResponses(Buffer.from(JSON.stringify(body)), LIMITS)
  if (!parsed.ok) throw new Error(parsed.refusal.message)
  return parsed.value.measure
}

const one = { ...EMPTY_PROMPT, messages: 1, outputTokens: 10 }
const given = (output: unknown) => ({ type: "function_call_output", call_id: "c", output })
const call = { type: "function_call", call_id: "c", name: "f", arguments: "{}" }

test.each<[string, object, PromptMeasure]>([
  ["a call as it stands", call, { ...one, plainBytes: JSON.stringify(call).length }],
  [
    "what a tool gave in words",
    given("ab"),
    { ...one, plainBytes: JSON.stringify(given("ab")).length },
  ],
  [
    "what a tool gave in parts",
    given([{ type: "input_text", text: "abc" }, image]),
    { ...one, plainBytes: 3, images: 1 },
  ],
  [
    "parts without a type as they stand",
    { type: "shell_call_output", call_id: "c", output: [{ stdout: "a" }] },
    { ...one, plainBytes: '{"stdout":"a"}'.length },
  ],
  [
    "what a screen showed",
    { type: "computer_call_output", output: { type: "computer_screenshot", image_url: url } },
    { ...one, images: 1 },
  ],
  [
    "what was drawn before",
    { type: "image_generation_call", id: "i", result: base64 },
    { ...one, images: 1 },
  ],
  [
    "files by their bytes, and those that are only named",
    {
      role: "user",
      content: [
        { type: "input_file", file_data: base64 },
        { type: "input_file", file_id: "f" },
        { type: "input_file", file_url: "https://a.example/a.pdf" },
      ],
    },
    { ...one, fileBytes: 3000, references: 2 },
  ],
])("%s", (_name, item, want) => {
  expect(measure(item)).toEqual(want)
})
