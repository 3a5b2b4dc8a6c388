/**
 * Every chat surface, every case, every schema, whole and streamed: one file an output, in
 * `expected/SURFACE/SCHEMA/CASE.MODE.txt`. `UPDATE_GOLDEN=1 make test-golden` writes them anew.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { describe, expect, test } from "vitest"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { type CaseName, CHAT_CASES } from "./cases.ts"
import { type Mode, placeOf, runCase, SCHEMAS } from "./run-case.ts"

const CHAT_SURFACES = (Object.keys(SURFACES) as ModelSurfaceName[]).filter(
  (name) => SURFACES[name].chat !== null && SURFACES[name].operation === "chat",
)
const CELLS = CHAT_SURFACES.flatMap((surface) =>
  (Object.keys(CHAT_CASES) as CaseName[]).flatMap((name) =>
    (Object.keys(SCHEMAS) as (keyof typeof SCHEMAS)[]).flatMap((schema) =>
      (["whole", "stream"] as const).map((mode: Mode) => ({
        surface,
        name,
        schema,
        mode,
        file: `expected/${surface}/${schema}/${name}.${mode}.txt`,
      })),
    ),
  ),
)

describe("a cell of the matrix", () => {
  test.each(CELLS)("$file", ({ surface, name, schema, mode, file }) => {
    const found = runCase(surface, name, schema, mode)
    const place = placeOf(file)
    if (process.env["UPDATE_GOLDEN"] === "1") {
      mkdirSync(dirname(place), { recursive: true })
      writeFileSync(place, found)
    }
    expect(existsSync(place), `${file} is missing: UPDATE_GOLDEN=1 make test-golden`).toBe(true)
    expect(found).toBe(readFileSync(place, "utf8"))
  })
})

test("a chat surface has at least 30 cells for each schema", () => {
  expect(Object.keys(CHAT_CASES).length * 2).toBeGreaterThanOrEqual(30)
})

test("no expected file is left of a cell that is gone", () => {
  const known = new Set(CELLS.map(({ file }) => file))
  const found = readdirSync(placeOf("expected"), { recursive: true, encoding: "utf8" })
  const left = found.filter((name) => name.endsWith(".txt") && !known.has(`expected/${name}`))
  expect(left).toEqual([])
})
