import { expect, test } from "vitest"
import { createTokenCache } from "./token-cache.ts"

test("an entry is gone at its time, not before", () => {
  const cache = createTokenCache<string>(10)
  cache.set("a", "x", 100)
  expect([cache.get("a", 99), cache.get("a", 100), cache.size()]).toEqual(["x", undefined, 0])
})

test("at the bound the entry asked for least recently leaves", () => {
  const cache = createTokenCache<string>(2)
  cache.set("a", "A", 100)
  cache.set("b", "B", 100)
  cache.get("a", 1)
  cache.set("c", "C", 100)
  expect(["a", "b", "c"].map((key) => cache.get(key, 1))).toEqual(["A", undefined, "C"])
  expect(cache.size()).toBe(2)
})

test("setting an entry again does not push another out", () => {
  const cache = createTokenCache<string>(2)
  cache.set("a", "A", 100)
  cache.set("b", "B", 100)
  cache.set("b", "B2", 100)
  expect(["a", "b"].map((key) => cache.get(key, 1))).toEqual(["A", "B2"])
})
