import { expect, test } from "vitest"
import { documentOf } from "#test/conformance/translation/wires.ts"
import { decodeAnswer, openDecoder } from "./decode-chat.ts"

test.each(["ERROR", "TIMEOUT"])("an answer that ended with %s is none", (finish_reason) => {
  const message = { content: [{ type: "text", text: "Hal" }] }
  const whole = decodeAnswer(documentOf(JSON.stringify({ id: "1", message, finish_reason })))
  expect(whole.ok).toBe(false)
  const end = documentOf(JSON.stringify({ type: "message-end", delta: { finish_reason } }))
  const events = openDecoder().push({ kind: "json", name: "message-end", document: end })
  expect(events.map(({ kind }) => kind)).toEqual(["response-error"])
})
