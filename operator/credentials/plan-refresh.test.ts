import fc from "fast-check"
import { expect, test } from "vitest"
import { refreshInMs, retryInMs } from "./plan-refresh.ts"

const HOUR = 3_600_000

const refreshes = [
  { name: "an hour is renewed after 80 %", left: HOUR, draw: 0, want: 0.8 * HOUR },
  { name: "or up to 5 % of it sooner", left: HOUR, draw: 1, want: 0.75 * HOUR },
  { name: "what ends at once is asked for in five seconds", left: 0, draw: 0.5, want: 5000 },
  { name: "what has ended as well", left: -HOUR, draw: 0.5, want: 5000 },
  {
    name: "two hours count as one: the clock may be slow",
    left: 2 * HOUR,
    draw: 0,
    want: 0.8 * HOUR,
  },
  { name: "so do ten thousand years, which no timer holds", left: 3e14, draw: 0, want: 0.8 * HOUR },
]
test.each(refreshes)("$name", ({ left, draw, want }) => {
  expect(refreshInMs(1000 + left, 1000, draw)).toBe(want)
})

const retries = [
  { failures: 1, draw: 0, want: 500 },
  { failures: 1, draw: 1, want: 1000 },
  { failures: 4, draw: 1, want: 8000 },
  { failures: 7, draw: 1, want: 60_000 },
  { failures: 5000, draw: 1, want: 60_000 },
]
test.each(retries)(
  "failure $failures with draw $draw waits $want ms",
  ({ failures, draw, want }) => {
    expect(retryInMs(failures, draw)).toBe(want)
  },
)

test("a token of any life over ten seconds is renewed while it is still good", () => {
  const draw = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(fc.integer({ min: 10_000, max: 86_400_000 }), draw, (life, chance) => {
      expect(refreshInMs(life, 0, chance)).toBeLessThan(life)
    }),
  )
})
