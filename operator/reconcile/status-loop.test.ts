import { afterEach, expect, test } from "vitest"
import { createInForce } from "./in-force.ts"
import { makeVerdict } from "./make.test-data.ts"
import { createStatusBoard } from "./status-board.ts"
import { createStatusLoop, HOLD_MS, type StatusLoop } from "./status-loop.ts"

let loop: StatusLoop | undefined
afterEach(() => loop?.close())

/** One route that has no status yet; gives how long its first write took, in ms. */
async function firstWrite(isPushing: () => boolean): Promise<number> {
  const board = createStatusBoard(createInForce(), { sidecars: () => [], pods: () => 0 })
  board.judge("search", [makeVerdict()])
  board.start(Date.now(), 0)
  const written = Promise.withResolvers<number>()
  const begun = Date.now()
  loop = createStatusLoop(
    board,
    {
      applyStatus: async () => written.resolve(Date.now() - begun),
      emitEvent: async () => {},
      usageByTeam: async () => new Map(),
      report: () => {},
    },
    Date.now,
    isPushing,
  )
  loop.start()
  return await written.promise
}

test("while pushes are under way statuses wait, but not for ever", async () => {
  expect(await firstWrite(() => true)).toBeGreaterThanOrEqual(HOLD_MS)
})

test("they go on as soon as the pushes are through", async () => {
  let asked = 0
  await firstWrite(() => ++asked < 3)
  expect(asked).toBe(3)
})
