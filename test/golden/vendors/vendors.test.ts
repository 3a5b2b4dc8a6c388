/**
 * What vendors add to answers of OpenAI's shape, and what Google's and Cohere's rest on, as every
 * chat surface shows it, whole and
 * streamed: one file an output, in `expected/SURFACE/VENDOR-CASE.MODE.txt`.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import type { Act, World } from "#proxy/pipeline/world.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { describeCell, type Mode, playCase } from "../providers/run-case.ts"
import { VENDOR_CASES, type VendorCase } from "./cases.ts"

const SURFACE_NAMES = (Object.keys(SURFACES) as ModelSurfaceName[]).filter(
  (name) => SURFACES[name].chat !== null && SURFACES[name].operation === "chat",
)
/**
 * These vendors speak Responses too, where bytes pass. What a client of it would see of the same in
 * a chat is shown by a vendor that does not.
 */
const WITHOUT_RESPONSES = "Cerebras"
const CELLS = VENDOR_CASES.flatMap((one) =>
  SURFACE_NAMES.map((surface) => ({ ...one, one, surface })),
)

const placeOf = (file: string) => fileURLToPath(new URL(file, import.meta.url))

function bytesOf({ vendor, name }: VendorCase, mode: Mode): Uint8Array {
  const ending = mode === "stream" ? "sse" : "json"
  return new Uint8Array(readFileSync(placeOf(`upstream/${vendor}-${name}.${ending}`)))
}

function play(surface: ModelSurfaceName, one: VendorCase, mode: Mode, chunks: Uint8Array[]): World {
  const type = mode === "stream" ? "text/event-stream" : "application/json"
  const acts: readonly Act[] = [
    { head: 200, headers: { "content-type": type } },
    ...chunks.map((data): Act => ({ data })),
    { end: true },
  ]
  if (one.column !== undefined) return playCase(surface, "plain", one.column, mode, acts)
  const vendor = surface === "openai-responses" ? WITHOUT_RESPONSES : one.vendor
  return playCase(surface, "plain", "OpenAI", mode, acts, { vendor })
}

describe.each(CELLS)("$vendor $name to $surface", ({ one, surface }) => {
  test.each(["whole", "stream"] as const)("%s", (mode) => {
    const found = describeCell(play(surface, one, mode, [bytesOf(one, mode)]))
    const file = `expected/${surface}/${one.vendor}-${one.name}.${mode}.txt`
    const place = placeOf(file)
    if (process.env["UPDATE_GOLDEN"] === "1") {
      mkdirSync(dirname(place), { recursive: true })
      writeFileSync(place, found)
    }
    expect(existsSync(place), `${file} is missing: UPDATE_GOLDEN=1 make test-golden`).toBe(true)
    expect(found).toBe(readFileSync(place, "utf8"))
  })

  test("a stream is the same byte by byte", () => {
    const bytes = bytesOf(one, "stream")
    const each = Array.from(bytes, (byte) => Uint8Array.of(byte))
    const { body } = play(surface, one, "stream", [bytes]).client
    expect(play(surface, one, "stream", each).client.body).toBe(body)
  })
})
