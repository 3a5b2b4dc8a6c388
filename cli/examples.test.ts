/** Every example holds up, so that what a reader copies is what works. */
import { copyFileSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { formatFinding, lintDirectory } from "./lint/lint.ts"

const EXAMPLES = join(import.meta.dirname, "../examples")
const work = mkdtempSync(join(tmpdir(), "sidegate-examples-"))
afterAll(() => rmSync(work, { recursive: true, force: true }))

/** Folders of manifests, and single files, each in a folder of its own. */
function manifests(): readonly string[] {
  return readdirSync(EXAMPLES).filter((name) => {
    if (name.endsWith(".yaml")) return true
    const path = join(EXAMPLES, name)
    return statSync(path).isDirectory() && readdirSync(path).some((one) => one.endsWith(".yaml"))
  })
}

function folderOf(name: string): string {
  if (!name.endsWith(".yaml")) return join(EXAMPLES, name)
  const folder = mkdtempSync(join(work, "one-"))
  copyFileSync(join(EXAMPLES, name), join(folder, name))
  return folder
}

test.each(manifests())("the API server and the operator take examples/%s", (name) => {
  const { objects, findings } = lintDirectory(folderOf(name))
  // Among them is what a policy refuses, to be seen.
  const faults = findings.filter(({ message }) => !message.startsWith("BackendDenied: "))
  expect(faults.map(formatFinding)).toEqual([])
  expect(objects).toBeGreaterThan(1)
})
