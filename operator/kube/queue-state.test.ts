import fc from "fast-check"
import { expect, test } from "vitest"
import {
  addKey,
  createQueueState,
  endRun,
  isIdle,
  nextDueMs,
  QUEUE_DEFAULTS,
  type QueueState,
  takeDue,
} from "./queue-state.ts"

const queueWith = (...keys: readonly string[]): QueueState => {
  const queue = createQueueState(QUEUE_DEFAULTS)
  for (const key of keys) addKey(queue, key, 0, 0)
  return queue
}
const DONE = { kind: "done", againAfterMs: null } as const

test("a key that is added many times runs once", () => {
  expect(takeDue(queueWith("a", "a", "a"), 0)).toEqual(["a"])
})

test("two run at a time, the third when one has ended", () => {
  const queue = queueWith("a", "b", "c")
  expect(takeDue(queue, 0)).toEqual(["a", "b"])
  expect(takeDue(queue, 0)).toEqual([])
  expect(nextDueMs(queue)).toBeNull()
  endRun(queue, "a", DONE, 1, 0)
  expect(takeDue(queue, 1)).toEqual(["c"])
})

test("a key that changes while it runs runs again afterwards, never twice at once", () => {
  const queue = queueWith("a")
  takeDue(queue, 0)
  addKey(queue, "a", 5, 0)
  expect(takeDue(queue, 5)).toEqual([])
  endRun(queue, "a", DONE, 9, 0)
  expect(takeDue(queue, 9)).toEqual(["a"])
})

const delays = [
  { name: "the first failure", failures: 1, want: 200 },
  { name: "the third failure", failures: 3, want: 800 },
  { name: "the thirtieth failure: the cap", failures: 30, want: 30_000 },
]
test.each(delays)("$name is tried again after its backoff", ({ failures, want }) => {
  const queue = queueWith("a")
  let now = 0
  for (let count = 0; count < failures; count++) {
    expect(takeDue(queue, now)).toEqual(["a"])
    endRun(queue, "a", { kind: "failed" }, now, 1)
    now = nextDueMs(queue) ?? Number.NaN
    if (count === failures - 1) expect(now).toBeGreaterThanOrEqual(want)
  }
  endRun(queue, "a", DONE, now, 0)
  expect(takeDue(queue, now - 1)).toEqual([])
})

test("a failing key does not hold up another", () => {
  const queue = queueWith("bad", "good")
  takeDue(queue, 0)
  endRun(queue, "bad", { kind: "failed" }, 0, 1)
  endRun(queue, "good", DONE, 0, 0)
  addKey(queue, "good", 1, 0)
  expect(takeDue(queue, 1)).toEqual(["good"])
})

test("a change during a failed run waits for the backoff, and ends it when it comes later", () => {
  const queue = queueWith("a")
  takeDue(queue, 0)
  addKey(queue, "a", 1, 0)
  endRun(queue, "a", { kind: "failed" }, 2, 1)
  expect(takeDue(queue, 3)).toEqual([])
  addKey(queue, "a", 4, 0)
  expect(takeDue(queue, 4)).toEqual(["a"])
})

test("a quiet key runs again at the resync, up to a fifth earlier", () => {
  const queue = queueWith("a", "b")
  takeDue(queue, 0)
  endRun(queue, "a", DONE, 0, 0)
  endRun(queue, "b", DONE, 0, 1)
  expect(takeDue(queue, 479_999)).toEqual([])
  expect(takeDue(queue, 480_000)).toEqual(["b"])
  expect(takeDue(queue, 600_000)).toEqual(["a"])
})

test("a run may ask for an earlier one", () => {
  const queue = queueWith("a")
  takeDue(queue, 0)
  endRun(queue, "a", { kind: "done", againAfterMs: 50 }, 0, 0)
  expect(nextDueMs(queue)).toBe(50)
})

test("a forgotten key is gone, unless it changed meanwhile", () => {
  const queue = queueWith("gone", "back")
  takeDue(queue, 0)
  addKey(queue, "back", 1, 0)
  endRun(queue, "gone", { kind: "forget" }, 2, 0)
  endRun(queue, "back", { kind: "forget" }, 2, 0)
  expect([...queue.keys.keys()]).toEqual(["back"])
  expect(takeDue(queue, 2)).toEqual(["back"])
})

test("whatever happens, no change is lost and no key runs twice at once", () => {
  const action = fc.record({
    kind: fc.constantFrom("add", "take", "done", "failed", "forget"),
    key: fc.constantFrom("a", "b", "c", "d"),
  })
  fc.assert(
    fc.property(fc.array(action, { maxLength: 200 }), (actions) => {
      const queue = createQueueState(QUEUE_DEFAULTS)
      const running = new Set<string>()
      const changed = new Set<string>()
      let now = 0
      const take = (): void => {
        for (const key of takeDue(queue, now)) {
          expect(running.has(key)).toBe(false)
          running.add(key)
          changed.delete(key)
        }
        expect(running.size).toBeLessThanOrEqual(2)
      }
      for (const { kind, key } of actions) {
        now += 1
        if (kind === "add") {
          addKey(queue, key, now, 0)
          changed.add(key)
        } else if (kind === "take") {
          take()
        } else if (running.delete(key)) {
          const isDone = kind === "done"
          endRun(queue, key, isDone ? DONE : { kind: kind as "failed" | "forget" }, now, 0.5)
        }
      }
      // Let it come to rest: backoffs pass, runs end.
      for (let round = 0; round < 20; round++) {
        now += 60_000
        take()
        for (const key of running) endRun(queue, key, { kind: "forget" }, now, 0)
        running.clear()
      }
      expect([...changed]).toEqual([])
      expect(isIdle(queue, now)).toBe(true)
    }),
  )
})
