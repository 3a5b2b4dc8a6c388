/** How choices end, in the words of OpenAI and of vendors of its shape. */
import { expect, test } from "vitest"
import { documentOf } from "#test/conformance/translation/wires.ts"
import { decodeAnswer, openDecoder } from "./decode-chat.ts"

const CALL = { index: 0, id: "a", type: "function", function: { name: "f", arguments: "{}" } }

function endings(finish_reason: string, content: object) {
  const chunk = { id: "1", choices: [{ index: 0, delta: content, finish_reason }] }
  const answer = { id: "1", choices: [{ index: 0, message: content, finish_reason }] }
  const document = documentOf(JSON.stringify(chunk))
  const streamed = openDecoder().push({ kind: "json", name: null, document })
  const whole = decodeAnswer(documentOf(JSON.stringify(answer)))
  const reasonIn = (events: typeof streamed) =>
    events.flatMap((event) => (event.kind === "choice-end" ? [event.reason] : []))
  return {
    streamed: streamed.at(-1)?.kind === "response-error" ? "error" : reasonIn(streamed)[0],
    whole: whole.ok ? reasonIn(whole.events)[0] : "error",
  }
}

test.each([
  ["stop", "stop"],
  ["length", "length"],
  ["tool_calls", "tool-calls"],
  ["content_filter", "content-filter"],
  ["eos", "stop"],
  ["end_turn", "stop"],
  ["stop_sequence", "stop-sequence"],
  ["model_length", "context-length"],
  ["brand_new", "other"],
  ["error", "error"],
  ["insufficient_system_resource", "error"],
])("%s", (reason, want) => {
  expect(endings(reason, { content: "Hi" })).toEqual({ streamed: want, whole: want })
})

test("a call that was named ends with stop at OpenAI, and is a call all the same", () => {
  const content = { tool_calls: [CALL] }
  expect(endings("stop", content)).toEqual({ streamed: "tool-calls", whole: "tool-calls" })
  expect(endings("length", content)).toEqual({ streamed: "length", whole: "length" })
})
