/** Every example holds up against the schemas, so that what a reader copies is what works. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { parserOf } from "#operator/api/v1alpha1/parse.ts"
import { kindOf } from "#operator/api/v1alpha1/registry.ts"
import { parseManifests } from "./manifests/manifest.ts"

const EXAMPLES = join(import.meta.dirname, "../examples")
const files = readdirSync(EXAMPLES, { recursive: true, encoding: "utf8" }).filter((path) =>
  path.endsWith(".yaml"),
)
const manifests = files.flatMap((path) => {
  const parsed = parseManifests({ path, text: readFileSync(join(EXAMPLES, path), "utf8") })
  return [...parsed.faults.map((fault) => ({ path, fault })), ...parsed.manifests]
})
const objects = manifests.flatMap((one) => ("fault" in one ? [] : [one]))

test("every example parses", () => {
  expect(objects.length).toBeGreaterThan(5)
  expect(manifests.filter((one) => "fault" in one)).toEqual([])
})

test.each(objects.filter(({ apiVersion }) => apiVersion.startsWith("sidegate.dev/")))(
  "$file: $kind $name is in order",
  ({ kind, value }) => {
    const definition = kindOf(kind)
    expect(definition).toBeDefined()
    if (definition === undefined) return
    const verdict = parserOf(definition.spec, "spec")(value["spec"])
    expect(verdict.ok ? "" : `${verdict.path}: ${verdict.message}`).toBe("")
  },
)
