import { expect, test } from "vitest"
import { createWorkQueue } from "./work-queue.ts"

const unexpected = (key: string, error: unknown): void => {
  throw new Error(`${key} failed: ${error}`)
}
const DONE = { kind: "done", againAfterMs: null } as const

test("every key runs, and idle waits for the last", async () => {
  const ran: string[] = []
  const queue = createWorkQueue({
    process: async (key) => {
      await Promise.resolve()
      ran.push(key)
      return DONE
    },
    onFailure: unexpected,
  })
  for (const key of ["a", "b", "a", "c"]) queue.add(key)
  await queue.idle()
  expect(ran.sort()).toEqual(["a", "b", "c"])
  await queue.close()
})

test("a failure is told and tried again until it works", async () => {
  const failures: string[] = []
  const worked = Promise.withResolvers<number>()
  let attempts = 0
  const queue = createWorkQueue({
    backoffBaseMs: 1,
    process: async () => {
      attempts += 1
      if (attempts < 4) throw new Error(`attempt ${attempts}`)
      worked.resolve(attempts)
      return DONE
    },
    onFailure: (key, error) => failures.push(`${key}: ${error}`),
  })
  queue.add("a")
  expect(await worked.promise).toBe(4)
  expect(failures).toEqual(["a: Error: attempt 1", "a: Error: attempt 2", "a: Error: attempt 3"])
  await queue.close()
})

test("closing aborts what runs, waits for it, and starts nothing more", async () => {
  const ran: string[] = []
  const begun = Promise.withResolvers<void>()
  const queue = createWorkQueue({
    process: (key, signal) =>
      new Promise((resolve) => {
        ran.push(key)
        begun.resolve()
        signal.addEventListener("abort", () => resolve(DONE))
      }),
    onFailure: unexpected,
    inFlightMax: 1,
  })
  queue.add("a")
  queue.add("b")
  await begun.promise
  await queue.close()
  queue.add("c")
  await queue.idle()
  expect(ran).toEqual(["a"])
})
