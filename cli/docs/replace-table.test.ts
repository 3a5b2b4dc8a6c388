import { expect, test } from "vitest"
import { markdownTable, replaceTable } from "./replace-table.ts"

const BEGIN = "<!-- x: made by node cli/docs/generate-providers.ts. Do not edit. -->"
const END = "<!-- end of x -->"

test("a table replaces what stood between its comments, and nothing else", () => {
  const page = `words\n${BEGIN}\nold\n${END}\nmore words\n`
  const once = replaceTable(page, "x", "| new |\n")
  expect(once).toBe(`words\n${BEGIN}\n\n| new |\n\n${END}\nmore words\n`)
  expect(replaceTable(once, "x", "| new |")).toBe(once)
})

test.each([
  ["nowhere", "words"],
  ["twice", `${BEGIN}${END}${BEGIN}${END}`],
  ["half", BEGIN],
])("a table that is marked %s is an error", (_name, page) => {
  expect(() => replaceTable(page, "x", "")).toThrow("needs the markers once")
})

test("a bar in a cell ends no cell", () => {
  expect(markdownTable(["a"], [["b|c"]])).toBe("| a |\n|---|\n| b\\|c |")
})
