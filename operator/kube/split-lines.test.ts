import fc from "fast-check"
import { expect, test } from "vitest"
import { createLineSplitter } from "./split-lines.ts"

test("lines are the same however the bytes are cut", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string().filter((line) => !line.includes("\n"))),
      fc.array(fc.nat({ max: 40 })),
      (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(""))
        const split = createLineSplitter(1_000)
        const got: string[] = []
        let from = 0
        for (const length of [...cuts, bytes.length]) {
          const chunk = bytes.subarray(from, from + length)
          from += length
          got.push(...split.push(chunk).map((line) => line.toString()))
        }
        expect(got).toEqual(lines)
        expect(split.rest()).toBe(0)
      },
    ),
  )
})

test("a line that is not complete is known to be there", () => {
  const split = createLineSplitter(10)
  expect(split.push(Buffer.from("ab\ncd")).map(String)).toEqual(["ab"])
  expect(split.rest()).toBe(2)
})

test("a line over the limit is refused before it is held", () => {
  const split = createLineSplitter(10)
  split.push(Buffer.from("12345"))
  expect(() => split.push(Buffer.from("678901"))).toThrow("longer than 10 bytes")
})
