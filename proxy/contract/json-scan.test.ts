import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { canonicalJson, parseJson } from "./json.ts"
import type { JsonDocument } from "./json-document.ts"
import {
  countOf,
  firstIn,
  KIND,
  kindOf,
  memberOf,
  NONE,
  nextIn,
  numberOf,
  sizeOf,
  textOf,
  valueOfKey,
} from "./json-document.ts"
import { pointerTo } from "./json-keys.ts"
import { scanJson } from "./json-scan.ts"

const LIMITS = { bytesMax: 1 << 20, depthMax: 64, tokensMax: 100_000 }
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0))

function scanText(text: string): JsonDocument {
  const scanned = scanJson(encode(text), LIMITS)
  if (!scanned.ok) throw new Error(`${scanned.fault.code}: ${scanned.fault.message}`)
  return scanned.document
}

/** Rebuilds the value from the tape alone. */
function build(document: JsonDocument, node: number): unknown {
  switch (kindOf(document, node)) {
    case KIND.object: {
      const entries: [string, unknown][] = []
      for (let key = firstIn(document, node); key !== NONE; ) {
        const value = valueOfKey(key)
        entries.push([textOf(document, key), build(document, value)])
        key = nextIn(document, node, value)
      }
      return Object.fromEntries(entries)
    }
    case KIND.array: {
      const items: unknown[] = []
      for (let item = firstIn(document, node); item !== NONE; ) {
        items.push(build(document, item))
        item = nextIn(document, node, item)
      }
      return items
    }
    case KIND.text:
    case KIND.escaped:
      return textOf(document, node)
    case KIND.number:
      return numberOf(document, node)
    case KIND.true:
      return true
    case KIND.false:
      return false
    default:
      return null
  }
}

const ACCEPTED = [
  "0",
  "-0",
  "1.5e10",
  "1E-2",
  "123456789012345678901234567890",
  '""',
  '"\\u0000\\uD83D\\uDE00\\/\\b\\f\\n\\r\\t\\"\\\\"',
  '"é漢😀"',
  '"\u007f"',
  " [ ] ",
  "\t{\r\n}\n",
  '{"":0}',
  '{"a":{"a":{"a":[]}},"b":[1,[2,[3]]]}',
  '[null,true,false,"",{},[],0]',
  '{"a":1,"A":2,"á":3,"a ":4}',
  '{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10,"k":11,"l":12,"m":13}',
] as const

test.each(ACCEPTED)("accepts %s and reads it as JSON.parse does", (text) => {
  expect(build(scanText(text), 0)).toStrictEqual(JSON.parse(text))
})

/**
 * In the manner of JSONTestSuite: n_ cases are invalid everywhere, i_ cases are decided once, here.
 */
const REFUSED = [
  ["nothing at all", ""],
  ["only spaces", "  "],
  ["a trailing comma in a list", "[1,]"],
  ["a trailing comma in an object", '{"a":1,}'],
  ["a double comma", "[1,,2]"],
  ["a leading comma", "[,1]"],
  ["a missing comma", "[1 2]"],
  ["a colon in a list", '["a":1]'],
  ["a missing colon", '{"a" 1}'],
  ["a missing value", '{"a":}'],
  ["an unquoted key", "{a:1}"],
  ["a key in single quotes", "{'a':1}"],
  ["a number as key", "{1:1}"],
  ["an unclosed list", "[1"],
  ["an unclosed object", '{"a":1'],
  ["an unclosed string", '"abc'],
  ["a string closed by an escape", '"abc\\"'],
  ["a wrong closing bracket", "[1}"],
  ["text after the value", "{} x"],
  ["a second value", "1 2"],
  ["a leading zero", "01"],
  ["a leading zero after a sign", "-01"],
  ["a plus sign", "+1"],
  ["a lone sign", "-"],
  ["a lone point", "."],
  ["a point without fraction", "1."],
  ["a point without integer", ".5"],
  ["an exponent without digits", "1e"],
  ["an exponent with two signs", "1e+-1"],
  ["a hexadecimal number", "0x1"],
  ["NaN", "NaN"],
  ["Infinity", "-Infinity"],
  ["a cut word", "tru"],
  ["a word with more letters", "nullx"],
  ["a word in capitals", "True"],
  ["a comment", "[1] // x"],
  ["a tab in a string", '"a\tb"'],
  ["a line feed in a string", '"a\nb"'],
  ["a NUL in a string", '"a\u0000b"'],
  ["an unknown escape", '"\\x41"'],
  ["a short unicode escape", '"\\u12"'],
  ["a unicode escape that is none", '"\\u12G4"'],
  ["a lone high surrogate escape", '"\\uD800"'],
  ["a lone low surrogate escape", '"\\uDC00"'],
  ["two high surrogate escapes", '"\\uD800\\uD800"'],
  ["a high surrogate before plain text", '"\\uD800abc"'],
  ["a no-break space between tokens", "[\u00a01]"],
  ["a form feed between tokens", "[\f1]"],
  ["a byte order mark", "\ufeff{}"],
] as const

