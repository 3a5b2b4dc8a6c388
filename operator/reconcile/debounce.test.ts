import { expect, test } from "vitest"
import { createDebounce } from "./debounce.ts"

interface Step {
  readonly at: number
  readonly touch?: string
  readonly take?: readonly string[]
}

const cases: readonly { readonly name: string; readonly steps: readonly Step[] }[] = [
  {
    name: "an isolated change goes out at once",
    steps: [
      { at: 0, touch: "a" },
      { at: 0, take: ["a"] },
      { at: 0, take: [] },
    ],
  },
  {
    name: "changes of one turn are one",
    steps: [
      { at: 0, touch: "a" },
      { at: 0, touch: "a" },
      { at: 0, take: ["a"] },
      { at: 500, take: [] },
    ],
  },
  {
    name: "a change soon after the last waits until it is quiet",
    steps: [
      { at: 0, touch: "a" },
      { at: 0, take: ["a"] },
      { at: 50, touch: "a" },
      { at: 149, take: [] },
      { at: 150, take: ["a"] },
    ],
  },
  {
    name: "each further change moves the wait",
    steps: [
      { at: 0, touch: "a" },
      { at: 0, take: ["a"] },
      { at: 50, touch: "a" },
      { at: 120, touch: "a" },
      { at: 219, take: [] },
      { at: 220, take: ["a"] },
    ],
  },
  {
    name: "churn without end is looked at within a second",
    steps: [
      { at: 0, touch: "a" },
      { at: 0, take: ["a"] },
      ...Array.from({ length: 20 }, (_, index) => ({ at: 50 + index * 50, touch: "a" })),
      { at: 1049, take: [] },
      { at: 1050, take: ["a"] },
    ],
  },
  {
    name: "after quiet time a change goes out at once again",
    steps: [
      { at: 0, touch: "a" },
      { at: 0, take: ["a"] },
      { at: 100, touch: "a" },
      { at: 100, take: ["a"] },
    ],
  },
  {
    name: "the churn of one key does not hold up another",
    steps: [
      { at: 0, touch: "a" },
      { at: 0, take: ["a"] },
      { at: 10, touch: "a" },
      { at: 10, touch: "b" },
      { at: 10, take: ["b"] },
      { at: 110, take: ["a"] },
    ],
  },
]

test.each(cases)("$name", ({ steps }) => {
  const debounce = createDebounce()
  for (const { at, touch, take } of steps) {
    if (touch !== undefined) debounce.touch(touch, at)
    if (take !== undefined) expect(debounce.take(at).map(({ key }) => key)).toEqual(take)
  }
})

test("it says when to come back, and since when a key waits", () => {
  const debounce = createDebounce()
  expect(debounce.wakeAt()).toBeNull()
  debounce.touch("a", 0)
  debounce.take(0)
  debounce.touch("a", 20)
  debounce.delay("b", 90)
  expect(debounce.wakeAt()).toBe(90)
  expect(debounce.take(200)).toEqual([
    { key: "a", since: 20 },
    { key: "b", since: 90 },
  ])
})

test("a key that only waits to be tried again is not touched, until it is", () => {
  const debounce = createDebounce()
  debounce.delay("a", 5000)
  expect(debounce.hasTouched()).toBe(false)
  expect(debounce.wakeAt()).toBe(5000)
  debounce.touch("a", 10)
  expect(debounce.hasTouched()).toBe(true)
  expect(debounce.take(10)).toEqual([{ key: "a", since: 10 }])
  expect(debounce.take(5000)).toEqual([])
})
