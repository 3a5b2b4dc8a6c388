import { expect, test } from "vitest"
import { ObjectScan } from "./object-scan.ts"

/** After how many characters the object is whole; null: never. */
function wholeAfter(text: string): number | null {
  const scan = new ObjectScan()
  for (const [at, unit] of [...text].entries()) {
    scan.grow(unit)
    if (scan.isWhole) return at + 1
  }
  return null
}

test.each([
  "{}",
  ' \n{"a":{"b":[{}]}}',
  '{"a":"}"}',
  '{"a":"{"}',
  '{"a":"\\"}"}',
  '{"a":"\\\\"}',
  '{"a":"\\\\\\"}"}',
  '{"a":"\\u007d"}',
])("%s is whole at its last brace, at any split", (text) => {
  expect(wholeAfter(text)).toBe(text.length)
  const atOnce = new ObjectScan()
  atOnce.grow(text)
  expect(atOnce.isWhole).toBe(true)
  atOnce.grow(" \n")
  expect(atOnce.isWhole).toBe(true)
})

test.each(["", " ", '{"a":"}', '{"a":{}', '"{}"', "[1]"])("%j is not whole", (text) => {
  expect(wholeAfter(text)).toBeNull()
})
