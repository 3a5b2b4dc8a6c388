import { expect, test } from "vitest"
import { refuse } from "#proxy/exchange/refusal.ts"
import { renderStreamError } from "./render-error.ts"

test("an error event has every member of OpenAI's type", () => {
  const text = renderStreamError(refuse("upstream_truncated", "why"))
  const data = /^event: error\ndata: (.*)\n\n$/.exec(text)?.[1] ?? ""
  expect(JSON.parse(data)).toEqual({
    type: "error",
    sequence_number: 0,
    code: "upstream_truncated",
    message: "why",
    param: null,
  })
})
