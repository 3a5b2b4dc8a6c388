import fc from "fast-check"
import { expect, test } from "vitest"
import { createDueQueue } from "./due-queue.ts"

function drain(queue: ReturnType<typeof createDueQueue>): [string, number][] {
  const all: [string, number][] = []
  for (let first = queue.first(); first !== null; first = queue.first()) {
    all.push([first.key, first.dueAt])
    queue.set(first.key, null)
  }
  return all
}

test("the earliest comes first, and of equal times the one that was set first", () => {
  const queue = createDueQueue()
  queue.set("b", 5)
  queue.set("a", 5)
  queue.set("c", 1)
  expect(drain(queue)).toEqual([
    ["c", 1],
    ["b", 5],
    ["a", 5],
  ])
})

test("setting the same time again keeps the place, another time moves it", () => {
  const queue = createDueQueue()
  queue.set("a", 5)
  queue.set("b", 5)
  queue.set("a", 5)
  expect(queue.first()?.key).toBe("a")
  queue.set("a", 9)
  expect(queue.first()).toMatchObject({ key: "b", dueAt: 5 })
  expect(queue.dueAt("a")).toBe(9)
})

test("it holds what a plain map sorted by time would hold, whatever is done to it", () => {
  const step = fc.record({
    key: fc.integer({ min: 0, max: 20 }).map(String),
    dueAt: fc.option(fc.integer({ min: 0, max: 50 }), { freq: 3 }),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const queue = createDueQueue()
      const model = new Map<string, number>()
      for (const { key, dueAt } of steps) {
        queue.set(key, dueAt)
        if (dueAt === null) model.delete(key)
        else model.set(key, dueAt)
        expect(queue.first()?.dueAt ?? null).toBe(
          model.size === 0 ? null : Math.min(...model.values()),
        )
        expect(queue.size()).toBe(model.size)
      }
      const drained = drain(queue)
      expect(drained.map(([, at]) => at)).toEqual([...model.values()].sort((a, b) => a - b))
      expect(new Map(drained)).toEqual(model)
    }),
  )
})
