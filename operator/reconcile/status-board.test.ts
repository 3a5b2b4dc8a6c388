import { expect, test } from "vitest"
import type { NamespaceDetails } from "#operator/api/v1alpha1/ai-namespace.ts"
import { createInForce } from "./in-force.ts"
import { makeObject, makeSidecar, makeStatus, makeVerdict, refuse } from "./make.test-data.ts"
import type { ConnectedSidecar, ObjectStatus } from "./ports.ts"
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

function makeBoard(sidecars: () => readonly ConnectedSidecar[] = () => [], pods = 0) {
  const inForce = createInForce()
  return { inForce, board: createStatusBoard(inForce, { sidecars, pods: () => pods }) }
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

/** What the API server has of a route with two sidecars, before the operator is killed. */
function inForceBefore(): ObjectStatus | null {
  const both = ["a", "b"].map((pod) => makeSidecar(pod, { heldHash: "old" }))
  const { board, inForce } = makeBoard(() => both, 2)
  board.start(NOW - 600_000, 2)
  inForce.published("search", "old", [chat], new Set())
  board.judge("search", [makeVerdict(chat)])
  board.evaluate(NOW - 600_000)
  const [write] = board.take(NOW - 600_000)
  return readStatus({ status: write?.status })
}

/** A leader that begins at NOW, with two pods of which `connected` says who is back. */
function restarted(generation: number) {
  let connected: readonly ConnectedSidecar[] = []
  const { board, inForce } = makeBoard(() => connected, 2)
  const object = { ...chat, generation }
  board.observe(ref, "uid-chat", inForceBefore(), NOW)
  inForce.published("search", "new", [object], new Set())
  board.judge("search", [makeVerdict(object)])
  board.start(NOW, 2)
  /** Writes of the next `forMs`, with the time since NOW and what Programmed says. */
  const run = (from: number, forMs: number, sidecars: readonly ConnectedSidecar[]) => {
    connected = sidecars
    board.touch("search")
    const written: string[] = []
    for (let at = NOW + from; at < NOW + from + forMs; at += 500) {
      board.evaluate(at)
      for (const write of board.take(at)) {
        const one = write.status.conditions.find(({ type }) => type === "Programmed")
        written.push(`${at - NOW} ${one?.status} ${one?.reason} ${one?.message}`)
        board.finish(write, "written", at)
      }
    }
    return written
  }
  return { run }
}

const pushed = (pod: string, sinceMs: number) =>
  makeSidecar(pod, { heldHash: "old", pendingSinceMs: sinceMs })
const answered = (pod: string) => makeSidecar(pod, { heldHash: "new" })

test("sidecars that come back to a new leader over seconds, with other Snapshots, are no news", () => {
  const { run } = restarted(1)
  expect([
    ...run(0, 5000, []),
    ...run(5000, 1000, [pushed("a", NOW + 5000)]),
    ...run(6000, 9000, [answered("a")]),
    ...run(15_000, 1000, [answered("a"), pushed("b", NOW + 15_000)]),
    ...run(16_000, 200_000, [answered("a"), answered("b")]),
  ]).toEqual([])
})

test("one that does not come back shows once it had its time, as a change of the count", () => {
  const { run } = restarted(1)
  expect([
    ...run(0, 60_000, [answered("a")]),
    // 60 s, and 10 ms for each of two pods.
    ...run(60_000, 100_000, [answered("a")]),
  ]).toEqual(["60500 True Programmed 1/1 sidecars"])
})

test("what changed meanwhile waits for everybody who had the change before it", () => {
  const { run } = restarted(2)
  expect([
    ...run(0, 5000, []),
    ...run(5000, 5000, [answered("a")]),
    ...run(10_000, 200_000, [answered("a"), answered("b")]),
  ]).toEqual([
    "0 Unknown Pending 0/0 sidecars; 2 not back yet",
    "10000 True Programmed 2/2 sidecars",
  ])
})

test("a sidecar that refuses after a restart shows at once", () => {
  const nack = { reason: "pattern is not valid", object: "AIRoute search/chat", path: null }
  const { run } = restarted(1)
  expect(run(0, 1000, [makeSidecar("a", { heldHash: "old", nack })])).toEqual([
    "0 False Rejected 0/1 sidecars; rejected by search/a: pattern is not valid",
  ])
})

test("a quota keeps its usage until the ledger was read after a restart", () => {
  const quota = makeVerdict({ kind: "TeamQuota", namespace: "", name: "search" })
  const tokens = { inputTokens: 1n, cachedInputTokens: 0n, cacheWriteTokens: 0n, outputTokens: 2n }
  const search = { ...tokens, reasoningTokens: 0n, costNano: 3n, unpriced: 0, records: 1 }
  const totals = new Map([["search", search]])
  const since = Date.parse("2026-11-01T00:00:00Z")
  const { board } = makeBoard()
  board.use(totals, since)
  board.judge("", [quota])
  board.evaluate(NOW)
  const [write] = board.take(NOW)
  expect(write?.status.usage).toMatchObject({ tokens: 3 })
  const { board: next } = makeBoard()
  const status = readStatus({ status: write?.status })
  next.observe({ kind: "TeamQuota", namespace: "", name: "search" }, "uid-chat", status, NOW)
  next.judge("", [quota])
  next.start(NOW, 0)
  expect(writeAll(next, NOW + 1000)).toEqual([])
  next.use(totals, since)
  expect(writeAll(next, NOW + 100_000)).toEqual([])
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

test("an AINamespace says what its sidecars run, and follows them", () => {
  const connected: ReturnType<typeof makeSidecar>[] = []
  const { board, inForce } = makeBoard(() => connected)
  const details = (): NamespaceDetails => ({ injection: "Enabled", team: { name: "search" } })
  const object = { kind: "AINamespace", name: "default", uid: "uid-ain" } as const
  inForce.published("search", "h1", [], new Set())
  board.judge("search", [{ ...makeVerdict(object), details }])
  board.evaluate(NOW)
  const [first] = board.take(NOW)
  expect(first?.status).toMatchObject({ team: { name: "search" }, versions: [] })
  if (first !== undefined) board.finish(first, "written", NOW)
  const held = { heldHash: "h1", heldVersion: { term: 2, generation: 7 } }
  connected.push(makeSidecar("a", held), makeSidecar("b", held))
  board.touch("search")
  board.evaluate(NOW + 10)
  const [second] = board.take(NOW + 10)
  expect(second?.status).toMatchObject({
    config: "2.7",
    versions: [{ release: "0.1.0", config: "2.7", sidecars: 2 }],
    sidecars: { connected: 2, programmed: 2 },
  })
  // What the API server gives back is what was written.
  const ref = { ...object, namespace: "search" }
  expect(readStatus({ status: second?.status })).toEqual(second?.status)
  if (second !== undefined) board.finish(second, "written", NOW + 10)
  board.observe(ref, "uid-ain", readStatus({ status: second?.status }), NOW + 20)
  expect(writeAll(board, NOW + 200_000)).toEqual([])
})

test("after a restart an AINamespace keeps the versions of sidecars that come back", () => {
  const details = (): NamespaceDetails => ({ injection: "Enabled", team: { name: "search" } })
  const object = { kind: "AINamespace", name: "default", uid: "uid-ain" } as const
  const both = ["a", "b"].map((pod) =>
    makeSidecar(pod, { heldHash: "h1", heldVersion: { term: 2, generation: 7 } }),
  )
  const run = (connected: readonly ConnectedSidecar[], shown: ObjectStatus | null) => {
    const { board, inForce } = makeBoard(() => connected, 2)
    board.start(NOW, 2)
    inForce.published("search", "h1", [], new Set())
    if (shown !== null) board.observe({ ...object, namespace: "search" }, object.uid, shown, NOW)
    board.judge("search", [{ ...makeVerdict(object), details }])
    board.evaluate(NOW)
    return board
  }
  const [write] = run(both, null).take(NOW)
  const shown = readStatus({ status: write?.status })
  expect(shown).toMatchObject({ config: "2.7", versions: [{ sidecars: 2 }] })
  const connected: ConnectedSidecar[] = []
  const board = run(connected, shown)
  for (const [at, sidecar] of both.entries()) {
    connected.push(sidecar)
    board.touch("search")
    expect(writeAll(board, NOW + 1000 * at)).toEqual([])
  }
  expect(writeAll(board, NOW + 600_000)).toEqual([])
})

test("details that are not ours are written over", () => {
  const { board } = makeBoard()
  const details = (): NamespaceDetails => ({ injection: "Enabled", team: { name: "search" } })
  const object = { kind: "AINamespace", name: "default", uid: "uid-ain" } as const
  board.judge("search", [{ ...makeVerdict(object), details }])
  board.evaluate(NOW)
  const [write] = board.take(NOW)
  if (write === undefined) throw new Error("nothing was written")
  board.finish(write, "written", NOW)
  const foreign = readStatus({ status: { ...write.status, team: { name: "other" } } })
  board.observe({ ...object, namespace: "search" }, "uid-ain", foreign, NOW + 10)
  expect(writeAll(board, NOW + 10)).toEqual(["default uid-ain 1 Ready"])
})
