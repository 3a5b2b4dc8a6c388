/** How much of an answer a call holds, whatever its upstream has to give. */
import type { Dispatcher } from "undici"
import { expect, test } from "vitest"
import { UndiciCall } from "./undici-call.ts"

const PIECE_BYTES = 16 * 1024
const PIECES = 100

/** An upstream that has all its answer ready, and a turn that ends when the test says so. */
function startCall(takes: () => boolean, isFull = () => false) {
  const waiting: { resume(): void }[] = []
  const turns: (() => void)[] = []
  let isPaused = false
  let sent = 0
  let taken = 0
  let ends = 0
  const handler = {
    onResponse: () => undefined,
    onData: (bytes: Uint8Array) => {
      taken += bytes.length
      return takes()
    },
    onEnd: () => {
      ends += 1
    },
    onFailure: () => undefined,
  }
  const options = {
    bodyBytesMax: PIECES * PIECE_BYTES,
    defer: (run: () => void) => void turns.push(run),
    memory: {
      moved: () => undefined,
      isFull: (call: { resume(): void }) => {
        if (!isFull()) return false
        waiting.push(call)
        return true
      },
    },
  }
  const call = new UndiciCall(handler, "https://upstream", options, undefined)
  const read = (): void => {
    while (!isPaused && sent < PIECES * PIECE_BYTES) {
      sent += PIECE_BYTES
      call.onResponseData(controller, new Uint8Array(PIECE_BYTES))
      if (sent === PIECES * PIECE_BYTES) call.onResponseEnd()
    }
  }
  const controller: Dispatcher.DispatchController = {
    aborted: false,
    paused: false,
    reason: null,
    pause: () => {
      isPaused = true
    },
    resume: () => {
      isPaused = false
      read()
    },
    abort: () => undefined,
  }
  call.onRequestStart(controller)
  call.onResponseStart(controller, 200, {})
  read()
  return {
    call,
    endTurn: () => {
      for (const run of turns.splice(0)) run()
    },
    makeRoom: () => {
      for (const held of waiting.splice(0)) held.resume()
    },
    facts: () => ({ held: sent - taken, taken, ends }),
  }
}

test("a turn of a fast upstream leaves 64 KiB, and the rest comes behind it", () => {
  const { endTurn, facts } = startCall(() => true)
  expect(facts()).toEqual({ held: 64 * 1024, taken: 0, ends: 0 })
  endTurn()
  expect(facts()).toEqual({ held: 0, taken: PIECES * PIECE_BYTES, ends: 1 })
})

test("a handler that takes little by little never leaves more than 64 KiB, and gets all", () => {
  const { call, endTurn, facts } = startCall(() => false)
  const held: number[] = []
  for (let turn = 0; turn < 3 * PIECES && facts().ends === 0; turn++) {
    held.push(facts().held)
    endTurn()
    call.resume()
  }
  expect(Math.max(...held)).toBe(64 * 1024)
  expect(facts()).toEqual({ held: 0, taken: PIECES * PIECE_BYTES, ends: 1 })
})

test("while memory is full nothing more is read, and all comes when there is room", () => {
  let isFull = true
  const { endTurn, makeRoom, facts } = startCall(
    () => true,
    () => isFull,
  )
  endTurn()
  // What came with the head is handed on, and one piece more was under way.
  const held = { held: PIECE_BYTES, taken: 64 * 1024, ends: 0 }
  expect(facts()).toEqual(held)
  endTurn()
  expect(facts()).toEqual(held)
  isFull = false
  makeRoom()
  endTurn()
  expect(facts()).toEqual({ held: 0, taken: PIECES * PIECE_BYTES, ends: 1 })
})
