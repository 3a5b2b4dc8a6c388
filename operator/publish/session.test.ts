import { expect, test } from "vitest"
import type { HeldVersion, Hello, PodIdentity, StatusReport } from "#proxy/contract/push.ts"
import {
  openSession,
  RESYNC_MS,
  type SessionInput,
  type SessionState,
  stepSession,
  type Target,
  waitsForHigherTerm,
} from "./session.ts"

const IDENTITY: PodIdentity = {
  namespace: "search",
  pod: "api-0",
  podUid: "uid-1",
  application: "api",
  labels: { app: "api" },
}
const RELABELLED: PodIdentity = { ...IDENTITY, labels: { app: "api", tier: "gold" } }

/** `v("1.2", "b")` is term 1, generation 2, hash b. */
function v(version: string, hash: string): HeldVersion {
  const [term, generation] = version.split(".").map(Number)
  return { term: term ?? 0, generation: generation ?? 0, hash }
}

const hello = (held: HeldVersion | null, credentials: string | null = null): Hello => ({
  boot: "boot",
  held,
  credentials,
  journalSequence: 0,
  schemaVersion: 2,
  release: "0.1.0",
})

const target = (snapshot: HeldVersion | null, credentials: string | null = null): Target => ({
  snapshot,
  credentials,
})

const ack = (version: HeldVersion): StatusReport => ({
  session: "s",
  version,
  held: version,
  nack: null,
})
const nack = (version: HeldVersion, held: HeldVersion | null): StatusReport => ({
  session: "s",
  version,
  held,
  nack: { reason: "bad pattern", object: "AIRoute search/chat", path: "spec.rules[0]" },
})

const subscribe: SessionInput = { kind: "subscribed", identity: IDENTITY }
const lookAgain: SessionInput = { kind: "look-again" }
const answer = (report: StatusReport): SessionInput => ({ kind: "answered", report })

interface Turn {
  readonly target: Target
  readonly input: SessionInput
  readonly at?: number
  readonly send: readonly string[]
  readonly problem?: string
}

interface Story {
  readonly name: string
  readonly hello: Hello
  readonly turns: readonly Turn[]
}

const a = v("1.1", "a")
const b = v("1.2", "b")
const c = v("1.3", "c")
const a4 = v("1.4", "a")

