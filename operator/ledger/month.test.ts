import { expect, test } from "vitest"
import { monthIndex, monthStart, monthStartingAt } from "./month.ts"

const cases = [
  {
    name: "the first millisecond belongs to its month",
    at: "2026-11-01T00:00:00.000Z",
    start: "2026-11-01T00:00:00.000Z",
  },
  {
    name: "the last millisecond belongs to its month",
    at: "2026-11-30T23:59:59.999Z",
    start: "2026-11-01T00:00:00.000Z",
  },
  {
    name: "December is followed by January",
    at: "2027-01-01T00:00:00.000Z",
    start: "2027-01-01T00:00:00.000Z",
  },
  {
    name: "a leap day is in February",
    at: "2028-02-29T12:00:00.000Z",
    start: "2028-02-01T00:00:00.000Z",
  },
] as const

test.each(cases)("$name", ({ at, start }) => {
  expect(new Date(monthStart(monthIndex(Date.parse(at)))).toISOString()).toBe(start)
})

test("months are consecutive across the turn of a year", () => {
  expect(monthIndex(Date.parse("2027-01-01T00:00:00Z"))).toBe(
    monthIndex(Date.parse("2026-12-31T23:59:59Z")) + 1,
  )
})

test("only the first millisecond starts a month", () => {
  const start = Date.parse("2026-12-01T00:00:00Z")
  expect(monthStartingAt(start)).toBe(monthIndex(start))
  expect(monthStartingAt(start + 1)).toBeUndefined()
})
