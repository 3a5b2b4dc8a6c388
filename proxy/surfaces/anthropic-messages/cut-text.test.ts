/** Blocks of a stream: what is told of places, as it comes, cuts the text and changes none. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { TextCuts } from "./cut-text.ts"

type Step =
  | string
  | { readonly start: number; readonly end: number }
  /** The provider's own block ends. */
  | "|"

interface Block {
  text: string
  cited: number
}

function blocksOf(steps: readonly Step[]): readonly Block[] {
  const cuts = new TextCuts()
  const blocks: Block[] = [{ text: "", cited: 0 }]
  const last = () => blocks.at(-1) ?? { text: "", cited: 0 }
  for (const step of steps) {
    if (step === "|") cuts.endBlock()
    else if (typeof step === "string") {
      for (const { text, isNext } of cuts.take(step)) {
        if (isNext) blocks.push({ text: "", cited: 0 })
        last().text += text
      }
    } else {
      cuts.cite(step)
      last().cited++
    }
  }
  return blocks
}

const at = (start: number, end: number) => ({ start, end })

describe("the blocks of a stream", () => {
  test.each<readonly [string, readonly Step[], readonly (readonly [string, number])[]]>([
    [
      "end behind what was cited just now",
      ["ab", at(1, 2), "cd"],
      [
        ["ab", 1],
        ["cd", 0],
      ],
    ],
    [
      "share a block where several cite it",
      ["ab", at(0, 1), at(0, 2), "c"],
      [
        ["ab", 2],
        ["c", 0],
      ],
    ],
    [
      "end where the provider's do",
      ["a", "|", "b", at(1, 2), "|", "c"],
      [
        ["a", 0],
        ["b", 1],
        ["c", 0],
      ],
    ],
    [
      "end within a piece, when told before",
      ["a", at(1, 3), "bcd"],
      [
        ["abc", 1],
        ["d", 0],
      ],
    ],
    [
      "are never white space",
      ["a", at(0, 1), " ", "\n", "b"],
      [
        ["a \n", 1],
        ["b", 0],
      ],
    ],
    ["begin with it at the start", [" ", "|", "a", "b"], [[" ab", 0]]],
    [
      "do not cut a character in two",
      ["a\ud83c", at(0, 2), "\udf0db"],
      [
        ["a🌍", 1],
        ["b", 0],
      ],
    ],
    [
      "count characters, not their halves",
      ["🌍", at(1, 2), "🌍b"],
      [
        ["🌍🌍", 1],
        ["b", 0],
      ],
    ],
    [
      "hold what comes late",
      ["ab", at(0, 2), "cd", at(0, 2), "e"],
      [
        ["ab", 1],
        ["cd", 1],
        ["e", 0],
      ],
    ],
    ["have no end beyond the text", ["ab", at(0, 999), "cd"], [["abcd", 1]]],
    ["without a place are one", ["ab", "cd"], [["abcd", 0]]],
  ])("%s", (_name, steps, want) => {
    expect(blocksOf(steps)).toEqual(want.map(([text, cited]) => ({ text, cited })))
  })

  test("hold all of the text and every citation, and none is blank but an answer that is", () => {
    const text = fc.string({ unit: fc.constantFrom("a", " ", "\n", "🌍", "\ud83c", "\udf0d") })
    const place = fc
      .tuple(fc.nat(30), fc.integer({ min: 1, max: 9 }))
      .map(([start, length]): Step => at(start, start + length))
    const step = fc.oneof(
      text.filter((said) => said !== "|"),
      place,
      fc.constant<Step>("|"),
    )
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const blocks = blocksOf(steps)
        const said = steps.filter((one) => typeof one === "string" && one !== "|").join("")
        expect(blocks.map((block) => block.text).join("")).toBe(said)
        const cited = steps.filter((one) => typeof one !== "string").length
        expect(blocks.reduce((sum, block) => sum + block.cited, 0)).toBe(cited)
        const blank = blocks.filter((block) => !/\S/.test(block.text))
        expect(blank.length).toBeLessThanOrEqual(blocks.length === 1 ? 1 : 0)
      }),
    )
  })
})
