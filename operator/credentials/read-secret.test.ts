import { inspect } from "node:util"
import { expect, test } from "vitest"
import { PROVIDER_CREDENTIAL_TYPE, readSecret, type SecretObject } from "./read-secret.ts"

function makeSecret(part: Partial<SecretObject> = {}): SecretObject {
  return {
    name: "openai-key",
    uid: "uid-1",
    type: PROVIDER_CREDENTIAL_TYPE,
    annotations: { "sidegate.dev/allowed-hosts": "api.openai.com" },
    data: {},
    stringData: {},
    ...part,
  }
}

const KEY = "sk-canary-0123456789"
const base64 = (text: string | Uint8Array) => Buffer.from(text).toString("base64")

const values = [
  { name: "a plain key is taken as it is", value: KEY, text: KEY, problem: null },
  { name: "the newline of echo is cut off", value: `${KEY}\n`, text: KEY, problem: null },
  { name: "a Windows line end is cut off", value: `${KEY}\r\n`, text: KEY, problem: null },
  {
    name: "a space at the end is not guessed away",
    value: `${KEY} `,
    problem: "a value of 21 bytes has white space at offset 20",
  },
  {
    name: "a line end inside is refused",
    value: "sk-one\nsk-two",
    problem: "a value of 13 bytes has a line end at offset 6",
  },
  {
    name: "a CR inside cannot smuggle a header",
    value: "sk-one\rx-evil: 1",
    problem: "a value of 16 bytes has a line end at offset 6",
  },
  {
    name: "a Bearer prefix is refused by its space",
    value: `Bearer ${KEY}`,
    problem: "a value of 27 bytes has white space at offset 6",
  },
  {
    name: "a byte order mark is refused",
    value: `\uFEFF${KEY}`,
    problem: "a value of 23 bytes has a byte that is not ASCII at offset 0",
  },
  {
    name: "quotation marks around it are refused",
    value: `"${KEY}"`,
    problem: "a value of 22 bytes stands in quotation marks",
  },
  { name: "an empty value is refused", value: "", problem: "a value of 0 bytes is empty" },
  { name: "a lone newline is empty", value: "\n", problem: "a value of 1 bytes is empty" },
  {
    name: "a NUL is refused",
    value: "sk\0",
    problem: "a value of 3 bytes has a control character at offset 2",
  },
  {
    name: "binary is refused",
    value: new Uint8Array([0x73, 0xff, 0x00]),
    problem: "a value of 3 bytes has a byte that is not ASCII at offset 1",
  },
  {
    name: "16 KiB is the longest value",
    value: "k".repeat(16384),
    text: "k".repeat(16384),
    problem: null,
  },
  {
    name: "one byte more is refused",
    value: "k".repeat(16385),
    problem: "a value of 16385 bytes is longer than 16384",
  },
]
test.each(values)("$name", ({ value, text, problem }) => {
  const read = readSecret(makeSecret({ data: { "api-key": base64(value) } }))
  expect(read.facts.keys).toEqual({ "api-key": { problem } })
  expect(read.values.get("api-key")?.reveal()).toBe(text)
})

const beginnings = [
  { value: "sk-ant-api03-x", looksLike: "Anthropic" },
  { value: "sk-proj-x", looksLike: "OpenAI" },
  { value: "AIzaSyX", looksLike: "Google" },
  { value: "sk-0123456789", looksLike: undefined },
  { value: "a-key-of-nobody", looksLike: undefined },
]
test.each(beginnings)("$value looks like a key of $looksLike", ({ value, looksLike }) => {
  const { keys } = readSecret(makeSecret({ data: { k: base64(value) } })).facts
  expect(keys["k"]?.looksLike).toBe(looksLike)
})

test("a key that lost its newline is named, for the Warning", () => {
  const data = { plain: base64(KEY), echoed: base64(`${KEY}\n`) }
  expect(readSecret(makeSecret({ data })).trimmed).toEqual(["echoed"])
})

test("of a Secret of another type no value is kept", () => {
  const read = readSecret(
    makeSecret({ type: "kubernetes.io/tls", data: { "tls.key": base64(KEY) } }),
  )
  expect(read.values.size).toBe(0)
  expect(read.facts.type).toBe("kubernetes.io/tls")
  expect(read.facts.keys).toEqual({ "tls.key": { problem: null } })
})

const hosts = [
  { name: "one host", annotation: "api.openai.com", want: ["api.openai.com"] },
  {
    name: "a comma list with spaces",
    annotation: "a.example, B.example ,",
    want: ["a.example", "b.example"],
  },
  { name: "an empty list allows no host", annotation: "", want: [] },
]
test.each(hosts)("allowed hosts: $name", ({ annotation, want }) => {
  const annotations = { "sidegate.dev/allowed-hosts": annotation }
  expect(readSecret(makeSecret({ annotations })).facts.allowedHosts).toEqual(want)
})

test("a missing annotation is null, not an empty list", () => {
  expect(readSecret(makeSecret({ annotations: {} })).facts.allowedHosts).toBeNull()
})

test("stringData of a manifest wins over data", () => {
  const read = readSecret(makeSecret({ data: { k: base64("old") }, stringData: { k: "new" } }))
  expect(read.values.get("k")?.reveal()).toBe("new")
})

test("the fingerprint follows the value and the object, not the order of keys", () => {
  const of = (part: Partial<SecretObject>) => readSecret(makeSecret(part)).facts.fingerprint
  const data = { a: base64("one"), b: base64("two") }
  expect(of({ data })).toBe(of({ data: { b: data.b, a: data.a } }))
  expect(of({ data })).not.toBe(of({ data: { ...data, b: base64("three") } }))
  expect(of({ data })).not.toBe(of({ data, uid: "uid-2" }))
})

test("facts and values show no key however they are printed", () => {
  const read = readSecret(makeSecret({ data: { k: base64(KEY), bad: base64(`${KEY} x`) } }))
  const value = read.values.get("k")
  const printed = [
    inspect(read, { depth: null, showHidden: true }),
    JSON.stringify([read.facts, value]),
    `${value}`,
    inspect(new Map([["k", value]])),
  ].join()
  expect(printed).not.toContain("canary")
  expect(value?.reveal()).toBe(KEY)
})
