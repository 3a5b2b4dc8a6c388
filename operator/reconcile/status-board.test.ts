import { expect, test } from "vitest"
import { createInForce } from "./in-force.ts"
import { makeObject, makeSidecar, makeStatus, makeVerdict, refuse } from "./make.test-data.ts"
import { readStatus } from "./read-status.ts"
import { createStatusBoard, type StatusBoard } from "./status-board.ts"

const NOW = Date.parse("2026-11-20T10:00:00Z")
const chat = makeObject()
const ref = { kind: "AIRoute", namespace: "search", name: "chat" } as const

function writeAll(board: StatusBoard, now: number): readonly string[] {
  const written: string[] = []
  while (board.isTouched()) board.evaluate(now)
  for (const write of board.take(now)) {
    const { object, uid, status } = write
    const ready = status.conditions.find(({ type }) => type === "Ready")
    written.push(`${object.name} ${uid} ${status.observedGeneration} ${ready?.reason}`)
    board.finish(write, "written", now)
  }
  return written
}

function makeBoard(sidecars: Parameters<typeof createStatusBoard>[1] = () => []) {
  const inForce = createInForce()
  return { inForce, board: createStatusBoard(inForce, sidecars, NOW) }
}

test("a verdict becomes a status, and the same verdict again becomes nothing", () => {
  const { board } = makeBoard()
  board.judge("search", [makeVerdict()])
  expect(writeAll(board, NOW)).toEqual(["chat uid-chat 1 Ready"])
  board.judge("search", [makeVerdict({}, {})])
  expect(writeAll(board, NOW + 100_000)).toEqual([])
})

test("after a restart a status that holds is not written, and its times stay", () => {
  const { board } = makeBoard()
  board.judge("search", [makeVerdict(chat)])
  board.evaluate(NOW)
  const [write] = board.take(NOW)
  const { board: next } = makeBoard()
  // What the API server gives back.
  next.observe(ref, "uid-chat", readStatus({ status: write?.status }), NOW + 50_000)
  next.judge("search", [makeVerdict(chat)])
  expect(writeAll(next, NOW + 50_000)).toEqual([])
})

test("a successor of the same name gets its own status, whatever its predecessor had", () => {
  const { board } = makeBoard()
  board.judge("search", [makeVerdict()])
  writeAll(board, NOW)
  board.observe(ref, "uid-new", null, NOW + 10)
  board.judge("search", [makeVerdict({ uid: "uid-new" })])
  expect(writeAll(board, NOW + 10)).toEqual(["chat uid-new 1 Ready"])
})

test("what is no longer judged is not written any more", () => {
  const { board } = makeBoard()
  board.judge("search", [makeVerdict(), makeVerdict({ name: "other", uid: "uid-other" })])
  board.judge("search", [makeVerdict({ name: "other", uid: "uid-other" })])
  expect(writeAll(board, NOW)).toEqual(["other uid-other 1 Ready"])
})

test("a route that becomes shared keeps its status when its namespace lets it go", () => {
  const { board } = makeBoard()
  board.judge("search", [makeVerdict()])
  board.judge("", [makeVerdict({ generation: 2 })])
  board.judge("search", [])
  expect(writeAll(board, NOW)).toEqual(["chat uid-chat 2 Ready"])
})

test("a status that somebody else wrote is overwritten", () => {
  const { board } = makeBoard()
  board.judge("search", [makeVerdict()])
  writeAll(board, NOW)
  board.observe(ref, "uid-chat", makeStatus(1, { Ready: ["True", "Bribed"] }), NOW + 10)
  expect(writeAll(board, NOW + 10)).toEqual(["chat uid-chat 1 Ready"])
})

test("a silent sidecar shows by time alone", () => {
  const sidecars = () => [makeSidecar("a", { pendingSinceMs: NOW })]
  const { board, inForce } = makeBoard(sidecars)
  inForce.published("search", "hash", [chat], new Set())
  board.judge("search", [makeVerdict()])
  writeAll(board, NOW)
  expect(board.wakeAt(NOW)).toBe(NOW + 60_000)
  board.evaluate(NOW + 60_000)
  const [write] = board.take(NOW + 60_000)
  const programmed = write?.status.conditions.find(({ type }) => type === "Programmed")
  expect(programmed).toMatchObject({
    status: "Unknown",
    reason: "NoAcknowledgement",
    message: "0/1 sidecars; no answer from search/a",
  })
})

test("one event for each transition, with the object that it is about", () => {
  const { board } = makeBoard()
  board.judge("search", [makeVerdict({}, refuse("AIRoute search/older was first"))])
  expect(board.evaluate(NOW)).toEqual([
    {
      type: "Warning",
      reason: "Conflicted",
      note: "AIRoute search/older was first",
      object: ref,
      uid: "uid-chat",
    },
  ])
  board.judge("search", [makeVerdict({}, refuse("AIRoute search/oldest was first"))])
  expect(board.evaluate(NOW)).toEqual([])
  board.judge("search", [makeVerdict()])
  expect(board.evaluate(NOW).map(({ type, reason }) => `${type} ${reason}`)).toEqual([
    "Normal Accepted",
  ])
})

test("many touched objects are evaluated a few at a time, and none is forgotten", () => {
  const { board } = makeBoard()
  const verdicts = Array.from({ length: 500 }, (_, index) =>
    makeVerdict({ name: `r${index}`, uid: `u${index}` }),
  )
  board.judge("search", verdicts)
  board.evaluate(NOW)
  expect(board.isTouched()).toBe(true)
  while (board.isTouched()) board.evaluate(NOW)
  expect(board.backlog()).toBe(500)
})

const foreign = [
  { name: "no status", object: { spec: {} } },
  { name: "a status that is text", object: { status: "fine" } },
  {
    name: "conditions that are no list",
    object: { status: { observedGeneration: 1, conditions: {} } },
  },
  { name: "null", object: null },
]
test.each(foreign)("$name reads as none", ({ object }) => {
  expect(readStatus(object)).toBeNull()
})

test("conditions of other types and malformed ones are left out", () => {
  const status = makeStatus(3, { Accepted: ["True", "Accepted"] })
  const conditions = [
    { type: "Custom", status: "True", reason: "X", message: "", observedGeneration: 1 },
    ...status.conditions,
    { type: "Ready", status: "Maybe" },
  ]
  expect(readStatus({ status: { observedGeneration: 3, conditions } })).toEqual(status)
})
