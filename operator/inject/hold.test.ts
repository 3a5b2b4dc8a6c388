import { expect, test } from "vitest"
import { readHold } from "./hold.ts"

const cases = [
  ["1s", 1000],
  ["30s", 30_000],
  ["1m30s", 90_000],
  ["1500ms", 1500],
  ["5m", 300_000],
] as const
test.each(cases)("%s holds for %i ms", (text, holdMs) => {
  expect(readHold({ "sidegate.dev/hold": text })).toEqual({ holdMs, warnings: [] })
})

test.each(["", "0s", "999ms", "5m1s", "30", "-1s", "1.5s", "forever", "1s ", "99999h99999h"])(
  "%j holds nothing, and the pod is told why",
  (text) => {
    const warning = `sidegate.dev/hold is "${text}", it must be a duration from 1s to 5m, such as 30s; the pod starts at once`
    expect(readHold({ "sidegate.dev/hold": text })).toEqual({ holdMs: 0, warnings: [warning] })
  },
)

test("without the annotation nothing is held and nothing is said", () => {
  for (const annotations of [null, {}]) {
    expect(readHold(annotations)).toEqual({ holdMs: 0, warnings: [] })
  }
})
