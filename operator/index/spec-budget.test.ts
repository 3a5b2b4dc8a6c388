import { expect, test } from "vitest"
import { createSpecBudget } from "./spec-budget.ts"

const spec = (characters: number) => "x".repeat(characters - 2)
const WORDS =
  "the AIRoutes of namespace a are over 100 characters together and this one is left unread; " +
  "delete some, then delete and make it again"

test("what fits exactly is kept, one character more is not, and says why", () => {
  const budget = createSpecBudget(100)
  expect(budget.admit("a", "one", spec(60))).toBeUndefined()
  expect(budget.admit("a", "two", spec(40))).toBeUndefined()
  expect(budget.admit("a", "three", spec(3))).toBe(WORDS)
  expect(budget.admit("b", "one", spec(100))).toBeUndefined()
})

test("a changed one counts as it is now, one that is gone does not count", () => {
  const budget = createSpecBudget(100)
  budget.admit("a", "one", spec(100))
  expect(budget.admit("a", "one", spec(90))).toBeUndefined()
  expect(budget.admit("a", "two", spec(20))).toBe(WORDS)
  budget.forget("a", "one")
  budget.forget("a", "nobody")
  expect(budget.admit("a", "two", spec(100))).toBeUndefined()
  budget.clear()
  expect(budget.admit("a", "three", spec(100))).toBeUndefined()
})

test("one that was left unread takes no room", () => {
  const budget = createSpecBudget(100)
  budget.admit("a", "one", spec(60))
  budget.admit("a", "two", spec(60))
  expect(budget.admit("a", "three", spec(40))).toBeUndefined()
})