test.each(REFUSED)("refuses %s as invalid_json", (_name, text) => {
  const scanned = scanJson(encode(text), LIMITS)
  expect(scanned.ok ? "ok" : scanned.fault.code).toBe("invalid_json")
})

const BAD_UTF8 = [
  ["a continuation byte alone", "\x80"],
  ["an overlong slash", "\xc0\xaf"],
  ["an overlong three byte form", "\xe0\x80\xaf"],
  ["an encoded surrogate", "\xed\xa0\x80"],
  ["a character above U+10FFFF", "\xf4\x90\x80\x80"],
  ["a byte that is never used", "\xff"],
  ["a cut sequence", "\xe6\xbc"],
  ["an overlong four byte form", "\xf0\x80\x80\xaf"],
] as const

test.each(BAD_UTF8)("refuses %s in a string", (_name, bytes) => {
  const scanned = scanJson(latin1(`{"a":"${bytes}"}`), LIMITS)
  expect(scanned).toMatchObject({ ok: false, fault: { code: "invalid_json", path: "/a" } })
})

const FAULTS = [
  ["a duplicate at the top", '{"model":"a","model":"b"}', "duplicate_key", "/model", 13],
  ["a duplicate below", '{"a":[0,{"b":1,"b":2}]}', "duplicate_key", "/a/1/b", 15],
  ["a duplicate by escape", '{"model":1,"mod\\u0065l":2}', "duplicate_key", "/model", 11],
  [
    "a duplicate behind keys alike",
    '{"axb":1,"ayb":2,"azb":3,"ayb":4}',
    "duplicate_key",
    "/ayb",
    25,
  ],
  ["a duplicate behind an escape", '{"\\u006e":0,"m":1,"m":2}', "duplicate_key", "/m", 18],
  ["a duplicate of an escape", '{"\\u006d":1,"m":2}', "duplicate_key", "/m", 12],
  ["a number too large", '{"max_tokens":1e400}', "number_out_of_range", "/max_tokens", 14],
  [
    "a number of thousands of digits",
    `{"n":0.${"1".repeat(2000)}}`,
    "number_out_of_range",
    "/n",
    5,
  ],
  ["a slash and tilde in a key", '{"a/b~c":tru}', "invalid_json", "/a~1b~0c", 9],
  ["a fault before the key is read", '{"a":1,b:2}', "invalid_json", "", 7],
  ["a fault deep in a list", "[[],[0,1,[x]]]", "invalid_json", "/1/2/0", 10],
] as const

test.each(FAULTS)("%s is told with its place", (_name, text, code, path, offset) => {
  const scanned = scanJson(encode(text), LIMITS)
  expect(scanned).toMatchObject({ ok: false, fault: { code, path, offset } })
})

test("a duplicate is found in an object of many keys, escaped or not", () => {
  const keys = Array.from({ length: 500 }, (_, index) => `"key${index}":${index}`)
  const text = (last: string): string => `{${keys.join(",")},${last}}`
  const plain = scanJson(encode(text('"key3":0')), LIMITS)
  const escaped = scanJson(encode(text('"k\\u0065y499":0')), LIMITS)
  expect(plain).toMatchObject({ ok: false, fault: { code: "duplicate_key", path: "/key3" } })
  expect(escaped).toMatchObject({ ok: false, fault: { code: "duplicate_key", path: "/key499" } })
  expect(scanJson(encode(text('"key500":0')), LIMITS).ok).toBe(true)
})

test("depth is refused beyond its limit, and 200,000 levels do not overflow anything", () => {
  const nested = (depth: number): Uint8Array => encode("[".repeat(depth) + "]".repeat(depth))
  expect(scanJson(nested(64), LIMITS).ok).toBe(true)
  expect(scanJson(nested(65), LIMITS)).toMatchObject({ fault: { code: "json_too_deep" } })
  expect(scanJson(nested(200_000), LIMITS)).toMatchObject({ fault: { code: "json_too_deep" } })
})

