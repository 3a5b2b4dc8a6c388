/** Forms: what goes in comes out whatever its bytes; what readers could differ on is refused. */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  buildForm,
  chooseBoundary,
  FORM_PARTS_MAX,
  type FormPart,
  formField,
  PART_HEADER_BYTES_MAX,
  parseForm,
  readBoundary,
} from "./multipart.ts"

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const FIELD = 'Content-Disposition: form-data; name="a"'
const parse = (text: string, boundary = "b") => parseForm(bytes(text), boundary)
const form = (head: string, content = "1"): string =>
  `--b\r\n${head}\r\n\r\n${content}\r\n--b--\r\n`

function file(content: Uint8Array, more: Partial<FormPart> = {}): FormPart {
  return {
    name: "file",
    isFile: true,
    disposition: 'form-data; name="file"; filename="a.mp3"',
    contentType: "audio/mpeg",
    content,
    ...more,
  }
}

describe("parts survive", () => {
  /** Bytes that look like boundaries are likelier than chance would make them. */
  const content = fc
    .array(
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom("\r\n", "--", "\r\n--", "sidegate-", "sidegate-req-1", "--\r\n").map(bytes),
      ),
      { maxLength: 20 },
    )
    .map((pieces) => Uint8Array.from(pieces.flatMap((piece) => [...piece])))

  test("being built and parsed, whatever their bytes", () => {
    fc.assert(
      fc.property(fc.array(content, { minLength: 1, maxLength: 8 }), (contents) => {
        const parts = contents.map((one) => file(one))
        const boundary = chooseBoundary(parts, "req-1")
        if (boundary === null) throw new Error("no boundary was found")
        const built = buildForm(parts, boundary)
        const parsed = parseForm(built, boundary)
        expect(parsed).toEqual({ ok: true, parts })
        if (parsed.ok) expect(buildForm(parsed.parts, boundary)).toEqual(built)
      }),
      { numRuns: 300 },
    )
  })

  test("a form that holds our boundary is built under another one", () => {
    const hostile = `x\r\n--sidegate-req-1\r\n${FIELD}\r\n\r\nevil`
    const parts = [file(bytes(hostile)), file(bytes("--sidegate-req-1-1"))]
    expect(chooseBoundary(parts, "req-1")).toBe("sidegate-req-1-2")
  })

  test("a form that holds all our boundaries gets none", () => {
    const all = ["", ..."1234567"].map((turn) => `--sidegate-req-1${turn && `-${turn}`}`)
    expect(chooseBoundary([file(bytes(all.join(" ")))], "req-1")).toBeNull()
  })

  /** A boundary of few letters, so that the search for it often shifts by little. */
  test("cut apart wherever the boundary stands, as a plain split would", () => {
    const letters = fc.constantFrom("\r\n--aba", "\r\n", "--", "a", "b", "\r", "ab", "\n--ab")
    fc.assert(
      fc.property(fc.array(letters, { maxLength: 40 }), (pieces) => {
        const text = pieces.join("")
        const body = `--aba\r\n${FIELD}\r\n\r\n${text}\r\n--aba--`
        // The line end before a boundary may be that of the empty line behind the headers.
        const [before = ""] = `\r\n${text}\r\n--aba--`.split("\r\n--aba")
        const content = before.slice(2)
        const parsed = parse(body, "aba")
        expect(parsed.ok).toBe(content === text)
        if (parsed.ok) expect(parsed.parts[0]?.content).toEqual(bytes(content))
      }),
      { numRuns: 500 },
    )
  })

  test("never is anything thrown at bytes of any kind", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (body) => {
        const parsed = parseForm(body, "b")
        expect(typeof parsed.ok).toBe("boolean")
      }),
    )
  })

  test("cut anywhere, a form is refused", () => {
    const whole = buildForm([file(bytes("sound")), formField("model", "m")], "b")
    for (let length = 0; length < whole.length - 2; length++) {
      expect([length, parseForm(whole.subarray(0, length), "b").ok]).toEqual([length, false])
    }
  })
})

