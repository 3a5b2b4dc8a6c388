/**
 * Objects in, Snapshot and verdicts out, one behaviour a pair. `UPDATE_GOLDEN=1 vitest run
 * test/golden` writes.
 */

import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { compileWorld, readWorld } from "./world.ts"

const CASES = fileURLToPath(new URL("cases", import.meta.url))
const isUpdate = process.env["UPDATE_GOLDEN"] === "1"

const names = readdirSync(CASES)
  .filter((name) => name.endsWith(".yaml"))
  .map((name) => name.slice(0, -".yaml".length))

describe("objects compile to", () => {
  test.each(names)("%s", (name) => {
    const result = compileWorld(readWorld(readFileSync(join(CASES, `${name}.yaml`), "utf8")))
    expect(result.namespaces.flatMap(({ violations }) => violations)).toEqual([])
    const file = join(CASES, `${name}.json`)
    const text = `${JSON.stringify(result, undefined, 1)}\n`
    if (isUpdate) writeFileSync(file, text)
    expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(file, "utf8")))
    expect(text).toBe(readFileSync(file, "utf8"))
  })
})

test("every golden file has its objects", () => {
  const stray = readdirSync(CASES).filter(
    (file) => file.endsWith(".json") && !names.includes(file.slice(0, -".json".length)),
  )
  expect(stray).toEqual([])
})
