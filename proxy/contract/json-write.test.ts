import { expect, test } from "vitest"
import { RawJson, writeJson, writeJsonLine } from "./json-write.ts"

const cases = [
  ["text with what must be escaped", 'a"\n\u2028', '"a\\"\\n\u2028"'],
  ["members that are undefined are left out", { a: 1, b: undefined, c: null }, '{"a":1,"c":null}'],
  ["digits of others stay", [new RawJson("1.0"), new RawJson("1e400")], "[1.0,1e400]"],
  ["a name like any other", JSON.parse('{"__proto__":1}'), '{"__proto__":1}'],
  ["nothing in them", [{}, []], "[{},[]]"],
] as const

test.each(cases)("%s", (_name, value, want) => {
  expect(writeJson(value)).toBe(want)
})

test("an event of a stream is one line, whatever the text that is put in", () => {
  const schema = new RawJson('{\n  "a": "x\\ny",\r\n  "b": [\n1 ]}')
  const line = writeJsonLine({ schema })
  expect(line).not.toMatch(/[\r\n]/)
  expect(JSON.parse(line)).toEqual({ schema: { a: "x\ny", b: [1] } })
})