describe("a form", () => {
  test.each([
    ["without its last line end", form(FIELD).slice(0, -2), "1"],
    ["with an empty line behind it", `${form(FIELD)}\r\n`, "1"],
    ["with spaces behind it", `${form(FIELD).slice(0, -2)} \t\r\n`, "1"],
    ["with spaces after the boundary", form(FIELD).replace("--b\r\n", "--b \t\r\n"), "1"],
    ["with an empty line before it", `\r\n${form(FIELD)}`, "1"],
    ["with an empty part", form(FIELD, ""), ""],
    ["with a part without its empty line's end", `--b\r\n${FIELD}\r\n\r\n--b--`, ""],
    ["with other headers", form(`Content-Length: 1\r\n${FIELD}\r\nX-A: b`), "1"],
    ["with a name without quotes", form("content-disposition: form-data;name=a"), "1"],
  ])("%s is taken", (_name, text, content) => {
    const parsed = parse(text)
    expect(parsed).toMatchObject({ ok: true, parts: [{ name: "a", isFile: false }] })
    if (parsed.ok) expect(parsed.parts[0]?.content).toEqual(bytes(content))
  })

  test.each([
    ['form-data; name="file"; filename="ü \\"x\\".mp3"', "file"],
    [`form-data; name="file"; filename="a"; filename*=utf-8''%C3%BC`, "file"],
    ['form-data; name="ü"; filename=""', "ü"],
  ])("keeps %s as it is", (disposition, name) => {
    const text = form(`Content-Disposition: ${disposition}`)
    const parsed = parse(text)
    expect(parsed).toMatchObject({ ok: true, parts: [{ name, isFile: true }] })
    if (parsed.ok) expect(buildForm(parsed.parts, "b")).toEqual(bytes(text))
  })

  const disposed = (value: string): string => form(`Content-Disposition: ${value}`)
  const long = `X: ${"a".repeat(PART_HEADER_BYTES_MAX)}`
  test.each([
    ["empty", "", 0, false],
    ["of no part that begins", "--b", 1, false],
    ["with a preamble", `hello\r\n${form(FIELD)}`, 0, false],
    ["with an epilogue", `${form(FIELD)}more`, 0, false],
    ["under another boundary", form(FIELD).replaceAll("--b", "--c"), 0, false],
    ["with a line that begins like the boundary", form(FIELD, "x\r\n--bc\r\ny"), 2, false],
    ["with lone line feeds", form(FIELD).replaceAll("\r\n", "\n"), 1, false],
    ["with a part without headers", "--b\r\n\r\nx\r\n\r\n--b--", 1, false],
    ["with a part without a disposition", form("Content-Type: text/plain"), 1, false],
    ["with two dispositions", form(`${FIELD}\r\n${FIELD}`), 1, false],
    ["with a folded header", form(`${FIELD}\r\n x: y`), 1, false],
    ["with a NUL in a header", form(`${FIELD}\0`), 1, false],
    ["with headers that do not end", `--b\r\n${FIELD}\r\n--b--`, 1, false],
    ["with too long headers", form(`${FIELD}\r\n${long}`), 1, true],
    ["with a form in it", form(`${FIELD}\r\nContent-Type: multipart/mixed; boundary=c`), 1, false],
    ["in base64", form(`${FIELD}\r\nContent-Transfer-Encoding: base64`), 1, false],
    ["of an attachment", disposed('attachment; name="a"'), 1, false],
    ["without a name", disposed("form-data"), 1, false],
    ["with an empty name", disposed('form-data; name=""'), 1, false],
    ["with two names", disposed('form-data; name="a"; name="b"'), 1, false],
    ["with two names in two cases", disposed('form-data; name="a"; NAME="b"'), 1, false],
    ["with a coded name", disposed("form-data; name*=utf-8''a"), 1, false],
    ["with an open quote", disposed('form-data; name="a'), 1, false],
    ["with words after the name", disposed('form-data; name="a" b'), 1, false],
  ])("%s is refused", (_name, text, part, isTooLarge) => {
    expect(parse(text)).toMatchObject({ ok: false, fault: { part, isTooLarge } })
  })

  test("of a name that is not UTF-8 is refused", () => {
    const body = bytes(disposed('form-data; name="?"'))
    body[body.indexOf("?".charCodeAt(0))] = 0xff
    expect(parseForm(body, "b")).toMatchObject({ ok: false, fault: { part: 1 } })
  })

  test("has so many parts and no more", () => {
    const parts = (count: number) => Array.from({ length: count }, () => formField("a", "1"))
    expect(parseForm(buildForm(parts(FORM_PARTS_MAX), "b"), "b").ok).toBe(true)
    for (const count of [FORM_PARTS_MAX + 1, 10_000]) {
      const fault = { part: 0, isTooLarge: true }
      expect(parseForm(buildForm(parts(count), "b"), "b")).toMatchObject({ ok: false, fault })
    }
  })
})

test.each([
  ["multipart/form-data; boundary=abc", "abc"],
  ['multipart/form-data; charset=utf-8; Boundary="a b:c"', "a b:c"],
  [`multipart/form-data; boundary=${"a".repeat(70)}`, "a".repeat(70)],
  [`multipart/form-data; boundary=${"a".repeat(71)}`, null],
  ["multipart/form-data", null],
  ["multipart/form-data; boundary=", null],
  ['multipart/form-data; boundary=""', null],
  ['multipart/form-data; boundary="a "', null],
  ["multipart/form-data; boundary=a<b", null],
  ['multipart/form-data; boundary="a', null],
])("the boundary of %s is %s", (type, boundary) => {
  expect(readBoundary(type)).toBe(boundary)
})

test("long runs of blanks within headers are read in linear time", () => {
  const head = `Content-Disposition: form-data; name="a"\r\nX-Blank: \t x${" ".repeat(3900)}x \t`
  const form = new TextEncoder().encode(`${`--b\r\n${head}\r\n\r\nv\r\n`.repeat(60)}--b--`)
  const startedAt = performance.now()
  for (let round = 0; round < 20; round++) expect(parseForm(form, "b").ok).toBe(true)
  // Some 0.3 s; with a quadratic reader 20.
  expect(performance.now() - startedAt).toBeLessThan(8000)
})
