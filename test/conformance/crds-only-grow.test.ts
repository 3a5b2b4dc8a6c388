/** Within v1alpha1 the kinds only grow: what an earlier release took, this one takes and keeps. */

import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { parseAllDocuments } from "yaml"
import { at, listAt, textAt } from "#operator/kube/json-path.ts"
import { findLosses } from "./find-losses.ts"

const KEPT = fileURLToPath(new URL("kept/", import.meta.url))
const NOW = fileURLToPath(new URL("../../crds/crds.yaml", import.meta.url))

/** The schema of v1alpha1, by the CRD's name. */
function schemasOf(file: string): ReadonlyMap<string, unknown> {
  const crds = parseAllDocuments(readFileSync(file, "utf8")).map((one): unknown => one.toJS())
  return new Map(
    crds.flatMap((crd) => {
      const name = textAt(crd, "metadata", "name")
      const versions = listAt(crd, "spec", "versions")
      const version = versions.find((one) => textAt(one, "name") === "v1alpha1")
      return name === undefined ? [] : [[name, at(version, "schema", "openAPIV3Schema")] as const]
    }),
  )
}

const kept = readdirSync(KEPT).filter((name) => name.endsWith(".yaml"))

test.each(kept)("every field of %s is still there and takes what it took", (name) => {
  const before = schemasOf(KEPT + name)
  const after = schemasOf(NOW)
  expect(before.size).toBeGreaterThan(4)
  const losses = [...before].flatMap(([kind, schema]) => findLosses(schema, after.get(kind), kind))
  expect(losses).toEqual([])
})

const text = { type: "string", maxLength: 10, enum: ["a", "b"] }
const shrinking = [
  ["a field", { properties: {} }, "k.a is gone"],
  ["a type", { properties: { a: { ...text, type: "integer" } } }, "k.a has another type"],
  ["a length", { properties: { a: { ...text, maxLength: 9 } } }, "k.a has a lower maxLength"],
  ["a floor", { properties: { a: { ...text, minLength: 1 } } }, "k.a has a higher minLength"],
  ["a value", { properties: { a: { ...text, enum: ["a"] } } }, "k.a does not take b"],
  ["a pattern", { properties: { a: { ...text, pattern: "x" } } }, "k.a has another pattern"],
  ["a choice", { required: ["a"], properties: { a: text } }, "k requires a"],
] as const
test.each(shrinking)("%s that is lost is told", (_what, after, want) => {
  expect(findLosses({ properties: { a: text } }, after, "k")).toEqual([want])
})

test("what is added is no loss", () => {
  const wider = { ...text, maxLength: 20, enum: ["a", "b", "c"] }
  const after = { properties: { a: wider, b: { type: "string" } } }
  expect(findLosses({ properties: { a: text } }, after, "k")).toEqual([])
})
