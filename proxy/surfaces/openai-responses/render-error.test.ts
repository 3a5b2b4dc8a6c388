import { createOpenAI } from "@ai-sdk/openai"
import { streamText } from "ai"
import OpenAI from "openai"
import { expect, test } from "vitest"
import { refuse } from "#proxy/exchange/refusal.ts"
import { renderStreamError } from "./render-error.ts"

const TEXT = renderStreamError(refuse("upstream_truncated", "why"), "text/event-stream", "7")

test("an error has every member of OpenAI's type, and fails the response", () => {
  const events = [...TEXT.matchAll(/event: (.*)\ndata: (.*)\n\n/g)]
  expect(events.map(([, name, data = ""]) => [name, JSON.parse(data)])).toEqual([
    [
      "error",
      {
        type: "error",
        sequence_number: 0,
        code: "upstream_truncated",
        message: "why",
        param: null,
      },
    ],
    [
      "response.failed",
      {
        type: "response.failed",
        sequence_number: 1,
        response: {
          id: "resp_7",
          object: "response",
          status: "failed",
          error: { code: "upstream_truncated", message: "why" },
          incomplete_details: null,
          output: [],
          usage: null,
        },
      },
    ],
  ])
})

const fetch = () =>
  Promise.resolve(new Response(TEXT, { headers: { "content-type": "text/event-stream" } }))

test("OpenAI's SDK throws it", async () => {
  const { responses } = new OpenAI({ apiKey: "key", maxRetries: 0, fetch })
  await expect(responses.stream({ model: "m", input: "Hi" }).finalResponse()).rejects.toThrow("why")
})

test("the AI SDK tells it once", async () => {
  const errors: unknown[] = []
  const streamed = streamText({
    model: createOpenAI({ apiKey: "key", fetch }).responses("gpt-4o"),
    prompt: "Hi",
    maxRetries: 0,
    onError: ({ error }) => {
      errors.push(error)
    },
  })
  await streamed.consumeStream()
  expect(errors).toMatchObject([{ message: "why" }])
})
