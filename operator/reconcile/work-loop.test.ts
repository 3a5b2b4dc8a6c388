import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { createWorkLoop, RETRY_MIN_MS } from "./work-loop.ts"

beforeEach(() => {
  vi.useFakeTimers({ now: 0 })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A loop over three namespaces; `fails` says for which keys a run throws. */
function makeLoop(fails: (key: string) => boolean = () => false) {
  const runs: [at: number, key: string][] = []
  const failed: string[] = []
  const loop = createWorkLoop({
    now: Date.now,
    run: (key) => {
      runs.push([Date.now(), key])
      if (fails(key)) throw new Error(`${key} is broken`)
    },
    namespaces: () => ["a", "b", "c"],
    failed: (key) => void failed.push(key),
  })
  return { loop, runs, failed, keys: () => runs.map(([, key]) => key) }
}

test("nothing runs before the start, and everything touched by then runs after it", async () => {
  const { loop, keys } = makeLoop()
  loop.touch(["a"])
  await vi.advanceTimersByTimeAsync(5000)
  expect(keys()).toEqual([])
  loop.start()
  await vi.advanceTimersByTimeAsync(1)
  expect(keys()).toEqual(["a"])
})

test("the empty key runs first and takes every namespace along, each once", async () => {
  const { loop, keys } = makeLoop()
  loop.start()
  loop.touch(["", "b"])
  await vi.advanceTimersByTimeAsync(1)
  expect(keys()).toEqual(["", "b", "a", "c"])
})

test("settled resolves when all that was touched has run", async () => {
  const { loop, keys } = makeLoop()
  loop.start()
  await loop.settled()
  loop.touch(["a"])
  const settled = loop.settled().then(() => keys())
  await vi.advanceTimersByTimeAsync(1)
  expect(await settled).toEqual(["a"])
})

test("a key that fails is tried again, later each time, and holds nobody up", async () => {
  const { loop, runs, failed } = makeLoop((key) => key === "a")
  loop.start()
  loop.touch(["a", "b"])
  const settled = loop.settled()
  await vi.advanceTimersByTimeAsync(7 * RETRY_MIN_MS + 10)
  await settled
  expect(runs.filter(([, key]) => key === "b")).toHaveLength(1)
  const times = runs.filter(([, key]) => key === "a").map(([at]) => Math.round(at / 100) * 100)
  expect(times).toEqual([0, 1000, 3000, 7000])
  expect(failed).toEqual(["a", "a", "a", "a"])
})

test("a change ends the wait for the next try", async () => {
  let isBroken = true
  const { loop, keys } = makeLoop((key) => key === "a" && isBroken)
  loop.start()
  loop.touch(["a"])
  await vi.advanceTimersByTimeAsync(200)
  isBroken = false
  loop.touch(["a"])
  await vi.advanceTimersByTimeAsync(1)
  expect(keys()).toEqual(["a", "a"])
  await vi.advanceTimersByTimeAsync(10_000)
  expect(keys()).toEqual(["a", "a"])
})

test("after close nothing runs, and nobody waits for it", async () => {
  const { loop, keys } = makeLoop()
  loop.start()
  loop.touch(["a"])
  const settled = loop.settled()
  loop.close()
  await settled
  loop.touch(["b"])
  await vi.advanceTimersByTimeAsync(5000)
  expect(keys()).toEqual([])
})
