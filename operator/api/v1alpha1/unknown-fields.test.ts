import { expect, test } from "vitest"
import { at, listAt } from "#operator/kube/json-path.ts"
import { AI_ROUTE } from "./ai-route.ts"
import { crdOf } from "./crd.ts"
import { findUnknownFields } from "./unknown-fields.ts"

const [version] = listAt(crdOf(AI_ROUTE), "spec", "versions")
const SCHEMA = at(version, "schema", "openAPIV3Schema", "properties", "spec")
const BACKEND = { provider: "openai", model: "gpt-4o" }

const cases = [
  {
    name: "what the schema has",
    spec: { models: ["a"], rules: [{ name: "r", backends: [{ ...BACKEND, weight: 1 }] }] },
    want: [],
  },
  {
    name: "a field of the top",
    spec: { models: ["a"], later: { deep: 1 }, rules: [] },
    want: ["spec.later"],
  },
  {
    name: "fields within lists",
    spec: { rules: [{ backends: [BACKEND, { ...BACKEND, later: 1 }] }, { also: true }] },
    want: ["spec.rules[0].backends[1].later", "spec.rules[1].also"],
  },
  {
    name: "keys of a map are anybody's",
    spec: { namespaces: { selector: { matchLabels: { "a.example/b": "c" } } } },
    want: [],
  },
  {
    name: "a name that every object has, and no schema",
    spec: { constructor: 1 },
    want: ["spec.constructor"],
  },
  { name: "a value of another type than the schema's", spec: { rules: "x" }, want: [] },
] as const

test.each(cases)("$name: $want", ({ spec, want }) => {
  expect(findUnknownFields(SCHEMA, spec, "spec")).toEqual(want)
})
