/**
 * However a stream is cut into chunks on its way, the client gets the same bytes and the record the
 * same usage: every schema, Bedrock's binary one included, through the real pipeline, for every
 * chat surface. What the bytes are, the golden matrix shows.
 */
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { Act } from "#proxy/pipeline/world.test-data.ts"
import { type ModelSurfaceName, SURFACES } from "#proxy/surfaces/registry.ts"
import { type CaseName, CHAT_CASES, casesOf, STATUSES } from "#test/golden/providers/cases.ts"
import { answerOf, type Column, playCase, SCHEMAS } from "#test/golden/providers/run-case.ts"

/** One case of each scenario that streams. */
function scenariosOf(surface: ModelSurfaceName): readonly CaseName[] {
  const streaming = casesOf(surface).filter((name) => STATUSES[CHAT_CASES[name]] === undefined)
  return Object.values(
    Object.fromEntries(streaming.map((name) => [CHAT_CASES[name], name] as const)),
  )
}

const CELLS = (Object.keys(SURFACES) as ModelSurfaceName[])
  .filter((name) => SURFACES[name].chat !== null && SURFACES[name].operation === "chat")
  .flatMap((surface) => (Object.keys(SCHEMAS) as Column[]).map((column) => ({ surface, column })))

/** What client and record have of the answer that comes in these chunks. */
function outcome(
  surface: ModelSurfaceName,
  column: Column,
  name: CaseName,
  cuts: readonly number[],
) {
  const { status, type, bytes } = answerOf(column, CHAT_CASES[name], "stream", surface)
  const points = [0, ...cuts.toSorted((a, b) => a - b), bytes.length]
  const chunks = points.slice(1).map((end, at): Act => ({ data: bytes.slice(points[at], end) }))
  const head: Act = { head: status, headers: { "content-type": type } }
  const world = playCase(surface, name, column, "stream", [head, ...chunks, { end: true }])
  const { client, finals } = world
  return { status: client.status, body: client.body, end: client.end_, usage: [...finals.values()] }
}

describe.each(CELLS)("a stream of $column to $surface", ({ surface, column }) => {
  const cases = scenariosOf(surface)
  const asked = cases.filter((name) => outcome(surface, column, name, []).status === 200)

  test("is asked for in most cases", () => {
    expect(asked.length).toBeGreaterThan(cases.length / 2)
  })

  test.each(asked)("is the same byte by byte: %s", (name) => {
    const whole = outcome(surface, column, name, [])
    expect(whole.end).toBe("ended")
    const length = answerOf(column, CHAT_CASES[name], "stream", surface).bytes.length
    const each = Array.from({ length: length - 1 }, (_, at) => at + 1)
    expect(outcome(surface, column, name, each)).toEqual(whole)
  })

  test("is the same however it is cut", () => {
    const wholes = new Map(asked.map((name) => [name, outcome(surface, column, name, [])]))
    fc.assert(
      fc.property(
        fc.constantFrom(...asked),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 }),
        (name, parts) => {
          const { length } = answerOf(column, CHAT_CASES[name], "stream", surface).bytes
          const cuts = parts.map((part) => Math.floor(part * length))
          expect(outcome(surface, column, name, cuts)).toEqual(wholes.get(name))
        },
      ),
      { numRuns: 100 },
    )
  })
})
