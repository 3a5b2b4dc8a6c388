/** The input of a custom tool within the arguments that a model wrote, wherever they are cut. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { inputOf, TextInput, writeArguments } from "./text-tools.ts"

function streamed(text: string, cuts: readonly number[]): readonly string[] {
  const input = new TextInput()
  const points = [0, ...cuts.toSorted((a, b) => a - b), text.length]
  const told = points.slice(1).map((end, at) => input.grow(text.slice(points[at], end)))
  return [...told, input.finish()]
}

const each = (text: string) => Array.from({ length: text.length }, (_, at) => at)
const join = (pieces: readonly string[]) => pieces.join("")

const PATCH = '*** Begin Patch\n+\t"a\\b" / \u0001 ä€🌍\n*** End Patch\n'

/** As models and the servers between write a text in JSON. */
const WRITERS: readonly ((text: string) => string)[] = [
  (text) => writeArguments(text),
  (text) => JSON.stringify({ input: text }, null, 2),
  (text) => `{"input":"${text.replace(/./gs, (unit) => `\\u${hex(unit)}`)}"}`,
  (text) => `{ "input" : ${JSON.stringify(text).replaceAll("/", "\\/")}, "more": [{"input":"b"}] }`,
]

function hex(unit: string): string {
  return unit.charCodeAt(0).toString(16).padStart(4, "0")
}

const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("\\", '"', "u", "n", "0", "\ud83d", "\ude00", "\n", "{") }),
)

describe("the input of a custom tool", () => {
  test.each(WRITERS)("is read as it was written, cut at every unit (%#)", (write) => {
    const text = write(PATCH)
    expect(inputOf(text)).toBe(PATCH)
    expect(join(streamed(text, each(text)))).toBe(PATCH)
  })

  test("is the same whole and in pieces, of any text, however it is cut", () => {
    const cuts = fc.array(fc.nat(400), { maxLength: 30 })
    fc.assert(
      fc.property(texts, fc.constantFrom(...WRITERS), cuts, (said, write, at) => {
        const text = write(said)
        const pieces = streamed(
          text,
          at.filter((cut) => cut < text.length),
        )
        expect(join(pieces)).toBe(said)
        // No piece ends within a character that the next one ends.
        if (said.isWellFormed()) expect(pieces.every((piece) => piece.isWellFormed())).toBe(true)
      }),
    )
  })

  test("is the same whole and in pieces, of arguments that are anything", () => {
    const anything = fc.oneof(
      fc.string({
        unit: fc.constantFrom("{", '"', "input", ":", "\\", "u", "d83d", "}", " ", "a"),
      }),
      fc.string({ unit: "binary" }).map((text) => `{"input":"${text}`),
      fc
        .string({ minLength: 250, maxLength: 300, unit: fc.constantFrom(" ", "{", "\n") })
        .map((text) => `${text}{"input":"a"}`),
    )
    fc.assert(
      fc.property(anything, (text) => {
        expect(join(streamed(text, each(text)))).toBe(inputOf(text))
      }),
    )
  })

  test("is told as it comes, not when it is whole", () => {
    const input = new TextInput()
    const pieces = ['{"in', 'put": "*** Beg', "in\\", "nPatch", '"}']
    expect(pieces.map((piece) => input.grow(piece))).toEqual(["", "*** Beg", "in", "\nPatch", ""])
    expect(input.finish()).toBe("")
  })

  test.each([
    ["an empty object", " {} ", ""],
    ["nothing", "", ""],
    ["the text itself", PATCH, PATCH],
    ["another object", '{"patch":"a"}', '{"patch":"a"}'],
    ["another member first", '{"why":"so","input":"a"}', "a"],
    ["what was cut off", '{"input":"*** Begin\\nPa', "*** Begin\nPa"],
    ["what was cut off within an escape", '{"input":"a\\u00', "a"],
    ["line breaks that JSON does not take", '{"input":"a\nb"}', "a\nb"],
    ["escapes that there are not", '{"input":"a\\d\\u12g4"}', "a\\d\\u12g4"],
    ["a code that breaks off", '{"input":"a\\u12"}', "a\\u12"],
    ["no code at its last digit", '{"input":"a\\u123g\\n"}', "a\\u123g\n"],
    ["no object", "[1]", "[1]"],
  ])("of %s", (_name, text, want) => {
    expect(inputOf(text)).toBe(want)
    expect(join(streamed(text, each(text)))).toBe(want)
  })

  test("white space without end is read once, not once for each place in it", () => {
    const text = `${" ".repeat(100_000)}x`
    const begun = performance.now()
    expect(inputOf(text)).toBe(text)
    expect(performance.now() - begun).toBeLessThan(1_000)
  })
})
