/** Every example holds up, so that what a reader copies is what works. */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { formatFinding, lintDirectory } from "./lint/lint.ts"

const EXAMPLES = join(import.meta.dirname, "../examples")

test.each(readdirSync(EXAMPLES))("the API server and the operator take examples/%s", (name) => {
  const { findings, objects } = lintDirectory(join(EXAMPLES, name))
  // Among them is what a policy refuses, to be seen.
  const faults = findings.filter(({ message }) => !message.startsWith("BackendDenied: "))
  expect(faults.map(formatFinding)).toEqual([])
  expect(objects).toBeGreaterThan(1)
})
