/** The item that an answer was cut in says so, whole and streamed; those before it are complete. */
import { expect, test } from "vitest"
import { collectAnswer } from "#proxy/exchange/chat-answer.ts"
import type { FinishReason, ResponseEvent } from "#proxy/exchange/response-event.ts"
import { PIPELINE_SETTINGS } from "#proxy/pipeline/settings.ts"
import { makeRaw } from "#proxy/pipeline/world.test-data.ts"
import { openAiResponses } from "./openai-responses.ts"

const USAGE = { inputTokens: 3, cachedInputTokens: 0, outputTokens: 2 }

function statusesOf(content: readonly ResponseEvent[], reason: FinishReason) {
  const parsed = openAiResponses.parse(makeRaw({ model: "m", input: "Hi" }), PIPELINE_SETTINGS)
  if (!parsed.ok || openAiResponses.chat === null) throw new Error("the request is refused")
  const context = { request: parsed.value, id: "1", model: "m", createdSeconds: 0 }
  const events: ResponseEvent[] = [
    ...content,
    { kind: "choice-end", choice: 0, reason, stopSequence: null },
  ]
  const whole = openAiResponses.chat.renderAnswer(collectAnswer(events), context, USAGE)
  const renderer = openAiResponses.chat.openRenderer(context)
  renderer.push({ kind: "response-start", id: "1", model: "m", prompt: USAGE })
  const told = events.map((event) => renderer.push(event as never)).join("")
  const last = renderer.push({ kind: "response-end", settled: USAGE })
  const done = [...told.matchAll(/event: response.output_item.done\ndata: (.*)\n/g)]
  const streamed = JSON.parse(/data: (.*)\n/.exec(last)?.[1] ?? "").response
  const statuses = (output: readonly { readonly status: string }[]) =>
    output.map(({ status }) => status)
  return {
    whole: statuses(JSON.parse(whole).output),
    streamed: statuses(streamed.output),
    done: done.map(([, data = ""]) => JSON.parse(data).item.status),
  }
}

const text = (said: string): ResponseEvent => ({ kind: "text-delta", choice: 0, text: said })
const refusal: ResponseEvent = { kind: "refusal-delta", choice: 0, text: "No" }
const call = (number: number, arguments_: string): ResponseEvent[] => {
  const at = { choice: 0, call: number }
  return [
    { kind: "tool-call-start", ...at, id: `c${number}`, name: "f", signature: null },
    { kind: "tool-call-delta", ...at, arguments: arguments_ },
  ]
}

test.each<[string, ResponseEvent[], FinishReason, string[]]>([
  ["a message", [text("Hel")], "length", ["incomplete"]],
  ["a message by a filter", [text("Hel")], "content-filter", ["incomplete"]],
  ["a refusal behind a text", [text("a"), refusal], "refusal", ["completed", "incomplete"]],
  ["a call behind a text", [text("a"), ...call(0, '{"x"')], "length", ["completed", "incomplete"]],
  [
    "a call behind a whole one",
    [...call(0, "{}"), ...call(1, '{"x"')],
    "length",
    ["completed", "incomplete"],
  ],
  ["nothing but what comes behind a whole call", call(0, '{"x":1}'), "length", ["completed"]],
  ["nothing", [text("a"), ...call(0, "{}")], "tool-calls", ["completed", "completed"]],
])("cut in %s", (_case, content, reason, want) => {
  expect(statusesOf(content, reason)).toEqual({ whole: want, streamed: want, done: want })
})
