import { expect, test } from "vitest"
import { nearest } from "./nearest.ts"

const NAMES = ["endpoint", "network", "priority", "weight", "name", "from", "models", "model"]
test.each([
  ["endpont", "endpoint"],
  ["Endpoint", "endpoint"],
  ["prioriy", "priority"],
  ["model", "model"],
  ["frm", "from"],
  ["nme", "name"],
  ["ab", undefined],
  ["headers", undefined],
])("%s is near %s", (word, want) => {
  expect(nearest(word, NAMES)).toBe(want)
})
