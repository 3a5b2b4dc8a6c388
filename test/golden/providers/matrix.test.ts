/**
 * Every chat surface, every case, every schema, whole and streamed: one file an output, in
 * `expected/SURFACE/COLUMN/CASE.MODE.txt`. `UPDATE_GOLDEN=1 make test-golden` writes them anew.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { describe, expect, test } from "vitest"
import { PROVIDER_SCHEMAS } from "#proxy/contract/snapshot.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { casesOf } from "./cases.ts"
import { type Column, type Mode, placeOf, runCase, SCHEMAS } from "./run-case.ts"

const CHAT_SURFACES = (Object.keys(SURFACES) as ModelSurfaceName[]).filter(
  (name) => SURFACES[name].chat !== null && SURFACES[name].operation === "chat",
)
const CELLS = CHAT_SURFACES.flatMap((surface) =>
  casesOf(surface).flatMap((name) =>
    (Object.keys(SCHEMAS) as Column[]).flatMap((column) =>
      (["whole", "stream"] as const).map((mode: Mode) => ({
        surface,
        name,
        column,
        mode,
        file: `expected/${surface}/${column}/${name}.${mode}.txt`,
      })),
    ),
  ),
)

describe("a cell of the matrix", () => {
  test.each(CELLS)("$file", ({ surface, name, column, mode, file }) => {
    const found = runCase(surface, name, column, mode)
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
  for (const surface of CHAT_SURFACES) {
    expect(casesOf(surface).length * 2).toBeGreaterThanOrEqual(30)
  }
})

test("no expected file is left of a cell that is gone", () => {
  const known = new Set(CELLS.map(({ file }) => file))
  const found = readdirSync(placeOf("expected"), { recursive: true, encoding: "utf8" })
  const left = found.filter((name) => name.endsWith(".txt") && !known.has(`expected/${name}`))
  expect(left).toEqual([])
})

test("every schema has a column", () => {
  const columns = Object.values(SCHEMAS).map(({ schema }) => schema as string)
  // A simulated provider speaks OpenAI's schema without a network.
  const missing = PROVIDER_SCHEMAS.filter((schema) => schema !== "Simulated")
  expect(missing.filter((schema) => !columns.includes(schema))).toEqual([])
})
