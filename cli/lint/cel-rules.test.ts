import { expect, test } from "vitest"
import { checkRules } from "./cel-rules.ts"
import { readSchema } from "./schema-node.ts"

const schema = (type: string, rule: string, fieldPath?: string) =>
  readSchema({
    type,
    properties: type === "object" ? { a: { type: "string" }, n: { type: "integer" } } : {},
    "x-kubernetes-validations": [{ rule, message: "must hold", ...(fieldPath && { fieldPath }) }],
  })
const REFUSED = "Invalid value: must hold"

const cases = [
  { name: "a rule that holds", rule: "self.a == 'x'", value: { a: "x" }, want: [] },
  { name: "a rule that does not", rule: "self.a == 'y'", value: { a: "x" }, want: [REFUSED] },
  { name: "a field that is absent", rule: "has(self.a)", value: {}, want: [REFUSED] },
  // The next three give an error object, which would be true of itself.
  { name: "an absent field that is read", rule: "self.a == 'x'", value: {}, want: [REFUSED] },
  { name: "an unknown function", rule: "isURL(self.a)", value: { a: "x" }, want: [REFUSED] },
  { name: "a conversion that fails", rule: "int(self.a) > 0", value: { a: "x" }, want: [REFUSED] },
  { name: "a result that is no boolean", rule: "self.a", value: { a: "true" }, want: [REFUSED] },
  { name: "a whole number is an int", rule: "self.n % 2 == 0", value: { n: 4 }, want: [] },
] as const

test.each(cases)("$name", ({ rule, value, want }) => {
  const faults = checkRules(value, schema("object", rule), "spec")
  expect(faults.map(({ message }) => message)).toEqual(want)
})

test("the path is that of the rule's field, and <nil> for the whole object", () => {
  const at = (path: string, fieldPath?: string) =>
    checkRules({}, schema("object", "false", fieldPath), path).map((fault) => fault.path)
  expect([at("spec"), at("spec", ".a"), at("", ".spec.a"), at("")]).toEqual([
    ["spec"],
    ["spec.a"],
    ["spec.a"],
    ["<nil>"],
  ])
})

test("a rule that does not parse is a bug in the schema, not a verdict", () => {
  expect(() => checkRules({}, schema("object", "self.a =="), "spec")).toThrow()
})