const stories: readonly Story[] = [
  {
    name: "an empty sidecar gets credentials before the Snapshot that needs them",
    hello: hello(null),
    turns: [{ target: target(a, "r1"), input: subscribe, send: ["credentials", "snapshot"] }],
  },
  {
    name: "a sidecar with the current hash and revision is sent nothing, whatever its version",
    hello: hello(v("0.9", "a"), "r1"),
    turns: [{ target: target(a, "r1"), input: subscribe, send: [] }],
  },
  {
    name: "a sidecar with an older hash gets the Snapshot",
    hello: hello(v("0.9", "z"), "r1"),
    turns: [{ target: target(a, "r1"), input: subscribe, send: ["snapshot"] }],
  },
  {
    name: "a new revision is sent at once, even while a Snapshot is unanswered",
    hello: hello(null),
    turns: [
      { target: target(a, "r1"), input: subscribe, send: ["credentials", "snapshot"] },
      { target: target(a, "r2"), input: lookAgain, send: ["credentials"] },
      { target: target(a, "r2"), input: lookAgain, send: [] },
    ],
  },
  {
    name: "nothing is sent to a namespace that has nothing",
    hello: hello(null),
    turns: [{ target: target(null), input: subscribe, send: [] }],
  },
  {
    name: "one unanswered push: what changes meanwhile waits, and the latest wins",
    hello: hello(null),
    turns: [
      { target: target(a), input: subscribe, send: ["snapshot"] },
      { target: target(b), input: lookAgain, send: [] },
      { target: target(c), input: lookAgain, send: [] },
      { target: target(c), input: answer(ack(a)), send: ["snapshot"] },
      { target: target(c), input: answer(ack(c)), send: [] },
    ],
  },
  {
    name: "a change back while a push is unanswered is sent once that is in force",
    hello: hello(a),
    turns: [
      { target: target(a), input: subscribe, send: [] },
      { target: target(b), input: lookAgain, send: ["snapshot"] },
      { target: target(a4), input: lookAgain, send: [] },
      { target: target(a4), input: answer(ack(b)), send: ["snapshot"] },
    ],
  },
  {
    name: "a change back after a refusal needs no push: the old one is still in force",
    hello: hello(a),
    turns: [
      { target: target(a), input: subscribe, send: [] },
      { target: target(b), input: lookAgain, send: ["snapshot"] },
      { target: target(a4), input: answer(nack(b, a)), send: [] },
    ],
  },
  {
    name: "a refused version is not sent again, the next one is",
    hello: hello(a),
    turns: [
      { target: target(b), input: subscribe, send: ["snapshot"] },
      { target: target(b), input: answer(nack(b, a)), send: [] },
      { target: target(b), input: lookAgain, at: 10 * RESYNC_MS, send: [] },
      { target: target(c), input: lookAgain, send: ["snapshot"] },
    ],
  },
  {
    name: "a refused Snapshot is tried again under a new version of the same hash",
    hello: hello(a),
    turns: [
      { target: target(b), input: subscribe, send: ["snapshot"] },
      { target: target(b), input: answer(nack(b, a)), send: [] },
      { target: target(v("2.2", "b")), input: lookAgain, send: ["snapshot"] },
    ],
  },
  {
    name: "without an answer for 30 s the newest is sent again, not before",
    hello: hello(null),
    turns: [
      { target: target(a), input: subscribe, at: 0, send: ["snapshot"] },
      { target: target(b), input: lookAgain, at: RESYNC_MS - 1, send: [] },
      { target: target(b), input: lookAgain, at: RESYNC_MS, send: ["snapshot"] },
      { target: target(b), input: lookAgain, at: 2 * RESYNC_MS - 1, send: [] },
      { target: target(b), input: lookAgain, at: 2 * RESYNC_MS, send: ["snapshot"] },
      { target: target(b), input: answer(ack(b)), at: 2 * RESYNC_MS, send: [] },
    ],
  },
  {
    name: "a resend goes out even when the target is back to the hash held before",
    hello: hello(a),
    turns: [
      { target: target(b), input: subscribe, at: 0, send: ["snapshot"] },
      { target: target(a4), input: lookAgain, at: RESYNC_MS, send: ["snapshot"] },
    ],
  },
  {
    name: "a late answer to an overtaken push changes nothing",
    hello: hello(null),
    turns: [
      { target: target(a), input: subscribe, at: 0, send: ["snapshot"] },
      { target: target(b), input: lookAgain, at: RESYNC_MS, send: ["snapshot"] },
      { target: target(b), input: answer(ack(a)), send: [] },
      { target: target(c), input: lookAgain, at: RESYNC_MS + 1, send: [] },
      { target: target(c), input: answer(ack(b)), send: ["snapshot"] },
    ],
  },
  {
    name: "an answer sent twice is taken twice",
    hello: hello(null),
    turns: [
      { target: target(a), input: subscribe, send: ["snapshot"] },
      { target: target(a), input: answer(ack(a)), send: [] },
      { target: target(a), input: answer(ack(a)), send: [] },
    ],
  },
  {
    name: "an answer before any push is refused",
    hello: hello(a),
    turns: [
      {
        target: target(a),
        input: subscribe,
        send: [],
      },
      {
        target: target(a),
        input: answer(ack(a)),
        send: [],
        problem: "/version: 1.1 was never sent, nothing was",
      },
    ],
  },
  {
    name: "an answer to a version from the future, or from before the session, is refused",
    hello: hello(null),
    turns: [
      { target: target(b), input: subscribe, send: ["snapshot"] },
      {
        target: target(b),
        input: answer(ack(c)),
        send: [],
        problem: "/version: 1.3 was never sent, the last was 1.2",
      },
      {
        target: target(b),
        input: answer(ack(a)),
        send: [],
        problem: "/version: 1.1 was never sent, the last was 1.2",
      },
    ],
  },
  {
    name: "an acknowledgement that holds something else is refused, or pushes would loop",
    hello: hello(null),
    turns: [
      { target: target(b), input: subscribe, send: ["snapshot"] },
      {
        target: target(b),
        input: answer({ session: "s", version: b, held: v("1.2", "x"), nack: null }),
        send: [],
        problem: "/held: an acknowledgement of 1.2 must hold it, with its hash",
      },
      {
        target: target(b),
        input: answer({ session: "s", version: b, held: null, nack: null }),
        send: [],
        problem: "/held: an acknowledgement of 1.2 must hold it, with its hash",
      },
    ],
  },
  {
    name: "new labels are told once, and before a Snapshot that comes with them",
    hello: hello(a),
    turns: [
      { target: target(a), input: subscribe, send: [] },
      { target: target(a), input: { kind: "identity", identity: { ...IDENTITY } }, send: [] },
      {
        target: target(b),
        input: { kind: "identity", identity: RELABELLED },
        send: ["identity", "snapshot"],
      },
      { target: target(b), input: { kind: "identity", identity: RELABELLED }, send: [] },
    ],
  },
  {
    name: "labels that changed between hello and subscribe are told",
    hello: hello(a),
    turns: [
      {
        target: target(a),
        input: { kind: "subscribed", identity: RELABELLED },
        send: ["identity"],
      },
    ],
  },
  {
    name: "before the stream is open nothing is sent",
    hello: hello(null),
    turns: [
      { target: target(a, "r"), input: lookAgain, send: [] },
      { target: target(a, "r"), input: { kind: "identity", identity: RELABELLED }, send: [] },
      { target: target(a, "r"), input: subscribe, send: ["credentials", "snapshot"] },
    ],
  },
  {
    name: "a sidecar that holds a higher term waits for a term above it",
    hello: hello(v("7.3", "z")),
    turns: [
      { target: target(a), input: subscribe, send: [] },
      { target: target(v("8.1", "a")), input: lookAgain, send: ["snapshot"] },
    ],
  },
]

