import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, expect, test } from "vitest"
import { holdStateDirectory } from "./state-directory.ts"

const made: string[] = []
function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "sidegate-state-"))
  made.push(path)
  return path
}
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true })
})

test("a second run on the same directory is refused with the process that holds it", () => {
  const path = join(directory(), "state")
  const held = holdStateDirectory(path, 4711)
  expect(() => holdStateDirectory(path, 4712)).toThrow(
    `the state directory ${path} is in use by another sidegate run (process 4711); ` +
      "end that one, or choose another directory with --state",
  )
  held.release()
  holdStateDirectory(path, 4712).release()
})

test("a directory that cannot be made is refused with the option that chooses another", () => {
  const file = join(directory(), "file")
  writeFileSync(file, "")
  expect(() => holdStateDirectory(join(file, "state"), 1)).toThrow(/choose one with --state/)
})

test("a damaged lock is no other run: the file is named", () => {
  const path = directory()
  writeFileSync(join(path, "lock"), "x".repeat(5000))
  expect(() => holdStateDirectory(path, 1)).toThrow(
    `${path}/lock is damaged (file is not a database): remove that file`,
  )
})
