import fc from "fast-check"
import { expect, test } from "vitest"
import { KIND, kindOf, memberOf, NONE } from "#proxy/contract/json-document.ts"
import { scanJson } from "#proxy/contract/json-scan.ts"
import type { OutputFields } from "#proxy/exchange/output-fields.ts"
import { limitOutput } from "./limit-output.ts"

const LIMIT = { tokens: 4096, policy: "org-baseline" }

/** A shape whose bound is `a.max`, and nothing else. */
const FIELDS: OutputFields = {
  given: (document) => {
    const node = memberOf(document, memberOf(document, 0, "a"), "max")
    return node === NONE || kindOf(document, node) === KIND.null ? [] : [node]
  },
  bound: (document, tokens) => {
    if (FIELDS.given(document).length > 0) return null
    return { object: memberOf(document, 0, "a"), name: "max", json: String(tokens) }
  },
}

function limited(text: string) {
  const scanned = scanJson(new TextEncoder().encode(text), {
    bytesMax: 1 << 20,
    depthMax: 8,
    tokensMax: 1000,
  })
  if (!scanned.ok) throw new Error(scanned.fault.message)
  const decision = limitOutput(scanned.document, FIELDS, LIMIT)
  return decision.ok ? new TextDecoder().decode(decision.value) : decision.refusal
}

test.each([
  ["nothing", '{ "a" : { } }', '{"a":{"max":4096}}'],
  ["null, in its place", '{"a":{"max":null,"b":1.0}}', '{"a":{"max":4096,"b":1.0}}'],
  ["nothing of it", '{ "a" : {"max": 0} }', '{"a":{"max":0}}'],
  ["less, in digits of its own", '{ "a" : {"max": 4.0E3} }', '{"a":{"max":4.0E3}}'],
  ["the limit itself", '{ "a" : {"max": 4096} }', '{"a":{"max":4096}}'],
])("who asks for %s is answered", (_what, text, written) => {
  expect(limited(text)).toBe(written)
})

test.each([
  ["4097", "4097"],
  ["1E300", "1E300"],
  ["4096.5", "4096.5"],
  ["-1", "-1"],
  ['"9"', "a string"],
  ["[9]", "an array"],
  ["true", "true"],
  [`4${"0".repeat(99)}`, `4${"0".repeat(63)}…`],
])("who asks for %s is refused, and told what decided", (value, said) => {
  expect(limited(`{"a":{"max":${value}}}`)).toEqual({
    code: "invalid_value",
    message: `/a/max is ${said}; ModelPolicy org-baseline allows at most 4096 output tokens`,
    param: "/a/max",
    retryAfterSeconds: null,
  })
})

test("whatever passes is bounded, and passes as it is when it comes again", () => {
  const value = fc.oneof(fc.nat({ max: 10_000 }), fc.constantFrom(null, "9", 1.5, -1, {}))
  fc.assert(
    fc.property(fc.option(value, { nil: undefined }), (max) => {
      const written = limited(JSON.stringify({ a: { max } }))
      if (typeof written !== "string") return
      const sent = JSON.parse(written).a.max
      expect(sent).toBeLessThanOrEqual(LIMIT.tokens)
      expect(sent).toBe(max ?? LIMIT.tokens)
      expect(limited(written)).toBe(written)
    }),
  )
})
