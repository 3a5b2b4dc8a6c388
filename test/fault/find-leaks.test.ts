import { expect, test } from "vitest"
import { findLeaks } from "./find-leaks.ts"

const KEY = 'sk-0123456789+/="\\abcdefghijkl'
const canaries = [{ name: "the key", bytes: Buffer.from(KEY) }]

const cases = [
  { name: "as it is", text: `authorization: Bearer ${KEY}`, form: "as it is" },
  { name: "cut at its end", text: `Bearer ${KEY.slice(0, 16)}…`, form: "its beginning" },
  { name: "cut at its beginning", text: `…${KEY.slice(-16)}`, form: "its end" },
  { name: "in hex", text: Buffer.from(KEY).toString("hex"), form: "in hex" },
  {
    name: "in upper-case hex",
    text: Buffer.from(KEY).toString("hex").toUpperCase(),
    form: "in upper-case hex",
  },
  { name: "percent-encoded", text: `?key=${encodeURIComponent(KEY)}`, form: "percent-encoded" },
  { name: "escaped in JSON", text: JSON.stringify({ key: KEY }), form: "escaped in JSON" },
  {
    name: "in base64 of a longer text",
    text: Buffer.from(`Basic user:${KEY}!`).toString("base64"),
    form: "in base64 at offset 2",
  },
  {
    name: "in base64url of the key alone",
    text: Buffer.from(KEY).toString("base64url"),
    form: "in base64url at offset 0",
  },
  { name: "as UTF-16", text: Buffer.from(KEY, "utf16le"), form: "as UTF-16" },
]
test.each(cases)("finds a key $name", ({ text, form }) => {
  const places = [
    { name: "a clean file", bytes: Buffer.from("nothing to see") },
    { name: "a log", bytes: Buffer.from(text) },
  ]
  expect(findLeaks(places, canaries)).toContain(`the key, ${form}, is in a log`)
  expect(findLeaks(places.slice(0, 1), canaries)).toEqual([])
})
