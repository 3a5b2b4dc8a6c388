import { expect, test } from "vitest"
import { createTurns } from "./turn.ts"

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test("work is done before the turn is over, answers first, then requests, then writes", async () => {
  const done: string[] = []
  const turn = createTurns()
  turn.writes(() => done.push("write 1"))
  turn.requests(() => done.push("request 1"))
  turn.answers(() => done.push("answer 1"))
  turn.requests(() => done.push("request 2"))
  expect(done).toEqual([])
  await nextTurn()
  expect(done).toEqual(["answer 1", "request 1", "request 2", "write 1"])
})

test("work for a later stage is done in the same turn, for the same or an earlier in the next", async () => {
  const done: string[] = []
  const turn = createTurns()
  turn.requests(() => {
    turn.writes(() => done.push("write"))
    turn.requests(() => done.push("request"))
    turn.answers(() => done.push("answer"))
  })
  await nextTurn()
  expect(done).toEqual(["write"])
  await nextTurn()
  expect(done).toEqual(["write", "answer", "request"])
})

test("what throws reaches the process alone: its neighbours are done", async () => {
  const done: string[] = []
  const reached: unknown[] = []
  const listeners = process.listeners("uncaughtException")
  process.removeAllListeners("uncaughtException")
  process.once("uncaughtException", (error) => reached.push(error))
  const turn = createTurns()
  turn.answers(() => {
    throw new Error("a bug")
  })
  turn.answers(() => done.push("neighbour"))
  await nextTurn()
  await nextTurn()
  for (const listener of listeners) process.on("uncaughtException", listener)
  expect(done).toEqual(["neighbour"])
  expect(reached).toEqual([new Error("a bug")])
})