test("tokens and bytes are refused beyond their limits", () => {
  const limits = { bytesMax: 100, depthMax: 8, tokensMax: 10 }
  const tokens = (text: string): string => {
    const scanned = scanJson(encode(text), limits)
    return scanned.ok ? "ok" : scanned.fault.code
  }
  expect(tokens("[0,0,0,0,0,0,0,0,0]")).toBe("ok")
  expect(tokens("[0,0,0,0,0,0,0,0,0,0]")).toBe("json_too_many_tokens")
  expect(tokens('{"a":0,"b":0,"c":0,"d":0,"e":0}')).toBe("json_too_many_tokens")
  expect(tokens("[[],[],[],[]]")).toBe("json_too_many_tokens")
  expect(tokens(`"${"x".repeat(99)}"`)).toBe("json_too_large")
})

describe("against JSON.parse", () => {
  test("any value that is written comes back from the tape, and every cut of it is refused", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat(), (value, cut) => {
        const text = JSON.stringify(value)
        const scanned = scanJson(encode(text), LIMITS)
        expect(scanned.ok && build(scanned.document, 0)).toStrictEqual(JSON.parse(text))
        const bytes = encode(text)
        const part = bytes.subarray(0, cut % bytes.length)
        const isValid = isParsed(new TextDecoder().decode(part))
        expect(scanJson(part, LIMITS).ok).toBe(isValid)
      }),
      { numRuns: 300 },
    )
  })

  test("mutated text is accepted only where JSON.parse accepts it too", () => {
    const alphabet = fc.constantFrom(...'{}[]:,"\\u0019.eE-+tfn aé\n'.split(""))
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 12 }), (chars) => {
        const text = chars.join("")
        if (scanJson(encode(text), LIMITS).ok) expect(isParsed(text)).toBe(true)
        else if (isParsed(text)) {
          const scanned = scanJson(encode(text), LIMITS)
          const code = scanned.ok ? "ok" : scanned.fault.code
          const isStricter = /\\u[dD]|e/i.test(text) || code === "duplicate_key"
          expect(isStricter).toBe(true)
        }
      }),
      { numRuns: 3000 },
    )
  })
})

test("parseJson gives the value, keeps __proto__ as plain data and pollutes nothing", () => {
  const parsed = parseJson(encode('{"__proto__":{"isAdmin":true},"a":1}'), LIMITS)
  const value = parsed.ok ? parsed.value : undefined
  expect(Object.keys(value ?? {})).toEqual(["__proto__", "a"])
  expect(Object.hasOwn(Object.prototype, "isAdmin")).toBe(false)
  expect(parseJson(encode('{"a":1,"a":2}'), LIMITS).ok).toBe(false)
})

test.each([
  {
    name: "integers as keys are sorted as text",
    value: { 9: 1, 10: 2, a: 3 },
    text: '{"10":2,"9":1,"a":3}',
  },
  {
    name: "__proto__ is a key like any other",
    value: JSON.parse('{"b":1,"__proto__":{"d":1,"c":2}}'),
    text: '{"__proto__":{"c":2,"d":1},"b":1}',
  },
  {
    name: "keys below such a key are sorted too",
    value: { b: { 2: [{ y: 1, x: 2 }] }, a: "é" },
    text: '{"a":"é","b":{"2":[{"x":2,"y":1}]}}',
  },
])("canonical text: $name", ({ value, text }) => {
  expect(canonicalJson(value)).toBe(text)
})

test("canonical text is the same whatever the order of keys, and leaves undefined out", () => {
  const one = canonicalJson({ b: [1, { d: null, c: "é" }], a: undefined, z: 1 })
  expect(one).toBe('{"b":[1,{"c":"é","d":null}],"z":1}')
  expect(canonicalJson({ z: 1, b: [1, { c: "é", d: null }] })).toBe(one)
})

test("readers find members, counts, sizes and pointers", () => {
  const document = scanText('{"a":{"n":3,"x":-1,"f":1.5,"e":1e2},"li\\u0073t":[1,[2],{"k":0}]}')
  const a = memberOf(document, 0, "a")
  const list = memberOf(document, 0, "list")
  const reads = ["n", "x", "f", "e", "none"].map((name) =>
    countOf(document, memberOf(document, a, name)),
  )
  expect(reads).toEqual([3, undefined, undefined, 100, undefined])
  expect([sizeOf(document, list, 10), sizeOf(document, list, 1), sizeOf(document, a, 9)]).toEqual([
    3, 2, 4,
  ])
  const third = nextIn(document, list, nextIn(document, list, firstIn(document, list)))
  expect(pointerTo(document, firstIn(document, third))).toBe("/list/2/k")
  expect(memberOf(document, NONE, "a")).toBe(NONE)
})

function isParsed(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
