import { expect, test } from "vitest"
import { parseLabels, parseNamespace, parsePort, parseState } from "./options.ts"

const refused = [
  { name: "a port that is none", parse: () => parsePort("http") },
  { name: "a port above 65535", parse: () => parsePort("65536") },
  { name: "a namespace with capitals", parse: () => parseNamespace("Search") },
  { name: "a state directory without a name", parse: () => parseState("") },
  { name: "a label without a value", parse: () => parseLabels("app") },
  { name: "a label with a space", parse: () => parseLabels("app=a b") },
  { name: "a label key that is none", parse: () => parseLabels("-a=b") },
] as const
test.each(refused)("$name is refused", ({ parse }) => {
  expect(parse).toThrow(/./)
})

test("labels are read as kubectl prints them", () => {
  expect(parseLabels("app.kubernetes.io/name=api,tier=,a=b")).toEqual({
    "app.kubernetes.io/name": "api",
    tier: "",
    a: "b",
  })
  expect(parseLabels("")).toEqual({})
  expect(parsePort("0")).toBe(0)
})
