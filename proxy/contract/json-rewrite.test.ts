import fc from "fast-check"
import { expect, test } from "vitest"
import {
  endOf,
  type JsonDocument,
  KIND,
  kindOf,
  memberOf,
  STRIDE,
  startOf,
} from "./json-document.ts"
import { type MemberEdit, rewriteJson } from "./json-rewrite.ts"
import { scanJson } from "./json-scan.ts"

const LIMITS = { bytesMax: 1 << 20, depthMax: 64, tokensMax: 100_000 }

function scan(bytes: Uint8Array): JsonDocument {
  const scanned = scanJson(bytes, LIMITS)
  if (!scanned.ok) throw new Error(scanned.fault.message)
  return scanned.document
}

const documentOf = (text: string) => scan(new TextEncoder().encode(text))
const textOf = (bytes: Uint8Array) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes)
const rewrite = (text: string, edits: readonly MemberEdit[] = []) =>
  textOf(rewriteJson(documentOf(text), edits))

/** Source texts of all keys, strings, numbers and words, in order. */
function sourcesOf(document: JsonDocument): readonly string[] {
  const end = document.tape[3] ?? 0
  const sources: string[] = []
  for (let node = 0; node < Math.max(end, STRIDE); node += STRIDE) {
    if (kindOf(document, node) <= KIND.array) continue
    const span = document.bytes.subarray(startOf(document, node), endOf(document, node))
    sources.push(textOf(span))
  }
  return sources
}

const NUMBERS = [
  ...["1.0", "1E2", "1e+2", "-0", "-0.0", "0.1000", "123456789012345678901234567890"],
  ...["0.10000000000000000555", "9007199254740993", "1e-400", "2.50e00"],
]
const STRINGS = ['""', '"a"', '"\\u0061\\/\\t"', '"é🌍"', '"\\ud83c\\udf0d"', '" { } , : "']
const space = fc.constantFrom("", "", " ", "\n", "\t\r\n ")
const scalar = fc.constantFrom(...NUMBERS, ...STRINGS, "true", "false", "null")

/** JSON texts as no writer would give them. */
const { text: jsonText } = fc.letrec<{ text: string }>((tie) => ({
  text: fc.oneof(
    { maxDepth: 5, depthSize: "small", withCrossShrink: true },
    scalar,
    fc
      .tuple(space, fc.array(fc.tuple(space, tie("text"), space), { maxLength: 4 }))
      .map(([gap, items]) => `[${gap}${items.map((item) => item.join("")).join(",")}]`),
    fc
      .tuple(space, fc.array(fc.tuple(space, tie("text"), space), { maxLength: 4 }))
      .map(
        ([gap, items]) =>
          `{${gap}${items.map(([one, value, two], at) => `${two}"k\\u00${at}0"${one}:${two}${value}${one}`).join(",")}}`,
      ),
  ),
}))

test("a text written anew says the same in the same words, without white space", () => {
  fc.assert(
    fc.property(space, jsonText, space, (before, text, after) => {
      const original = documentOf(before + text + after)
      const bytes = rewriteJson(original, [])
      const again = scan(bytes)
      expect(JSON.parse(textOf(bytes))).toEqual(JSON.parse(text))
      expect(sourcesOf(again)).toEqual(sourcesOf(original))
      const outside = textOf(bytes).replace(/"(?:[^"\\]|\\.)*"/g, "")
      expect(outside).not.toMatch(/\s/)
      expect(textOf(rewriteJson(again, []))).toBe(textOf(bytes))
    }),
    { numRuns: 500 },
  )
})

test("an edit changes its member and nothing else, and made twice it is made once", () => {
  const objectText = jsonText.filter((text) => text.startsWith("{"))
  const name = fc.constantFrom("k\u0000", "k\u0010", "new", "max_tokens")
  fc.assert(
    fc.property(objectText, name, fc.nat(), (text, member, value) => {
      const edit = { object: 0, name: member, json: String(value) }
      if (member.startsWith("k") && memberOf(documentOf(text), 0, member) === -1) return
      const once = rewrite(text, [edit])
      expect(JSON.parse(once)).toEqual({ ...JSON.parse(text), [member]: value })
      const keys = Object.keys(JSON.parse(text))
      expect(Object.keys(JSON.parse(once)).slice(0, keys.length)).toEqual(keys)
      expect(rewrite(once, [edit])).toBe(once)
    }),
    { numRuns: 500 },
  )
})

test("edits of several objects stand each in its own", () => {
  const text = ' { "a" : { } , "b" : [ 1.0 , { "c" : 1e2 } ] , "d" : null } '
  const document = documentOf(text)
  const inA = memberOf(document, 0, "a")
  expect(
    textOf(
      rewriteJson(document, [
        { object: inA, name: "x", json: "1" },
        { object: inA, name: "y", json: "[2]" },
        { object: 0, name: "d", json: '{"z":3}' },
        { object: 0, name: "e", json: "4" },
      ]),
    ),
  ).toBe('{"a":{"x":1,"y":[2]},"b":[1.0,{"c":1e2}],"d":{"z":3},"e":4}')
})

test.each(["0", "-0.0", '"\\u0061"', "true", "null", "[ ]", "{ }"])("%s alone", (text) => {
  expect(rewrite(` ${text} `)).toBe(text.replace(" ", ""))
})
