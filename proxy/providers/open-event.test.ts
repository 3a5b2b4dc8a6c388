import { expect, test } from "vitest"
import { errorName } from "./open-event.ts"

test.each([
  [["server_error"], "server_error"],
  [[undefined, "UNAVAILABLE"], "UNAVAILABLE"],
  [["sk-abc", "tool_use_failed"], "tool_use_failed"],
  [["AIzaSyD9x"], null],
  [["it quotes a prompt"], null],
  [["x".repeat(49)], null],
  [[], null],
])("of %j the name of an error is %s", (names, want) => {
  expect(errorName(...names)).toBe(want)
})