test.each(stories)("$name", ({ hello: said, turns }) => {
  let state: SessionState = openSession(IDENTITY, said)
  for (const turn of turns) {
    const result = stepSession(state, turn.target, turn.input, turn.at ?? 0)
    expect({ send: result.send, problem: result.problem }).toEqual({
      send: turn.send,
      problem: turn.problem ?? null,
    })
    if (result.problem !== null) expect(result.state).toBe(state)
    state = result.state
  }
})

test("a resend does not move the time since which an answer is owed", () => {
  let state = openSession(IDENTITY, hello(null))
  state = stepSession(state, target(a), subscribe, 1000).state
  state = stepSession(state, target(a), lookAgain, 1000 + RESYNC_MS).state
  expect(state.pending).toEqual({ version: a, sentAtMs: 1000 + RESYNC_MS, sinceMs: 1000 })
})

const waits = [
  { name: "holds nothing", held: null, target: a, want: false },
  { name: "holds the hash under a higher version", held: v("9.9", "a"), target: a, want: false },
  { name: "holds an older version", held: v("1.0", "z"), target: a, want: false },
  { name: "holds the same version with another hash", held: v("1.1", "z"), target: a, want: true },
  { name: "holds a higher generation", held: v("1.2", "z"), target: a, want: true },
  { name: "holds a higher term", held: v("2.0", "z"), target: a, want: true },
  { name: "has no target", held: v("2.0", "z"), target: null, want: false },
] as const

test.each(waits)("a sidecar that $name: waits for a higher term is $want", (row) => {
  const state = openSession(IDENTITY, hello(row.held))
  expect(waitsForHigherTerm(state, target(row.target))).toBe(row.want)
})
